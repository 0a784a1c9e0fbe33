// SPDX-License-Identifier: LGPL-2.1-or-later
// A serial port of a running guest. The daemon reads its pseudo-terminal all the time and keeps the last bytes, so that
// nobody misses what the guest said before he looked, and a guest never waits for a reader. One client at a time may
// have it open; what the client is given is a stream socket.
#pragma once
#include "support/error.hpp"
#include "support/fd.hpp"
#include "support/task_group.hpp"

#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>

#include <deque>
#include <memory>
#include <string>
#include <sys/types.h>

namespace vireo::domain {

class Console : public std::enable_shared_from_this<Console> {
public:
    // path: what QEMU said its pseudo-terminal is. It is believed only when it is one, under /dev/pts and owned by
    // owner, QEMU's own user: a QEMU that a guest took over must not lead us to somebody else's terminal.
    static Result<std::shared_ptr<Console>> open(Executor executor, std::string path, uid_t owner);
    ~Console();

    const std::string& path() const noexcept { return path_; }
    bool attached() const noexcept { return static_cast<bool>(client_); }
    // The client's end. It first gets what was kept. Error(busy) when somebody has it, unless force takes it over.
    Result<UniqueFd> attach(bool force);
    void close();  // the guest is gone: the client sees the end of the stream

    static constexpr std::size_t kept_bytes = 64u << 10;

private:
    struct Client;
    Console(Executor executor, std::string path, UniqueFd terminal);
    Task<> read_guest(std::shared_ptr<Console> self);
    Task<> read_client(std::shared_ptr<Console> self, std::shared_ptr<Client> client);
    Task<> write_client(std::shared_ptr<Client> client);
    void keep(std::string_view bytes);
    void detach(const std::shared_ptr<Client>& client);

    Executor executor_;
    std::string path_;
    asio::posix::stream_descriptor terminal_;
    std::string kept_;
    std::shared_ptr<Client> client_;
    TaskGroup tasks_;
};

}  // namespace vireo::domain
