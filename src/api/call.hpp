// SPDX-License-Identifier: LGPL-2.1-or-later
// Who calls, and what rides along with a call; the same for every transport.
#pragma once
#include "support/fd.hpp"

#include <functional>
#include <memory>
#include <string>
#include <sys/types.h>
#include <utility>
#include <vector>

namespace vireo::api {

// One client connection: a socket of JSON-RPC, or a unique name on D-Bus. The transport makes it, and calls close()
// when the client is gone.
class Session {
public:
    Session(std::string origin, uid_t uid, pid_t pid) : origin_(std::move(origin)), uid_(uid), pid_(pid) {}
    Session(const Session&) = delete;
    Session& operator=(const Session&) = delete;

    const std::string& origin() const noexcept { return origin_; }  // "dbus :1.42", "rpc 7": for people and the log
    uid_t uid() const noexcept { return uid_; }
    pid_t pid() const noexcept { return pid_; }
    bool subscribed() const noexcept { return subscribed_; }  // wants events (JSON-RPC; D-Bus broadcasts)
    void set_subscribed(bool on) noexcept { subscribed_ = on; }

    // Called once, on the loop, when the client goes; at once when it has gone already. Forgotten by dropping the
    // handle.
    using Handle = std::shared_ptr<void>;
    Handle on_close(std::function<void()> callback);
    void close();
    bool closed() const noexcept { return closed_; }

private:
    std::string origin_;
    uid_t uid_;
    pid_t pid_;
    bool subscribed_ = false, closed_ = false;
    std::vector<std::weak_ptr<std::function<void()>>> watchers_;
};

// Cheap to copy: coroutines take it by value.
class Call {
public:
    explicit Call(std::shared_ptr<Session> caller) : session(std::move(caller)) {}
    Call(const Call& other);  // shares the descriptors, also those that are added later
    Call& operator=(const Call& other);
    Call(Call&&) noexcept = default;
    Call& operator=(Call&&) noexcept = default;
    ~Call() = default;
    std::shared_ptr<Session> session;
    bool interactive = false;  // D-Bus: the caller allows a password prompt

    // Descriptors that came with the call, and those that go with the answer. An index is what JSON carries for h.
    std::vector<UniqueFd>& incoming() { return lists().incoming; }
    std::vector<UniqueFd>& outgoing() const { return lists().outgoing; }
    std::size_t pass(UniqueFd fd) const;       // → its index among the outgoing
    UniqueFd accept(std::size_t index) const;  // throws Error(invalid_argument)
    bool has_outgoing() const noexcept { return lists_ && !lists_->outgoing.empty(); }

private:
    struct Lists {
        std::vector<UniqueFd> incoming, outgoing;
    };
    Lists& lists() const;
    mutable std::shared_ptr<Lists> lists_;  // made when first needed; shared by the copies of a call
};

}  // namespace vireo::api
