// SPDX-License-Identifier: LGPL-2.1-or-later
// The socket of a guest's monitor. It exists, mode 0600, before QEMU does: QEMU gets it as a listening descriptor, so
// connecting succeeds at once and nothing is ever tried twice. Its name may be longer than sockaddr_un allows.
#pragma once
#include "support/error.hpp"
#include "support/fd.hpp"

#include <filesystem>
#include <string>

namespace vireo::qemu {

class MonitorSocket {
public:
    // Makes `path`; a socket that a crash left there is replaced. The folder must exist.
    static Result<MonitorSocket> create(const std::filesystem::path& path);

    int fd() const noexcept { return listener_.get(); }  // for QEMU: "socket,fd=N,server=on,wait=off"
    const std::filesystem::path& path() const noexcept { return path_; }

private:
    MonitorSocket(UniqueFd listener, std::filesystem::path path)
        : listener_(std::move(listener)), path_(std::move(path)) {}
    UniqueFd listener_;
    std::filesystem::path path_;
};

// A connected stream. Failure(not_found): no such socket; Failure(unavailable): nobody listens any more, or QEMU has
// several connections waiting and takes none. Never waits.
Result<UniqueFd> connect_monitor(const std::filesystem::path& path);

}  // namespace vireo::qemu
