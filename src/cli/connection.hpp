// SPDX-License-Identifier: LGPL-2.1-or-later
// The client's end of JSON-RPC over a unix socket: blocking, one call at a time; events that come in between are handed
// to on_event. A signal that asks the program to end (interrupt.hpp) ends any wait with Interrupted.
#pragma once
#include "api/client.hpp"
#include "support/task.hpp"

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace vireo::cli {
namespace json = boost::json;

// --connect, else VIREO_CONNECT, else the user's own daemon (the system's for root). session, system, unix:PATH or a
// path. Throws Error(invalid_argument).
std::string socket_path(std::string address);

class Connection final : public api::ClientChannel {
public:
    // Throws Error(unavailable) with a hint how to get a daemon.
    explicit Connection(std::string path);

    json::object call(std::string_view method, json::object params, std::vector<UniqueFd>& fds) override;
    // Any parameters (an object, an array, null: none), any result.
    json::value call_raw(std::string_view method, json::value params, std::vector<UniqueFd>& fds);

    // The handler must not call(): it may run while a call waits for its answer.
    using OnEvent = std::function<void(std::string_view method, const json::object& params)>;
    void on_event(OnEvent handler) { on_event_ = std::move(handler); }
    // Waits until something was handed to on_event; false: nothing came before the deadline.
    bool wait_event(std::optional<Clock::time_point> deadline);
    // For loops of their own: when fd() is readable. Hands on what is there; never blocks.
    int fd() const noexcept { return socket_.get(); }
    void take_events();

private:
    bool fill(std::optional<Clock::time_point> deadline, std::vector<UniqueFd>& fds);
    bool read_some(std::vector<UniqueFd>& fds);
    std::optional<json::object> next_message();
    bool hand_on(const json::object& message);
    void send(std::string_view text);

    std::string path_;
    UniqueFd socket_;
    std::string input_;
    std::size_t scanned_ = 0;
    std::uint64_t last_id_ = 0;
    OnEvent on_event_;
};

}  // namespace vireo::cli
