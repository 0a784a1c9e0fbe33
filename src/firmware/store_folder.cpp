// SPDX-License-Identifier: LGPL-2.1-or-later
#include "firmware/store_folder.hpp"

#include "support/file.hpp"
#include "support/log.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <dirent.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/syscall.h>
#include <thread>

namespace vireo::firmware {
namespace fs = std::filesystem;
namespace {

constexpr std::size_t chunk = 128u << 10;  // bytes written at once
constexpr std::chrono::milliseconds lock_pause{4};

bool cannot_lock(int error) {
    return error == ENOLCK || error == EOPNOTSUPP || error == EINVAL || error == ENOSYS;
}

// A file system without locks (some network and FUSE ones) is used without: two guests on one store are then only
// noticed by the comparison of definitions.
// Somebody who only looks whether a store is in use holds the lock for an instant: that is waited for.
Result<> lock(int fd, const fs::path& path) {
    int error = 0;
    for (int attempt = 0; attempt < 5; ++attempt) {
        if (::flock(fd, LOCK_EX | LOCK_NB) == 0) return {};
        error = errno;
        if (error != EWOULDBLOCK) break;
        std::this_thread::sleep_for(lock_pause);
    }
    if (error == EWOULDBLOCK)
        return Failure(Error(Errc::busy, "the variable store " + path.string() + " is in use: a guest runs on it")
                           .with_object(path.string())
                           .with_hint("shut the guest down first; if it is another one, give each guest a store of its "
                                      "own: leave out the path in <nvram>"));
    if (!cannot_lock(error)) return Failure(system_error(error, "cannot lock " + path.string()));
    log::warning("the file system of {} has no locks: nothing keeps a second guest from using it", path.string());
    return {};
}

Result<> same_content(int fd, std::string_view content, const fs::path& path) {
    std::string buffer(std::min(chunk, content.size()), '\0');
    for (std::size_t at = 0; at < content.size();) {
        ssize_t n = ::pread(fd, buffer.data(), std::min(buffer.size(), content.size() - at), static_cast<off_t>(at));
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) return Failure(system_error(errno, "cannot read back " + path.string()));
        auto length = static_cast<std::size_t>(n);
        if (n == 0 || content.substr(at, length) != std::string_view(buffer).substr(0, length))
            return fail(Errc::system_failed, "what was written to ", path.string(), " reads back differently");
        at += length;
    }
    struct stat status{};
    if (::fstat(fd, &status) || static_cast<std::size_t>(status.st_size) != content.size())
        return fail(Errc::system_failed, "what was written to ", path.string(), " has another size");
    return {};
}

// A long tail of zeros is the padding of Arm's 64 MiB stores: it becomes a hole instead of 63 MiB to write at each
// reset. Short stores are written whole, so that their space is reserved.
std::size_t written_part(std::string_view content) {
    auto last = content.find_last_not_of('\0');
    auto used = last == std::string_view::npos ? 0 : last + 1;
    return content.size() - used > (1u << 20) ? used : content.size();
}

}  // namespace

template <class Call>
Result<> StoreFolder::act(std::string_view step, const std::string& what, Call call) const {
    int error = spec_->steps ? spec_->steps(step) : 0;
    if (!error && call() < 0) error = errno;
    if (!error) return {};
    return Failure(system_error(error, what).with_object(place_.path.string()));
}

Result<> StoreFolder::make(const StoreSpec& spec) {
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
    // All are private: what a firmware stores may hold secrets (boot passwords, keys).
    std::vector<fs::path> missing;
    for (auto at = folder; !fs::is_directory(at, error) && missing.size() < 3; at = at.parent_path())
        missing.push_back(at);
    for (; !missing.empty(); missing.pop_back()) {
        if (auto ok = make_folder(missing.back(), 0700); !ok) return ok;
        if (auto ok = sync_folder(missing.back().parent_path()); !ok) return ok;
    }
    return {};
}

