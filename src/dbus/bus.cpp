// SPDX-License-Identifier: LGPL-2.1-or-later
#include "dbus/bus.hpp"

#include "support/fd.hpp"
#include "support/task_group.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <sdbus-c++/Error.h>
#include <sdbus-c++/IConnection.h>
#include <sdbus-c++/IProxy.h>
#include <sdbus-c++/Message.h>

#include <fcntl.h>
#include <poll.h>
#include <string_view>
#include <utility>

namespace vireo::dbus {
namespace {

// Messages handled before everything else on the loop gets its turn.
constexpr int pump_budget = 64;

// sdbus-c++ keeps the connection to itself; a message knows it.
struct Raw : sdbus::MethodCall {
    explicit Raw(sdbus::MethodCall call) : sdbus::MethodCall(std::move(call)) {}
    sd_bus* bus() const { return sd_bus_message_get_bus(static_cast<sd_bus_message*>(msg_)); }
};

sd_bus* raw_connection(sdbus::IConnection& connection) {
    auto proxy = sdbus::createProxy(connection, "org.freedesktop.DBus", "/org/freedesktop/DBus");
    return Raw(proxy->createMethodCall("org.freedesktop.DBus", "GetId")).bus();
}

int duplicate(sdbus::IConnection& connection) {
    // a duplicate: sd-bus closes its own descriptor, and asio must not see a stranger's reuse of the number
    int fd = ::fcntl(connection.getEventLoopPollData().fd, F_DUPFD_CLOEXEC, 3);
    if (fd < 0) throw system_error(errno, "cannot watch the bus connection");
    return fd;
}

// (sdbus-c++'s createSessionBusConnectionWithAddress() would leak at each failure)
std::unique_ptr<sdbus::IConnection> connect(BusKind kind) {
    return kind == BusKind::system ? sdbus::createSystemBusConnection() : sdbus::createSessionBusConnection();
}

}  // namespace

Task<std::shared_ptr<Bus>> Bus::open(BusKind kind, Blocking& pool) {
    std::unique_ptr<sdbus::IConnection> connection;
    std::string problem;
    std::function<void(std::stop_token)> job = [&](std::stop_token) {
        try {
            connection = connect(kind);
        } catch (const std::exception& e) {
            problem = e.what();
        }
    };
    co_await pool.run(std::move(job));
    if (!connection)
        throw Error(Errc::unavailable, std::string("cannot connect to the ") +
                                           (kind == BusKind::system ? "system" : "session") + " bus: " + problem);
    co_return std::make_shared<Bus>(co_await asio::this_coro::executor, std::move(connection));
}

Bus::Bus(Executor executor, std::unique_ptr<sdbus::IConnection> connection)
    : connection_(std::move(connection)),
      raw_(raw_connection(*connection_)),
      executor_(executor),
      readable_(executor, duplicate(*connection_)),
      writable_(executor, duplicate(*connection_)),
      want_write_(executor),
      deadline_(executor, Clock::time_point::max()) {}

Bus::~Bus() {
    sd_bus_close(raw_);  // sdbus-c++ would flush, which may wait for a bus that hangs
}

void Bus::fail(const Error& error) {
    failure_ = error;
    boost::system::error_code ignored;
    readable_.cancel(ignored);
    writable_.cancel(ignored);
    want_write_.notify_all();
    deadline_.cancel();
}

void Bus::pump() {
    if (pumping_ || failure_) return;  // a callback that sends: the outer pump goes on
    pumping_ = true;
    try {
        bool more = true;
        for (int left = pump_budget; more && left > 0; --left) {
            ++round_;
            more = connection_->processPendingRequest();
        }
        rearm(more);
    } catch (const std::exception& e) {
        fail(Error(Errc::unavailable, std::string("the connection to the bus was lost: ") + e.what()));
    }
    ++round_;
    pumping_ = false;
}

void Bus::rearm(bool more) {
    auto poll = connection_->getEventLoopPollData();
    write_wanted_ = (poll.events & POLLOUT) != 0;
    if (write_wanted_) want_write_.notify_all();
    auto at = Clock::time_point::max();  // microseconds of CLOCK_MONOTONIC, which is our Clock; 0: now
    if (poll.timeout_usec != UINT64_MAX && poll.timeout_usec < static_cast<std::uint64_t>(INT64_MAX) / 1000)
        at = Clock::time_point(std::chrono::microseconds(poll.timeout_usec));
    if (more || poll.timeout_usec == 0) {
        schedule();
    } else if (at != deadline_.expiry()) {
        deadline_.expires_at(at);  // wakes timeouts(), which waits anew
    }
}

void Bus::kick() {
    if (!pumping_) schedule();  // the pump looks at everything when it ends
}

void Bus::schedule() {
    if (kicked_ || failure_) return;
    kicked_ = true;
    auto turn = [weak = weak_from_this()] {
        auto self = weak.lock();
        if (!self) return;
        self->kicked_ = false;
        self->pump();
    };
    asio::post(executor_, std::move(turn));
}

Task<> Bus::run() {
    kick();
    co_await all(reader(), writer(), timeouts());
}

Task<> Bus::reader() {
    for (;;) {
        if (failure_) throw Error(*failure_);
        auto [error] = co_await readable_.async_wait(asio::posix::stream_descriptor::wait_read,
                                                     asio::as_tuple(asio::use_awaitable));
        if (failure_) throw Error(*failure_);
        if (error) throw Error(Errc::cancelled, "the bus connection is being closed");
        pump();
    }
}

Task<> Bus::writer() {
    for (;;) {
        while (!write_wanted_ && !failure_) co_await want_write_.wait();
        if (failure_) throw Error(*failure_);
        auto [error] = co_await writable_.async_wait(asio::posix::stream_descriptor::wait_write,
                                                     asio::as_tuple(asio::use_awaitable));
        if (failure_) throw Error(*failure_);
        if (error) throw Error(Errc::cancelled, "the bus connection is being closed");
        pump();
    }
}

Task<> Bus::timeouts() {
    for (;;) {
        if (failure_) throw Error(*failure_);
        auto [error] = co_await deadline_.async_wait(asio::as_tuple(asio::use_awaitable));
        if (failure_) throw Error(*failure_);
        if (co_await cancellation_requested()) throw Error(Errc::cancelled, "the bus connection is being closed");
        if (error) continue;  // rearm() moved the deadline
        deadline_.expires_at(Clock::time_point::max());
        pump();
    }
}

Task<MessagePtr> Bus::call(MessagePtr request, Clock::duration limit) {
    auto self = shared_from_this();
    struct Pending {
        asio::steady_timer wake;
        MessagePtr reply;
    };
    // sd-bus keeps the first deadline; ours is for a connection that dies without a word
    Pending pending{asio::steady_timer(executor_, limit + std::chrono::seconds(1)), nullptr};
    auto answered = [](sd_bus_message* reply, void* data, sd_bus_error*) -> int {
        auto* p = static_cast<Pending*>(data);
        p->reply = share(reply);
        p->wake.cancel();
        return 1;
    };
    sd_bus_slot* slot = nullptr;
    auto usec = std::chrono::duration_cast<std::chrono::microseconds>(limit).count();
    int r = sd_bus_call_async(raw_, &slot, request.get(), answered, &pending, static_cast<std::uint64_t>(usec));
    SlotPtr registration(slot);
    if (r < 0) throw Error(Errc::unavailable, "cannot send to the bus", system_error(-r, "sd_bus_call_async"));
    kick();
    (void)co_await pending.wake.async_wait(asio::as_tuple(asio::use_awaitable));
    if (!pending.reply) {
        if (co_await cancellation_requested()) throw Error(Errc::cancelled, "the call over the bus was cancelled");
        throw Error(Errc::timeout, "the bus did not answer in time");
    }
    if (auto* e = sd_bus_message_get_error(pending.reply.get())) throw error_of(*e);
    co_return std::move(pending.reply);
}

Error error_of(const sd_bus_error& error) {
    using std::string_view_literals::operator""sv;
    constexpr std::pair<std::string_view, Errc> known[] = {
        {SD_BUS_ERROR_SERVICE_UNKNOWN ""sv, Errc::unavailable},
        {SD_BUS_ERROR_NAME_HAS_NO_OWNER ""sv, Errc::unavailable},
        {SD_BUS_ERROR_DISCONNECTED ""sv, Errc::unavailable},
        {"org.freedesktop.DBus.Error.Spawn.ServiceNotFound", Errc::unavailable},
        {SD_BUS_ERROR_ACCESS_DENIED ""sv, Errc::access_denied},
        {SD_BUS_ERROR_NO_REPLY ""sv, Errc::timeout},
        {SD_BUS_ERROR_TIMEOUT ""sv, Errc::timeout},
    };
    std::string_view name = error.name ? error.name : "";
    auto code = Errc::system_failed;
    for (auto& [text, value] : known)
        if (name == text) code = value;
    return Error(code, error.message ? error.message : std::string(name));
}

}  // namespace vireo::dbus
