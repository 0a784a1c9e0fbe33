// SPDX-License-Identifier: LGPL-2.1-or-later
#include "state/definition_store.hpp"

#include "support/file.hpp"
#include "support/task_group.hpp"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <algorithm>
#include <cerrno>
#include <dirent.h>
#include <fcntl.h>
#include <memory>
#include <sys/stat.h>

namespace vireo::state {
namespace fs = std::filesystem;

struct DefinitionStore::Change {
    enum class Kind { save, remove, mark, unmark };
    Kind kind;
    std::string uuid;
    std::string document = {};
    std::string temporary = {};  // its name in the folder, while it exists
    UniqueFd file = {};
    std::optional<Error> error = {};
    bool done = false;

    std::string file_name() const { return uuid + ".xml"; }
};

namespace {

constexpr std::string_view autostart_folder = "autostart";
constexpr std::size_t synchronising_threads = 6;  // of the pool's; the others serve who does not wait for a disk
constexpr std::size_t max_batch = 64;             // bounds the open files and how long the first one waits

Error disk_error(int number, std::string what) {
    auto error = system_error(number, std::move(what));
    if (number == ENOSPC || number == EDQUOT)
        return error.with_hint("Free some space on that file system, then try again. Nothing was lost.");
    return error;
}

Result<UniqueFd> open_folder(const fs::path& folder) {
    return open_file(folder, O_RDONLY | O_DIRECTORY);
}

struct CloseFolder {
    void operator()(DIR* folder) const noexcept { ::closedir(folder); }
};

// Calls visit(name) for every entry but "." and "..".
template <class F>
Result<> for_each_entry(const fs::path& folder, F visit) {
    std::unique_ptr<DIR, CloseFolder> stream(::opendir(folder.c_str()));
    if (!stream) return Failure(system_error(errno, "cannot read the folder " + folder.string()));
    for (;;) {
        errno = 0;
        dirent* entry = ::readdir(stream.get());
        if (!entry) break;
        std::string name(entry->d_name);
        if (name != "." && name != "..") visit(::dirfd(stream.get()), name);
    }
    if (errno) return Failure(system_error(errno, "cannot read the folder " + folder.string()));
    return {};
}

}  // namespace

DefinitionStore::DefinitionStore(Blocking& pool, fs::path folder) : pool_(pool), folder_(std::move(folder)) {}

Task<> DefinitionStore::save(std::string uuid, std::string xml) {
    auto change = std::make_shared<Change>(Change{Change::Kind::save, std::move(uuid)});
    change->document = with_header(xml);
    return perform(std::move(change));
}

Task<> DefinitionStore::remove(std::string uuid) {
    return perform(std::make_shared<Change>(Change{Change::Kind::remove, std::move(uuid)}));
}

Task<> DefinitionStore::set_autostart(std::string uuid, bool on) {
    return perform(std::make_shared<Change>(Change{on ? Change::Kind::mark : Change::Kind::unmark, std::move(uuid)}));
}

Task<> DefinitionStore::perform(std::shared_ptr<Change> change) {
    if (!is_uuid(change->uuid))
        throw Error(Errc::invalid_argument, "'" + change->uuid + "' is not a UUID in lower case");
    if (newer_.contains(change->uuid))
        throw Error(Errc::unsupported,
                    (folder_ / change->file_name()).string() + " was written by a newer Vireo and is left alone")
            .with_hint("Start that newer version of Vireo, or move the file away.");
    auto executor = co_await asio::this_coro::executor;
    waiting_.push_back(change);
    // Without the caller's cancellation: a change of which nobody knows whether it happened helps nobody.
    auto no_slot = asio::bind_cancellation_slot(asio::cancellation_slot(), asio::use_awaitable);
    co_await asio::co_spawn(executor, settle(change), no_slot);
    if (change->error) throw *change->error;
}

Task<> DefinitionStore::settle(std::shared_ptr<Change> change) {
    auto executor = co_await asio::this_coro::executor;
    while (!change->done) {
        if (auto current = committing_) {
            co_await current->wait();
            continue;
        }
        auto finished = committing_ =
            std::make_shared<Notifier>(executor);  // ours is the first that waits, or is in this batch
        auto batch = std::make_shared<Batch>(next_batch());
        std::exception_ptr failure;
        try {
            co_await commit(batch);
        } catch (...) {
            failure = std::current_exception();
        }
        for (auto& member : *batch) {
            if (failure && !member->error) member->error = current_error(failure);
            member->done = true;
        }
        committing_.reset();
        finished->notify_all();
    }
}

// Several threads synchronise the files of a larger batch: a disk does many flushes in the time of one.
Task<> DefinitionStore::commit(std::shared_ptr<Batch> batch) {
    using Job = std::function<void(std::stop_token)>;
    auto part = [&](std::size_t first, std::size_t step) -> Job {
        return [folder = folder_, batch, first, step](std::stop_token) { write_files(folder, *batch, first, step); };
    };
    Job publish_all = [folder = folder_, batch](std::stop_token) { publish(folder, *batch); };
    if (batch->size() == 1) {
        Job both = [write = part(0, 1), publish_all](std::stop_token stop) {
            write(stop);
            publish_all(stop);
        };
        co_await pool_.run(std::move(both));
        co_return;
    }
    auto parts = std::min(batch->size(), synchronising_threads);
    auto body = [&](TaskGroup& group) -> Task<> {
        for (std::size_t first = 0; first < parts; ++first) group.spawn(pool_.run(part(first, parts)));
        co_return;
    };
    co_await scoped(body);
    co_await pool_.run(std::move(publish_all));
}

// All that wait, up to a second change of the same object: that one belongs into the next batch.
DefinitionStore::Batch DefinitionStore::next_batch() {
    Batch batch;
    std::set<std::string_view> seen;
    while (!waiting_.empty() && batch.size() < max_batch && seen.insert(waiting_.front()->uuid).second) {
        batch.push_back(std::move(waiting_.front()));
        waiting_.pop_front();
    }
    return batch;
}

namespace {

template <class C>
void write_temporary(C& change, int folder_fd, const fs::path& folder) {
    auto path = folder / change.file_name();
    change.temporary = stray_name(path).filename();
    int fd = ::openat(folder_fd, change.temporary.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd < 0) {
        change.temporary.clear();
        change.error = disk_error(errno, "cannot write " + path.string());
        return;
    }
    change.file = UniqueFd(fd);
    std::string_view rest = change.document;
    while (!rest.empty()) {
        ssize_t n = ::write(fd, rest.data(), rest.size());
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) {
            change.error = disk_error(errno, "cannot write " + path.string());
            return;
        }
        rest.remove_prefix(static_cast<std::size_t>(n));
    }
}

// The instant at which the new one takes the old one's place.
template <class C>
void swap_in(C& change, int folder_fd, int marks_fd, const fs::path& folder) {
    using Kind = typename C::Kind;
    auto name = change.file_name();
    auto failed = [&](const char* what) { change.error = disk_error(errno, what + (folder / name).string()); };
    if (change.error) return;
    switch (change.kind) {
        case Kind::save:
            if (::renameat(folder_fd, change.temporary.c_str(), folder_fd, name.c_str()))
                return failed("cannot replace ");
            change.temporary.clear();
            return;
        case Kind::remove:
            if (::unlinkat(folder_fd, name.c_str(), 0) && errno != ENOENT) failed("cannot remove ");
            return;
        case Kind::mark:
            if (::symlinkat(("../" + name).c_str(), marks_fd, change.uuid.c_str()) && errno != EEXIST)
                failed("cannot mark for autostart ");
            return;
        case Kind::unmark:
            if (::unlinkat(marks_fd, change.uuid.c_str(), 0) && errno != ENOENT)
                failed("cannot unmark from autostart ");
            return;
    }
}

}  // namespace

