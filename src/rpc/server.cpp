// SPDX-License-Identifier: LGPL-2.1-or-later
#include "rpc/server.hpp"

#include "support/log.hpp"

#include <boost/asio/use_awaitable.hpp>

#include <cerrno>
#include <fmt/format.h>
#include <sys/socket.h>

namespace vireo::rpc {
namespace {

constexpr int accepted_in_one_go = 16;

// Told, not only closed: the client shows it to a person.
void turn_away(int socket, Workshop& workshop, const std::string& reason) {
    std::string text;
    auto error = Error(Errc::limit_exceeded, reason).with_hint("close connections that are not needed");
    workshop.writer.error(text, "null", rpc_code(error.code()), error);
    text += '\n';
    (void)!::send(socket, text.data(), text.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
}

}  // namespace

Server::Server(Executor executor, UniqueFd listening_socket, api::Dispatcher& dispatcher, Limits limits)
    : executor_(executor),
      listener_(executor, listening_socket.get()),
      workshop_(dispatcher, limits),
      tasks_(executor, TaskGroup::OnError::report) {
    (void)listening_socket.release();  // listener_ owns it now
    listener_.native_non_blocking(true);
}

Task<> Server::run() {
    listening_ = workshop_.dispatcher.events().listen([this](const api::Event& event) { publish(event); });
    std::exception_ptr stop;
    try {
        co_await accept_loop();
    } catch (...) {
        stop = std::current_exception();
    }
    co_await asio::this_coro::reset_cancellation_state(asio::disable_cancellation());
    listening_.reset();
    listener_.close();
    tasks_.cancel();
    co_await tasks_.join();
    if (current_error(stop).code() == Errc::cancelled) throw Error(Errc::cancelled, "the server was stopped");
    std::rethrow_exception(stop);
}

Task<> Server::accept_loop() {
    bool told = false;
    for (;;) {
        co_await listener_.async_wait(asio::posix::stream_descriptor::wait_read, asio::use_awaitable);
        for (int i = 0; i < accepted_in_one_go; ++i) {
            UniqueFd socket(::accept4(listener_.native_handle(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
            if (socket) {
                told = false;
                admit(std::move(socket));
                continue;
            }
            if (errno == EAGAIN || errno == EWOULDBLOCK) break;
            if (errno == EINTR || errno == ECONNABORTED || errno == EPROTO) continue;
            if (errno != EMFILE && errno != ENFILE && errno != ENOBUFS && errno != ENOMEM)
                throw system_error(errno, "cannot accept connections");
            // the client stays in the queue; asking at once would spin
            if (!std::exchange(told, true))
                log::error("{}", system_error(errno, "cannot accept a connection now").what());
            co_await sleep_for(workshop_.limits.accept_pause);
            break;
        }
    }
}

void Server::admit(UniqueFd socket) {
    ucred peer{};
    socklen_t size = sizeof peer;
    if (::getsockopt(socket.get(), SOL_SOCKET, SO_PEERCRED, &peer, &size)) {
        log::warning("{}", system_error(errno, "cannot tell who connected").what());
        return;
    }
    auto& limits = workshop_.limits;
    if (sessions_.size() >= limits.connections)
        return turn_away(socket.get(), workshop_, fmt::format("{} clients are connected already", limits.connections));
    auto& account = accounts_[peer.uid];
    if (account.connections >= limits.connections_per_user)
        return turn_away(socket.get(), workshop_,
                         fmt::format("user {} has {} connections already", peer.uid, limits.connections_per_user));
    auto client = std::make_shared<api::Session>(fmt::format("rpc {}", ++admitted_), peer.uid, peer.pid);
    auto session = std::make_shared<Session>(executor_, std::move(socket), std::move(client), workshop_, account);
    ++account.connections;
    tasks_.spawn(serve(sessions_.insert(sessions_.end(), std::move(session)), peer.uid));
}

Task<> Server::serve(Place place, uid_t user) {
    std::exception_ptr failure;
    try {
        co_await (*place)->run();
    } catch (...) {
        failure = std::current_exception();
    }
    sessions_.erase(place);
    if (auto account = accounts_.find(user); --account->second.connections == 0) accounts_.erase(account);
    if (failure) std::rethrow_exception(failure);
}

void Server::publish(const api::Event& event) {
    std::string text;  // written once for all, when the first asks for it
    for (auto& session : sessions_) {
        if (!session->subscribed()) continue;
        if (text.empty()) text = notification(event);
        if (text.empty()) return;
        session->tell(text);
    }
}

}  // namespace vireo::rpc
