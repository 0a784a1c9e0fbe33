// SPDX-License-Identifier: LGPL-2.1-or-later
#include "support/file.hpp"

#include <cerrno>
#include <fcntl.h>
#include <fmt/format.h>
#include <linux/openat2.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/syscall.h>

namespace vireo {
namespace fs = std::filesystem;

Result<UniqueFd> open_file(const fs::path& path, int flags, mode_t mode) {
    int fd = ::open(path.c_str(), flags | O_CLOEXEC, mode);
    if (fd < 0) return Failure(system_error(errno, "cannot open " + path.string()));
    return UniqueFd(fd);
}

Result<UniqueFd> open_regular_file(const fs::path& path, int flags, mode_t mode) {
    open_how how{};
    how.flags = static_cast<__u64>(flags | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY);
    how.mode = (flags & O_CREAT) ? mode : 0;
    how.resolve = RESOLVE_NO_MAGICLINKS;
    int raw = static_cast<int>(::syscall(SYS_openat2, AT_FDCWD, path.c_str(), &how, sizeof how));
    if (raw < 0 && errno == ELOOP)
        return fail(Errc::access_denied, path.string(), " is a symbolic link, which is not followed here");
    if (raw < 0) return Failure(system_error(errno, "cannot open " + path.string()));
    UniqueFd fd(raw);
    struct stat status{};
    if (::fstat(fd.get(), &status)) return Failure(system_error(errno, "cannot look at " + path.string()));
    if (!S_ISREG(status.st_mode)) return fail(Errc::invalid_config, path.string(), " is not a regular file");
    return fd;
}

Result<std::string> read_fd(int fd, const fs::path& name, std::size_t limit) {
    std::string content;
    struct stat status{};
    if (::fstat(fd, &status) == 0 && S_ISREG(status.st_mode)) {
        if (static_cast<std::uint64_t>(status.st_size) > limit)
            return fail(Errc::limit_exceeded, name.string(), " is larger than ", std::to_string(limit), " bytes");
        content.reserve(static_cast<std::size_t>(status.st_size) + 1);
    }
    char buffer[65536];
    for (;;) {
        ssize_t n = ::read(fd, buffer, sizeof buffer);
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) return Failure(system_error(errno, "cannot read " + name.string()));
        if (n == 0) return content;
        content.append(buffer, static_cast<std::size_t>(n));
        if (content.size() > limit)
            return fail(Errc::limit_exceeded, name.string(), " is larger than ", std::to_string(limit), " bytes");
    }
}

Result<std::string> read_file(const fs::path& path, std::size_t limit) {
    auto fd = open_file(path, O_RDONLY);
    if (!fd) return Failure(fd.error());
    return read_fd(fd->get(), path, limit);
}

Result<> write_all(int fd, std::string_view content, const fs::path& name) {
    while (!content.empty()) {
        ssize_t n = ::write(fd, content.data(), content.size());
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) return Failure(system_error(errno, "cannot write " + name.string()));
        content.remove_prefix(static_cast<std::size_t>(n));
    }
    return {};
}

fs::path stray_name(const fs::path& path) {
    std::uint64_t random = 0;
    (void)!::getrandom(&random, sizeof random, 0);
    // A file name is at most 255 bytes (NAME_MAX): a long one is cut here, the random part keeps it unique.
    return path.parent_path() /
           fmt::format("{}{}.{:012x}", stray_prefix, path.filename().string().substr(0, 200), random & 0xffffffffffff);
}

Result<> sync_folder(const fs::path& folder) {
    auto fd = open_file(folder.empty() ? fs::path(".") : folder, O_RDONLY | O_DIRECTORY);
    if (!fd) return Failure(fd.error());
    if (::fsync(fd->get())) return Failure(system_error(errno, "cannot synchronise " + folder.string()));
    return {};
}

Result<> replace_file(const fs::path& path, std::string_view content, mode_t mode, Durable durable) {
    auto temporary = stray_name(path);
    auto fd = open_file(temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, mode);
    if (!fd) return Failure(fd.error());
    auto give_up = [&](Error error) {
        ::unlink(temporary.c_str());
        return Failure(std::move(error));
    };
    if (auto written = write_all(fd->get(), content, path); !written) return give_up(written.error());
    if (::fchmod(fd->get(), mode)) return give_up(system_error(errno, "cannot set the mode of " + path.string()));
    if (durable == Durable::yes && ::fsync(fd->get()))
        return give_up(system_error(errno, "cannot synchronise " + path.string()));
    if (::rename(temporary.c_str(), path.c_str()))
        return give_up(system_error(errno, "cannot replace " + path.string()));
    if (durable == Durable::yes) return sync_folder(path.parent_path());
    return {};
}

Result<> remove_file(const fs::path& path, Durable durable) {
    if (::unlink(path.c_str())) {
        if (errno == ENOENT) return {};
        return Failure(system_error(errno, "cannot remove " + path.string()));
    }
    if (durable == Durable::yes) return sync_folder(path.parent_path());
    return {};
}

void remove_stray_files(const fs::path& folder) {
    std::error_code ignored;
    for (auto& entry : fs::directory_iterator(folder, ignored))
        if (entry.path().filename().string().starts_with(stray_prefix)) ::unlink(entry.path().c_str());
}

Result<> make_folder(const fs::path& folder, mode_t mode) {
    if (::mkdir(folder.c_str(), mode) == 0) return {};
    if (errno == ENOENT && folder.has_parent_path() && folder.parent_path() != folder) {
        if (auto made = make_folder(folder.parent_path(), 0755); !made) return made;
        if (::mkdir(folder.c_str(), mode) == 0) return {};
    }
    int error = errno;
    std::error_code ignored;
    if (error == EEXIST && fs::is_directory(folder, ignored)) return {};
    return Failure(system_error(error, "cannot make the folder " + folder.string()));
}

}  // namespace vireo