// Every step-th change from the first on: its temporary file, synchronised.
void DefinitionStore::write_files(const fs::path& folder, Batch& batch, std::size_t first, std::size_t step) {
    auto each = [&](auto action) {
        for (auto i = first; i < batch.size(); i += step)
            if (batch[i]->kind == Change::Kind::save && !batch[i]->error) action(*batch[i]);
    };
    auto folder_fd = open_folder(folder);
    if (!folder_fd) return each([&](Change& change) { change.error = folder_fd.error(); });
    each([&](Change& change) { write_temporary(change, folder_fd->get(), folder); });
    // Writing starts for all before the first is waited for: then one commit of the journal serves most of them.
    // Not syncfs(2): it would also wait for whatever guests have written to disk images on the same file system.
    if (batch.size() > 1)
        each([&](Change& change) { ::sync_file_range(change.file.get(), 0, 0, SYNC_FILE_RANGE_WRITE); });
    each([&](Change& change) {
        if (::fsync(change.file.get()))
            change.error = disk_error(errno, "cannot synchronise " + (folder / change.file_name()).string());
    });
}

void DefinitionStore::publish(const fs::path& folder, Batch& batch) {
    using Kind = Change::Kind;
    auto fail_all = [&](const Error& error, auto applies) {
        for (auto& change : batch)
            if (!change->error && applies(change->kind)) change->error = error;
    };
    auto of_marks = [](Kind kind) { return kind == Kind::mark || kind == Kind::unmark; };
    auto of_documents = [](Kind kind) { return kind == Kind::save || kind == Kind::remove; };
    auto folder_fd = open_folder(folder);
    if (!folder_fd) return fail_all(folder_fd.error(), [](Kind) { return true; });
    auto marks_fd = open_folder(folder / autostart_folder);
    if (!marks_fd) fail_all(marks_fd.error(), of_marks);
    int marks = marks_fd ? marks_fd->get() : -1;

    for (auto& change : batch) {
        change->file.reset();
        swap_in(*change, folder_fd->get(), marks, folder);
    }
    for (auto& change : batch)
        if (!change->temporary.empty()) ::unlinkat(folder_fd->get(), change->temporary.c_str(), 0);

    auto any = [&](auto applies) {
        return std::ranges::any_of(batch, [&](auto& c) { return !c->error && applies(c->kind); });
    };
    if (any(of_documents) && ::fsync(folder_fd->get()))
        fail_all(disk_error(errno, "cannot synchronise " + folder.string()), of_documents);
    if (any(of_marks) && ::fsync(marks))
        fail_all(disk_error(errno, "cannot synchronise " + (folder / autostart_folder).string()), of_marks);
    // Only when the document is surely gone; a mark without one is nothing, load_all() removes it.
    for (auto& change : batch)
        if (change->kind == Kind::remove && !change->error && marks >= 0) ::unlinkat(marks, change->uuid.c_str(), 0);
}

