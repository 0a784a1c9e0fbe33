// SPDX-License-Identifier: LGPL-2.1-or-later
// JSON-RPC 2.0 for every client of one listening unix socket, whether made by listen_on() or by a service manager.
#pragma once
#include "rpc/session.hpp"
#include "support/task_group.hpp"

#include <list>
#include <map>
#include <memory>

namespace vireo::rpc {

class Server {
public:
    Server(Executor executor, UniqueFd listening_socket, api::Dispatcher& dispatcher, Limits limits = Limits());
    Server(const Server&) = delete;
    Server& operator=(const Server&) = delete;

    // Serves until it is cancelled: then it accepts nothing more, ends the sessions and waits for them.
    Task<> run();
    std::size_t connections() const noexcept { return sessions_.size(); }

private:
    using Place = std::list<std::shared_ptr<Session>>::iterator;
    Task<> accept_loop();
    void admit(UniqueFd socket);
    Task<> serve(Place place, uid_t user);
    void publish(const api::Event& event);

    Executor executor_;
    asio::posix::stream_descriptor listener_;
    Workshop workshop_;
    std::map<uid_t, Account> accounts_;
    std::list<std::shared_ptr<Session>> sessions_;
    api::Events::Handle listening_;
    TaskGroup tasks_;
    unsigned long admitted_ = 0;
};

}  // namespace vireo::rpc
