// SPDX-License-Identifier: LGPL-2.1-or-later
// The other end of a monitor, in the hands of a test.
#pragma once
#include "qemu/qmp_client.hpp"
#include "support/async.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include <algorithm>
#include <cstring>
#include <string>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <utility>

namespace vireo::qemu::test {

inline std::pair<UniqueFd, UniqueFd> socket_pair() {
    int ends[2];
    if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends)) throw system_error(errno, "socketpair");
    return {UniqueFd(ends[0]), UniqueFd(ends[1])};
}

class Peer {
public:
    Peer(const Executor& executor, UniqueFd fd) : socket_(executor, fd.release()) {}

    void say(std::string_view text) {  // all of it must fit into the socket
        auto n = ::send(socket_.native_handle(), text.data(), text.size(), MSG_NOSIGNAL);
        if (n != static_cast<ssize_t>(text.size())) throw system_error(errno, "the peer cannot write");
    }
    void greet(bool out_of_band = false) {
        say(R"({"QMP":{"version":{"qemu":{"micro":3,"minor":2,"major":7},"package":"test"},"capabilities":[)" +
            std::string(out_of_band ? R"("oob")" : "") + "]}}\r\n");
    }
    void answer(std::int64_t id, std::string_view result = "{}") {
        say(R"({"return":)" + std::string(result) + R"(,"id":)" + std::to_string(id) + "}\r\n");
    }
    // One command, parsed. Throws at the end of the stream. A descriptor that came is in fd.
    Task<json::object> hear() {
        for (;;) {
            auto end = text_.find('\n');
            if (end != std::string::npos) {
                auto value = json::parse(text_.substr(0, end));
                text_.erase(0, end + 1);
                co_return value.as_object();
            }
            co_await socket_.async_wait(asio::posix::stream_descriptor::wait_read, asio::use_awaitable);
            receive();
        }
    }
    std::size_t buffered_lines() const {
        return static_cast<std::size_t>(std::count(text_.begin(), text_.end(), '\n'));
    }
    int pending() {  // bytes that came and were not read
        int n = 0;
        ::ioctl(socket_.native_handle(), FIONREAD, &n);
        return n + static_cast<int>(text_.size());
    }
    // Greeting and negotiation.
    Task<> handshake(bool out_of_band = false) {
        greet(out_of_band);
        auto command = co_await hear();
        BOOST_TEST(command.at("execute").as_string() == "qmp_capabilities");
        answer(command.at("id").as_int64());
    }
    void hang_up() { socket_.close(); }
    UniqueFd fd;

private:
    void receive() {
        char buffer[65536];
        iovec part{buffer, sizeof buffer};
        alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int))]{};
        msghdr message{};
        message.msg_iov = &part;
        message.msg_iovlen = 1;
        message.msg_control = control;
        message.msg_controllen = sizeof control;
        auto n = ::recvmsg(socket_.native_handle(), &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
        if (n <= 0) throw Error(Errc::unavailable, "the client hung up");
        if (auto* header = CMSG_FIRSTHDR(&message); header && header->cmsg_type == SCM_RIGHTS) {
            int raw = -1;
            std::memcpy(&raw, CMSG_DATA(header), sizeof raw);
            fd = UniqueFd(raw);
        }
        text_.append(buffer, static_cast<std::size_t>(n));
    }
    asio::posix::stream_descriptor socket_;
    std::string text_;
};

}  // namespace vireo::qemu::test