Result<Definition> DefinitionStore::load_one(int folder_fd, const std::string& file_name) {
    auto path = folder_ / file_name;
    auto uuid = file_name.substr(0, file_name.size() - 4);
    if (!is_uuid(uuid))
        return Failure(Error(Errc::invalid_config, path.string() + " is not named by a UUID")
                           .with_hint("To take it over: vireo define " + path.string()));
    UniqueFd fd(::openat(folder_fd, file_name.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC));
    if (!fd && errno == ELOOP)
        return fail(Errc::access_denied, path.string(), " is a symbolic link, which is not followed here");
    if (!fd) return Failure(system_error(errno, "cannot open " + path.string()));
    struct stat status{};
    if (::fstat(fd.get(), &status)) return Failure(system_error(errno, "cannot look at " + path.string()));
    if (!S_ISREG(status.st_mode)) return fail(Errc::invalid_config, path.string(), " is not a regular file");
    auto content = read_fd(fd.get(), path, max_document);
    if (!content) return Failure(content.error());
    if (content->find_first_not_of(" \t\r\n") == std::string::npos)
        return fail(Errc::invalid_config, path.string(), " is empty");
    auto version = header_version(*content);
    if (!version)
        return Failure(
            Error(Errc::invalid_config, path.string() + " does not say which version of Vireo's definitions it is")
                .with_hint("To take it over: vireo define " + path.string()));
    if (*version > definition_version) {
        newer_.insert(uuid);
        return Failure(Error(Errc::unsupported, path.string() + " has version " + std::to_string(*version) +
                                                    ", written by a newer Vireo; this one reads up to " +
                                                    std::to_string(definition_version))
                           .with_hint("Start that newer version of Vireo, or move the file away."));
    }
    return Definition{std::move(uuid), std::move(*content), false};
}

Result<> DefinitionStore::read_marks(Definitions& loaded) {
    std::vector<std::string> marked;
    auto read = for_each_entry(folder_ / autostart_folder, [&](int fd, const std::string& name) {
        if (!is_uuid(name)) return;
        struct stat status{};
        if (::fstatat(fd, ("../" + name + ".xml").c_str(), &status, AT_SYMLINK_NOFOLLOW) && errno == ENOENT)
            ::unlinkat(fd, name.c_str(), 0);
        else
            marked.push_back(name);
    });
    if (!read) return read;
    std::ranges::sort(marked);
    for (auto& definition : loaded.definitions)
        definition.autostart = std::ranges::binary_search(marked, definition.uuid);
    return {};
}

Result<Definitions> DefinitionStore::load_all() {
    Definitions loaded;
    newer_.clear();
    auto read = for_each_entry(folder_, [&](int fd, const std::string& name) {
        if (name.starts_with(stray_prefix)) {
            ::unlinkat(fd, name.c_str(), 0);
        } else if (name.ends_with(".xml")) {  // anything else, an editor's backup for instance, is not ours
            if (auto one = load_one(fd, name))
                loaded.definitions.push_back(std::move(*one));
            else
                loaded.problems.push_back({folder_ / name, one.error()});
        }
    });
    if (!read) return Failure(read.error());
    if (auto marks = read_marks(loaded); !marks) loaded.problems.push_back({folder_ / autostart_folder, marks.error()});
    return loaded;
}

}  // namespace vireo::state
