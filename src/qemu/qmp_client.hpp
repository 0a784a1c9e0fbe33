// SPDX-License-Identifier: LGPL-2.1-or-later
// One QEMU monitor. Any number of tasks may execute() at once: what they ask is sent in call order, in as few writes
// as possible, and answers are matched by id. Replies and events reach their receivers in the order of the stream.
// Nothing here waits without a limit, and whatever the peer does costs bounded memory.
#pragma once
#include "qemu/qmp_protocol.hpp"
#include "support/fd.hpp"
#include "support/task.hpp"

#include <functional>
#include <memory>

namespace vireo::qemu {

inline constexpr Clock::duration default_command_limit = std::chrono::seconds(30);
inline constexpr Clock::duration default_handshake_limit = std::chrono::seconds(30);

struct QmpCommand {
    QmpCommand() = default;
    QmpCommand(std::string command_name, json::object command_arguments = {}, UniqueFd descriptor = {})
        : name(std::move(command_name)), arguments(std::move(command_arguments)), fd(std::move(descriptor)) {}
    std::string name;
    json::object arguments;
    UniqueFd fd;               // rides on the command (SCM_RIGHTS): getfd, add-fd; or none
    bool out_of_band = false;  // overtakes what QEMU is doing; sent as an ordinary command where QEMU has no such thing
};

class QmpClient {
public:
    struct Options {
        Options() = default;
        Clock::duration handshake_limit = default_handshake_limit;  // for the greeting and the negotiation
        bool out_of_band = true;  // use it when offered; QEMU then queues 8 commands, so at most 7 are under way
        // Both run on the loop, must not throw, and never come after close() or the destructor.
        std::function<void(const QmpEvent&)> on_event;
        std::function<void(const Error& why)> on_closed;  // once: QEMU went, or talked nonsense, or never greeted
    };

    // Begins with a connected stream socket; the handshake goes on by itself.
    QmpClient(Executor executor, UniqueFd socket, Options options);
    QmpClient(QmpClient&&) noexcept;
    QmpClient& operator=(QmpClient&&) noexcept;
    ~QmpClient();  // as close()

    // Until the handshake is done. Error(timeout): QEMU said nothing; Error(hypervisor_failed): it went or sent
    // nonsense.
    Task<> ready();
    bool is_ready() const noexcept;
    const QmpGreeting& greeting() const noexcept;  // all zero before the handshake

    // What QEMU returned. May be called before ready(): it is sent after the handshake; the limit counts from the call.
    // Error(timeout): no answer in time (a late one is dropped, the monitor stays usable);
    // Error(unsupported|not_found|invalid_state|hypervisor_failed): QEMU refused, with its words;
    // Error(hypervisor_failed): the monitor is gone; Error(busy): too many commands without an answer.
    Task<json::value> execute(std::string command, json::object arguments = {},
                              Clock::duration limit = default_command_limit);
    Task<json::value> execute(QmpCommand command, Clock::duration limit = default_command_limit);

    // Independent commands in one write; the limit is for all of them together. One result each, in the same order.
    // Throws only when the whole was cancelled; a command without an answer in time has Error(timeout).
    Task<std::vector<Result<json::value>>> execute_all(std::vector<QmpCommand> commands,
                                                       Clock::duration limit = default_command_limit);

    void close() noexcept;  // every waiting execute() fails with Error(cancelled)
    bool is_closed() const noexcept;
    bool is_gone() const noexcept;  // closed because the stream ended: most likely QEMU has died
    Task<> closed();                // returns when nothing more will come: the stream ended, or close()

private:
    struct State;
    std::shared_ptr<State> state_;  // shared with what runs: safe at any time
};

}  // namespace vireo::qemu