Result<StoreFolder> StoreFolder::open(const StoreSpec& spec, std::string_view noun) {
    auto place = find_place(spec.path, spec.own ? LastLink::refused : LastLink::followed);
    if (!place) return Failure(place.error());
    UniqueFd folder(::openat(place->folder.get(), ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!folder) return Failure(system_error(errno, "cannot open the folder of " + spec.path.string()));
    return StoreFolder(std::move(*place), std::move(folder), spec, noun);
}

std::optional<struct stat> StoreFolder::status(const std::string& name) const {
    struct stat status{};
    if (::fstatat(fd(), name.c_str(), &status, AT_SYMLINK_NOFOLLOW)) return std::nullopt;
    return status;
}

std::vector<std::string> StoreFolder::list() const {
    std::vector<std::string> names;
    int again = ::openat(fd(), ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);  // a position of its own; closedir() closes it
    DIR* raw = again < 0 ? nullptr : ::fdopendir(again);
    if (!raw) {
        if (again >= 0) ::close(again);
        return names;
    }
    std::unique_ptr<DIR, int (*)(DIR*)> stream(raw, ::closedir);
    while (auto* entry = ::readdir(stream.get())) {
        std::string_view name = entry->d_name;
        if (name != "." && name != "..") names.emplace_back(name);
    }
    return names;
}

std::vector<std::string> StoreFolder::strays() const {
    auto names = list();
    auto prefix = stray_name(place_.name).filename().string();
    prefix.resize(prefix.rfind('.') + 1);  // without the random part
    // Of this store, not of one whose name begins with this one's.
    std::erase_if(names, [&](const std::string& name) {
        return !name.starts_with(prefix) || name.find('.', prefix.size()) != std::string::npos;
    });
    return names;
}

Result<std::string> StoreFolder::read(const std::string& name, std::size_t limit) const {
    auto file = path().parent_path() / name;
    UniqueFd open(::openat(fd(), name.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC));
    if (!open && errno == ELOOP)
        return fail(Errc::access_denied, file.string(), " is a symbolic link, which is not followed here");
    if (!open) return Failure(system_error(errno, "cannot open " + file.string()));
    struct stat status{};
    if (::fstat(open.get(), &status)) return Failure(system_error(errno, "cannot look at " + file.string()));
    if (!S_ISREG(status.st_mode)) return fail(Errc::invalid_config, file.string(), " is not a regular file");
    return read_fd(open.get(), file, limit);
}

Result<> StoreFolder::check_kind(mode_t mode) const {
    bool block = spec_->kind == StoreKind::block;
    if (block ? S_ISBLK(mode) || (spec_->file_as_device && S_ISREG(mode)) : S_ISREG(mode)) return {};
    return fail(Errc::invalid_config, path().string(), " is not a ", block ? "block device" : "regular file");
}

Result<UniqueFd> StoreFolder::open_to_read(const std::string& name) const {
    UniqueFd file(::openat(fd(), name.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC));
    if (!file && errno == ELOOP)
        return fail(Errc::access_denied, path().string(), " is a symbolic link, which is not followed here");
    if (!file) return Failure(system_error(errno, "cannot open the " + called()));
    struct stat status{};
    if (::fstat(file.get(), &status)) return Failure(system_error(errno, "cannot look at " + path().string()));
    auto ok = check_kind(status.st_mode);
    return ok ? Result<UniqueFd>(std::move(file)) : Failure(ok.error());
}

bool StoreFolder::locked_by_another(int fd) {
    if (::flock(fd, LOCK_SH | LOCK_NB) == 0) {
        ::flock(fd, LOCK_UN);
        return false;
    }
    return errno == EWOULDBLOCK;
}

Result<UniqueFd> StoreFolder::open_locked(const std::string& name) const {
    constexpr int flags = O_RDWR | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC;
    for (int attempt = 0; attempt < 5; ++attempt) {
        UniqueFd file(::openat(fd(), name.c_str(), flags));
        if (!file && errno == ELOOP)
            return fail(Errc::access_denied, path().string(), " is a symbolic link, which is not followed here");
        if (!file) return Failure(system_error(errno, "cannot open the " + called()));
        struct stat opened{};
        if (::fstat(file.get(), &opened)) return Failure(system_error(errno, "cannot look at " + path().string()));
        if (auto ok = check_kind(opened.st_mode); !ok) return Failure(ok.error());
        if (auto ok = lock(file.get(), path()); !ok) return Failure(ok.error());
        // Replaced between the two calls: the lock is on a file that nobody uses any more.
        auto now = status(name);
        if (now && now->st_ino == opened.st_ino && now->st_dev == opened.st_dev) return file;
    }
    return fail(Errc::busy, "the variable store ", path().string(), " keeps changing");
}

Result<> StoreFolder::fill(int file, std::string_view content, const std::string& name) const {
    auto what = "cannot write " + name + " for the " + called();
    auto used = written_part(content);
    for (std::size_t at = 0; at < used;) {
        ssize_t written = 0;
        auto ok = act("write", what, [&] {
            written = ::pwrite(file, content.data() + at, std::min(chunk, used - at), static_cast<off_t>(at));
            return written < 0 && errno != EINTR ? -1 : 0;
        });
        if (!ok) return ok;
        if (written > 0) at += static_cast<std::size_t>(written);
    }
    if (used < content.size())
        if (auto ok = act("extend", what, [&] { return ::ftruncate(file, static_cast<off_t>(content.size())); }); !ok)
            return ok;
    return {};
}

Result<StoreFolder::Stray> StoreFolder::write_stray(std::string_view content, std::optional<Owner> owner,
                                                    Flush flush) const {
    Stray stray{stray_name(place_.name).string(), {}};
    auto what = "cannot make a new file beside the " + called();
    auto write = [&]() -> Result<> {
        constexpr int flags = O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC;
        auto ok = act("create", what, [&] {
            stray.fd = UniqueFd(::openat(fd(), stray.name.c_str(), flags, 0600));
            return stray.fd.get();
        });
        if (ok) ok = lock(stray.fd.get(), path());
        if (ok) ok = act("chmod", what, [&] { return ::fchmod(stray.fd.get(), 0600); });  // whatever the umask is
        if (ok && owner) ok = act("chown", what, [&] { return ::fchown(stray.fd.get(), owner->user, owner->group); });
        if (ok) ok = fill(stray.fd.get(), content, stray.name);
        if (ok && flush == Flush::now) ok = act("sync", what, [&] { return ::fsync(stray.fd.get()); });
        if (ok) ok = same_content(stray.fd.get(), content, path());
        return ok;
    };
    if (auto ok = write(); !ok) {
        ::unlinkat(fd(), stray.name.c_str(), 0);
        return Failure(ok.error());
    }
    return stray;
}

Result<> StoreFolder::replace(const std::string& name, std::string_view content, Flush flush) const {
    auto stray = write_stray(content, std::nullopt, flush);
    if (!stray) return Failure(stray.error());
    auto ok = rename(stray->name, name);
    if (!ok) ::unlinkat(fd(), stray->name.c_str(), 0);
    return ok;
}

Result<> StoreFolder::flush(const std::string& name) const {
    auto what = "cannot synchronise " + name + " beside the " + called();
    UniqueFd file(::openat(fd(), name.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
    if (!file) return Failure(system_error(errno, what));
    return act("sync", what, [&] { return ::fsync(file.get()); });
}

Result<> StoreFolder::put(const std::string& name, std::string_view content) const {
    UniqueFd file;
    auto what = "cannot make " + name + " beside " + path().string();
    auto ok = act("create", what, [&] {
        file = UniqueFd(::openat(fd(), name.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
        return file.get();
    });
    if (!ok) return ok;
    ok = fill(file.get(), content, name);
    if (!ok) ::unlinkat(fd(), name.c_str(), 0);
    return ok;
}

Result<> StoreFolder::rename(const std::string& from, const std::string& to) const {
    return act("rename", "cannot replace " + path().string(),
               [&] { return ::renameat(fd(), from.c_str(), fd(), to.c_str()); });
}

Result<> StoreFolder::rename_new(const std::string& from, const std::string& to) const {
    auto what = "cannot put the new variable store at " + path().string();
    auto call = [&] { return ::renameat2(fd(), from.c_str(), fd(), to.c_str(), RENAME_NOREPLACE); };
    // A file system that cannot refuse to replace (NFS): a second name does the same.
    auto link = [&] { return errno == EINVAL ? ::linkat(fd(), from.c_str(), fd(), to.c_str(), 0) : -1; };
    return act("rename", what, [&] { return call() == 0 ? 0 : link(); });
}

Result<bool> StoreFolder::exchange(const std::string& one, const std::string& other) const {
    bool possible = true;
    auto ok = act("exchange", "cannot replace " + path().string(), [&] {
        if (::renameat2(fd(), one.c_str(), fd(), other.c_str(), RENAME_EXCHANGE) == 0) return 0;
        possible = errno != EINVAL && errno != ENOSYS && errno != EOPNOTSUPP;
        return possible ? -1 : 0;
    });
    return ok ? Result<bool>(possible) : Failure(ok.error());
}

Result<> StoreFolder::link_or_copy(const std::string& from, const std::string& to, int fd_of_from) const {
    auto what = "cannot keep the old variable store " + path().string() + " aside";
    auto ok = act("link", what, [&] { return ::linkat(fd(), from.c_str(), fd(), to.c_str(), 0); });
    struct stat status{};
    if (::fstat(fd_of_from, &status)) return Failure(system_error(errno, what));
    if (ok) return ok;
    if (has(to)) return ok;
    // File systems without a second name for a file (FAT, some FUSE ones): a copy, with the same care.
    if (::lseek(fd_of_from, 0, SEEK_SET) < 0) return Failure(system_error(errno, what));
    auto content = read_fd(fd_of_from, path(), max_image_size);
    if (!content) return Failure(content.error().wrap(what));
    auto copy = write_stray(*content, Owner{status.st_uid, status.st_gid});
    if (!copy) return Failure(copy.error().wrap(what));
    if (auto renamed = rename_new(copy->name, to); !renamed) {
        ::unlinkat(fd(), copy->name.c_str(), 0);
        return renamed;
    }
    return {};
}

Result<> StoreFolder::remove(const std::string& name) const {
    return act("remove", "cannot remove " + name + " beside " + path().string(),
               [&] { return ::unlinkat(fd(), name.c_str(), 0) == 0 || errno == ENOENT ? 0 : -1; });
}

Result<> StoreFolder::sync() const {
    return act("sync-folder", "cannot synchronise the folder of " + path().string(), [&] { return ::fsync(fd()); });
}

void StoreFolder::remove_if_empty() const {
    if (spec_->own) ::rmdir(spec_->path.parent_path().c_str());  // fails, as it should, while anything is in it
}

}  // namespace vireo::firmware
