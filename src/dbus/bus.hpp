// SPDX-License-Identifier: LGPL-2.1-or-later
// One connection to a message bus, driven by the loop: no second thread, no locks. sdbus-c++ makes and processes it;
// objects and messages go through the sd-bus connection underneath, since one registration then serves all domains
// (sdbus-c++ would need several KiB for each). Everything that knows sdbus-c++ is in bus.cpp.
#pragma once
#include "dbus/message.hpp"
#include "support/blocking.hpp"
#include "support/notifier.hpp"
#include "support/task.hpp"

#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>

#include <memory>
#include <optional>
#include <string>

namespace sdbus {
class IConnection;
}

namespace vireo::dbus {

enum class BusKind { session, system };

class Bus : public std::enable_shared_from_this<Bus> {
public:
    // Connects, on the pool since that waits for the bus. Throws Error(unavailable).
    static Task<std::shared_ptr<Bus>> open(BusKind kind, Blocking& pool);
    Bus(Executor executor, std::unique_ptr<sdbus::IConnection> connection);
    Bus(const Bus&) = delete;
    Bus& operator=(const Bus&) = delete;
    ~Bus();  // closes at once, without waiting for what was not sent yet

    // Reads, dispatches and writes until the connection is lost (Error(unavailable)) or the caller is cancelled.
    Task<> run();
    sd_bus* raw() const noexcept { return raw_; }  // borrowed; valid as long as this
    // To be called after everything that was sent outside a callback of this connection, else a message that did not
    // fit into the socket, or the deadline of a call, would wait for the next incoming one. Cheap.
    void kick();
    // Sends a method call and waits for its answer. Throws what the peer answered: Error(unavailable) when there is
    // nobody, (access_denied), (timeout), else (system_failed); also Error(cancelled).
    Task<MessagePtr> call(MessagePtr request, Clock::duration limit);
    // Counts the messages handled: what was read from memory is good as long as this does not move.
    unsigned long round() const noexcept { return round_; }

private:
    Task<> reader();
    Task<> writer();
    Task<> timeouts();
    void pump();
    void schedule();
    void rearm(bool more);
    void fail(const Error& error);

    std::unique_ptr<sdbus::IConnection> connection_;
    sd_bus* raw_ = nullptr;
    Executor executor_;
    asio::posix::stream_descriptor readable_, writable_;
    Notifier want_write_;
    asio::steady_timer deadline_;
    std::optional<Error> failure_;
    unsigned long round_ = 0;
    bool pumping_ = false, kicked_ = false, write_wanted_ = false;
};

Error error_of(const sd_bus_error& error);  // a D-Bus error that came back, as ours

}  // namespace vireo::dbus
