// SPDX-License-Identifier: LGPL-2.1-or-later
#include "firmware/nvram_store.hpp"

#include "firmware/firmware_file.hpp"
#include "firmware/store_folder.hpp"
#include "support/file.hpp"
#include "support/log.hpp"

#include <cerrno>
#include <charconv>
#include <fcntl.h>

namespace vireo::firmware {
namespace fs = std::filesystem;
namespace {

void touch(const Touched& touched) {
    if (touched) *touched = true;
}

// Makes the folder of an own store and, on the way, makes sure that it outlives a power failure.
Result<> prepare_folder(const StoreSpec& spec) {
    auto folder = spec.path.parent_path();
    std::error_code error;
    if (fs::is_directory(folder, error)) return {};
    if (!spec.own)
        return Failure(
            Error(Errc::not_found, "the folder of the variable store " + spec.path.string() + " does not exist")
                .with_object(spec.path.string())
                .with_hint("make the folder, or leave out the path in <nvram>"));
    if (int injected = spec.steps ? spec.steps("mkdir") : 0)
        return Failure(system_error(injected, "cannot make the folder " + folder.string()));
    // Both are private: what a firmware stores may hold secrets (boot passwords, keys).
    auto parent = folder.parent_path();
    bool first = !fs::is_directory(parent, error);
    if (auto ok = make_folder(parent, 0700); !ok) return ok;
    if (auto ok = make_folder(folder, 0700); !ok) return ok;
    if (first)
        if (auto ok = sync_folder(parent.parent_path()); !ok) return ok;
    return sync_folder(parent);
}

Result<Image> inspect(const UniqueFd& fd, const fs::path& path, StoreFormat format) {
    struct stat status{};
    if (::fstat(fd.get(), &status)) return Failure(system_error(errno, "cannot look at " + path.string()));
    auto head = read_head(fd.get(), path);
    if (!head) return Failure(head.error());
    auto image = inspect_store(*head, static_cast<std::uint64_t>(status.st_size), format, Blank::allowed);
    if (image) return image;
    return Failure(
        image.error()
            .wrap("the variable store " + path.string() + " cannot be used")
            .with_object(path.string())
            .with_hint("start with reset-nvram to begin with a pristine one, or put a good copy in its place"));
}

Result<> undo_reset(const StoreFolder& folder) {
    auto before = folder.status(folder.before_start());
    if (!before) return {};
    auto now = folder.status(folder.store());
    // Two names of one file: the store was not replaced yet. rename(2) would leave both.
    if (now && now->st_ino == before->st_ino && now->st_dev == before->st_dev)
        return folder.remove(folder.before_start());
    return folder.rename(folder.before_start(), folder.store());
}

// The marker's number is empty or cut when the power failed: a pristine store that stays hurts nobody.
Result<> undo_creation(const StoreFolder& folder, int marker) {
    auto text = read_fd(marker, folder.path(), 64);
    auto store = folder.status(folder.store());
    if (text && store) {
        std::uint64_t inode = 0;
        auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), inode);
        bool whole = error == std::errc() && end + 1 == text->data() + text->size() && *end == '\n';
        if (whole && inode == store->st_ino && S_ISREG(store->st_mode))
            if (auto ok = folder.remove(folder.store()); !ok) return ok;
    }
    return folder.remove(folder.created());
}

Result<> remove_all(const StoreFolder& folder, const std::vector<std::string>& names) {
    for (auto& name : names)
        if (auto ok = folder.remove(name); !ok) return ok;
    return {};
}

// Both also remove these temporary files.
Result<> undo_in(const StoreFolder& folder, const std::vector<std::string>& strays) {
    bool unfinished = folder.unfinished();
    if (strays.empty() && !unfinished) return {};
    if (unfinished && folder.has(folder.created())) {
        constexpr int flags = O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC;
        UniqueFd marker(::openat(folder.fd(), folder.created().c_str(), flags));
        if (!marker)
            return Failure(
                system_error(errno, "cannot read " + folder.created() + " beside " + folder.path().string()));
        if (auto ok = undo_creation(folder, marker.get()); !ok) return ok;
    }
    if (unfinished)
        if (auto ok = undo_reset(folder); !ok) return ok;
    if (auto ok = remove_all(folder, strays); !ok) return ok;
    return folder.sync();
}

Result<> commit_in(const StoreFolder& folder, const std::vector<std::string>& strays) {
    if (strays.empty() && !folder.unfinished()) return {};
    if (auto ok = folder.remove(folder.created()); !ok) return ok;
    if (auto ok = folder.remove(folder.before_start()); !ok) return ok;
    if (auto ok = remove_all(folder, strays); !ok) return ok;
    return folder.sync();
}

// A start that was cut off and never recovered, though nobody uses the store.
Result<> finish_earlier(const StoreFolder& folder) {
    log::warning("{}: bringing back the variable store from before an unfinished start", folder.path().string());
    return undo_in(folder, {});
}

bool absent(const Error& error) {
    return error.code() == Errc::not_found;
}

// The store, locked, with nothing unfinished beside it; nothing when there is none.
Result<std::optional<UniqueFd>> lock_store(const StoreFolder& folder) {
    for (bool again = false;; again = true) {
        auto fd = folder.open_locked(folder.store());
        if (!fd && !absent(fd.error())) return Failure(fd.error());
        if (!folder.unfinished() || again) return fd ? std::optional<UniqueFd>(std::move(*fd)) : std::nullopt;
        if (auto ok = finish_earlier(folder); !ok) return Failure(ok.error());
    }
}

