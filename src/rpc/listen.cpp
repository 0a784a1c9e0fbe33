// SPDX-License-Identifier: LGPL-2.1-or-later
#include "rpc/listen.hpp"

#include "support/error.hpp"
#include "support/file.hpp"

#include <cerrno>
#include <cstring>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

namespace vireo::rpc {
namespace {

sockaddr_un address_of(const std::filesystem::path& path) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (path.native().size() >= sizeof address.sun_path)
        throw Error(Errc::invalid_argument, "the socket path '" + path.native() + "' is too long")
            .with_hint("the system allows " + std::to_string(sizeof address.sun_path - 1) +
                       " bytes; choose a shorter folder");
    std::memcpy(address.sun_path, path.c_str(), path.native().size());
    return address;
}

UniqueFd make_socket() {
    UniqueFd socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    if (!socket) throw system_error(errno, "cannot make a unix socket");
    return socket;
}

void refuse_if_taken(const std::filesystem::path& path) {
    struct stat status{};
    if (::lstat(path.c_str(), &status)) {
        if (errno == ENOENT) return;
        throw system_error(errno, "cannot look at '" + path.native() + "'");
    }
    if (!S_ISSOCK(status.st_mode))
        throw Error(Errc::already_exists, "'" + path.native() + "' exists and is no socket").with_object(path.native());
    auto address = address_of(path);
    auto probe = make_socket();
    if (::connect(probe.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) == 0 || errno == EAGAIN)
        throw Error(Errc::already_exists, "another vireod serves '" + path.native() + "'")
            .with_object(path.native())
            .with_hint("stop it first, or give this one a socket of its own");
    if (errno != ECONNREFUSED && errno != ENOENT)
        throw system_error(errno, "cannot tell whether '" + path.native() + "' is served");
}

}  // namespace

UniqueFd listen_on(const std::filesystem::path& path, mode_t mode) {
    refuse_if_taken(path);
    (void)address_of(path);  // the final name must fit too
    // short, since the temporary name must fit where the final one does
    auto temporary = path.parent_path() / (std::string(stray_prefix) + std::to_string(::getpid()));
    auto address = address_of(temporary);
    auto socket = make_socket();
    ::unlink(temporary.c_str());
    if (::bind(socket.get(), reinterpret_cast<sockaddr*>(&address), sizeof address))
        throw system_error(errno, "cannot make the socket '" + path.native() + "'");
    auto give_up = [&](const char* what) {
        auto error = system_error(errno, what + (" '" + path.native() + "'"));
        ::unlink(temporary.c_str());
        throw error;
    };
    if (::chmod(temporary.c_str(), mode)) give_up("cannot set the mode of the socket");
    if (::listen(socket.get(), SOMAXCONN)) give_up("cannot listen on the socket");
    if (::rename(temporary.c_str(), path.c_str())) give_up("cannot put into place the socket");
    return socket;
}

}  // namespace vireo::rpc
