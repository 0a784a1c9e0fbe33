// SPDX-License-Identifier: LGPL-2.1-or-later
#include "qemu/monitor_socket.hpp"

#include "support/file.hpp"

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

namespace vireo::qemu {
namespace {

constexpr int backlog = 4;  // QEMU serves one; a daemon that restarts quickly leaves others behind

// sun_path holds 107 bytes and paths are longer: through the folder's descriptor the name is always short.
struct Address {
    UniqueFd folder;
    sockaddr_un name{};

    static Result<Address> of(const std::filesystem::path& path) {
        auto folder = open_file(path.parent_path(), O_PATH | O_DIRECTORY);
        if (!folder) return Failure(folder.error());
        Address a;
        a.folder = std::move(*folder);
        auto text = fmt::format("/proc/self/fd/{}/{}", a.folder.get(), path.filename().string());
        a.name.sun_family = AF_UNIX;
        if (text.size() >= sizeof a.name.sun_path)
            return fail(Errc::invalid_argument, "the socket's name is too long: ", path.filename().string());
        std::memcpy(a.name.sun_path, text.data(), text.size());
        return a;
    }
    const sockaddr* get() const { return reinterpret_cast<const sockaddr*>(&name); }
};

}  // namespace

Result<MonitorSocket> MonitorSocket::create(const std::filesystem::path& path) {
    auto failed = [&] { return Failure(system_error(errno, "cannot make the monitor's socket " + path.string())); };
    auto address = Address::of(path);
    if (!address) return Failure(address.error());
    UniqueFd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    if (!fd) return failed();
    if (::fchmod(fd.get(), 0600)) return failed();  // the file takes its mode from here: no moment with another one
    if (::unlinkat(address->folder.get(), path.filename().c_str(), 0) && errno != ENOENT) return failed();
    if (::bind(fd.get(), address->get(), sizeof address->name)) return failed();
    if (::listen(fd.get(), backlog)) return failed();
    return MonitorSocket(std::move(fd), path);
}

Result<UniqueFd> connect_monitor(const std::filesystem::path& path) {
    auto address = Address::of(path);
    if (!address) return Failure(address.error());
    UniqueFd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    if (!fd) return Failure(system_error(errno, "cannot make a socket"));
    if (::connect(fd.get(), address->get(), sizeof address->name) == 0) return fd;
    if (errno == ECONNREFUSED) return fail(Errc::unavailable, "nobody listens at ", path.string());
    if (errno == EAGAIN) return fail(Errc::unavailable, "QEMU does not take connections at ", path.string());
    return Failure(system_error(errno, "cannot connect to " + path.string()));
}

}  // namespace vireo::qemu