Result<OpenStore> opened(UniqueFd fd, std::string_view content, StoreFormat format) {
    auto image = inspect_store(content.substr(0, head_size), content.size(), format, Blank::allowed);
    if (!image) return Failure(image.error());
    return OpenStore{std::move(fd), *image, false};
}

// A failed operation takes back what it did itself, no more: another start may be at work on the same path. That can
// fail too (the disk is dying): the next recovery finds the rest.
Failure take_back(const StoreFolder& folder, const std::string& stray, bool marked, const Error& error) {
    auto undone = marked ? undo_in(folder, {stray}) : remove_all(folder, {stray});
    if (!undone) log::error("{}: {}", folder.path().string(), undone.error().what());
    folder.remove_if_empty();
    return Failure(error);
}

}  // namespace

Result<std::optional<OpenStore>> open_store(const StoreSpec& spec) {
    auto folder = StoreFolder::open(spec);
    if (!folder && absent(folder.error())) return std::optional<OpenStore>();
    if (!folder) return Failure(folder.error());
    auto fd = lock_store(*folder);
    if (!fd) return Failure(fd.error());
    if (!*fd) return std::optional<OpenStore>();
    auto image = inspect(**fd, spec.path, spec.format);
    if (!image) return Failure(image.error());
    return OpenStore{std::move(**fd), *image, false};
}

Result<OpenStore> create_store(const StoreSpec& spec, std::string_view content, const Touched& touched) {
    auto result = opened({}, content, spec.format);  // nothing is touched for a content that cannot be right
    if (!result) return result;
    if (auto ok = prepare_folder(spec); !ok) return Failure(ok.error());
    auto folder = StoreFolder::open(spec);
    if (!folder) return Failure(folder.error());
    if (folder->has(folder->store()))
        return fail(Errc::already_exists, "there is a variable store at ", spec.path.string());
    auto stray = folder->write_stray(content, spec.owner);
    if (!stray) {
        folder->remove_if_empty();
        return Failure(stray.error());
    }
    struct stat status{};
    bool known = ::fstat(stray->fd.get(), &status) == 0;
    auto ok = known ? Result<>() : Result<>(Failure(system_error(errno, "cannot look at " + spec.path.string())));
    if (ok) ok = folder->put(folder->created(), std::to_string(status.st_ino) + "\n");
    bool marked = ok.has_value();
    if (marked) touch(touched);
    if (ok) ok = folder->rename_new(stray->name, folder->store());
    if (ok) ok = folder->sync();
    if (!ok) return take_back(*folder, stray->name, marked, ok.error());
    result->fd = std::move(stray->fd);
    return result;
}

Result<OpenStore> reset_store(const StoreSpec& spec, std::string_view content, const Touched& touched) {
    auto result = opened({}, content, spec.format);
    if (!result) return result;
    auto folder = StoreFolder::open(spec);
    if (!folder && !absent(folder.error())) return Failure(folder.error());
    if (!folder) return create_store(spec, content, touched);
    auto old = lock_store(*folder);
    if (!old) return Failure(old.error());
    if (!*old) return create_store(spec, content, touched);
    struct stat status{};
    if (::fstat((*old)->get(), &status)) return Failure(system_error(errno, "cannot look at " + spec.path.string()));
    auto stray = folder->write_stray(content, spec.owner.value_or(Owner{status.st_uid, status.st_gid}));
    if (!stray) return Failure(stray.error());
    auto ok = folder->link_or_copy(folder->store(), folder->before_start(), (*old)->get());
    bool marked = ok.has_value();
    if (marked) touch(touched);
    if (ok) ok = folder->sync();  // the old one is safe before it loses its name
    if (ok) ok = folder->rename(stray->name, folder->store());
    if (ok) ok = folder->sync();
    if (!ok) return take_back(*folder, stray->name, marked, ok.error());
    result->fd = std::move(stray->fd);
    result->replaced = true;
    return result;
}

Result<> commit_store(const StoreSpec& spec) {
    auto folder = StoreFolder::open(spec);
    if (!folder) return absent(folder.error()) ? Result<>() : Failure(folder.error());
    return commit_in(*folder, {});
}

Result<> undo_store(const StoreSpec& spec) {
    auto folder = StoreFolder::open(spec);
    if (!folder) return absent(folder.error()) ? Result<>() : Failure(folder.error());
    auto ok = undo_in(*folder, {});
    folder->remove_if_empty();
    return ok;
}

Result<Recovered> recover_store(const StoreSpec& spec, Started started) {
    auto folder = StoreFolder::open(spec);
    if (!folder) return absent(folder.error()) ? Result<Recovered>(Recovered::nothing) : Failure(folder.error());
    bool unfinished = folder->unfinished();
    if (unfinished && started == Started::no) {
        auto free = folder->open_locked(folder->store());
        if (!free && free.error().code() == Errc::busy) return Failure(free.error());
    }
    auto ok = started == Started::yes ? commit_in(*folder, folder->strays()) : undo_in(*folder, folder->strays());
    if (!ok) return Failure(ok.error());
    folder->remove_if_empty();
    if (!unfinished) return Recovered::nothing;
    return started == Started::yes ? Recovered::committed : Recovered::undone;
}

}  // namespace vireo::firmware
