// SPDX-License-Identifier: LGPL-2.1-or-later
#include "dbus/service.hpp"

#include "dbus/exporter.hpp"
#include "support/log.hpp"
#include "support/timeout.hpp"

#include <algorithm>
#include <utility>

namespace vireo::dbus {
namespace {

// RequestName: flags, and what the bus answers (the specification, "Message Bus Messages").
constexpr std::uint32_t request_in_queue = 2;

const char* name_of(BusKind kind) {
    return kind == BusKind::system ? "system" : "session";
}

}  // namespace

Service::Service(Executor executor, BusKind kind, api::Dispatcher& dispatcher, Blocking& pool, Polkit* polkit)
    : kind_(kind), dispatcher_(dispatcher), pool_(pool), polkit_(polkit), changed_(executor) {}

Task<> Service::run() {
    std::function<Task<>(TaskGroup&)> body = [this](TaskGroup& calls) { return keep_connected(calls); };
    co_await scoped(std::move(body), TaskGroup::OnError::report);
}

Task<> Service::keep_connected(TaskGroup& calls) {
    auto pause = first_retry;
    for (;;) {
        auto began = Clock::now();
        std::optional<Error> lost;
        try {
            co_await serve(calls);
        } catch (...) {
            lost = current_error(std::current_exception());
        }
        bool was_connected = std::exchange(connected_, false);
        // (joining a group ends the cancelled state, so the error is what tells)
        if (lost && lost->code() == Errc::cancelled) throw Error(*lost);
        if (lost) report(*lost);
        if (was_connected && Clock::now() - began > std::chrono::seconds(1)) pause = first_retry;
        co_await sleep_for(pause);
        pause = std::min(pause * 2, last_retry);
    }
}

Task<> Service::serve(TaskGroup& calls) {
    auto bus = co_await Bus::open(kind_, pool_);
    Exporter exporter(bus, dispatcher_, calls);  // before the name: who finds it finds everything
    if (polkit_) polkit_->use(bus);
    co_await all(bus->run(), own_name(bus));
}

Task<> Service::own_name(std::shared_ptr<Bus> bus) {
    sd_bus_message* made = nullptr;
    check(sd_bus_message_new_method_call(bus->raw(), &made, "org.freedesktop.DBus", "/org/freedesktop/DBus",
                                         "org.freedesktop.DBus", "RequestName"),
          "cannot ask for the bus name");
    MessagePtr request(made);
    // no flags: when another daemon has the name we queue for it
    check(sd_bus_message_append(made, "su", api::bus_name, 0u), "cannot ask for the bus name");
    MessagePtr reply;
    std::optional<Error> failure;
    try {
        reply = co_await bus->call(std::move(request), bus_limit);
    } catch (...) {
        failure = current_error(std::current_exception());
    }
    if (failure) {
        if (failure->code() == Errc::access_denied)
            throw failure->wrap("the bus does not let us be org.vireo1")
                .with_hint("Is dbus/org.vireo1.conf installed in the bus's system.d folder?");
        throw failure->wrap("cannot become org.vireo1 on the bus");
    }
    std::uint32_t answer = 0;
    check(sd_bus_message_read(reply.get(), "u", &answer), "cannot read the bus's answer");
    if (answer == request_in_queue)
        log::warning("another process is org.vireo1 on the {} bus: this one takes over when it leaves", name_of(kind_));
    else
        log::info("on the {} bus as {}", name_of(kind_), api::bus_name);
    reported_.clear();
    connected_ = true;
    changed_.notify_all();
}

void Service::report(const Error& lost) {
    if (reported_ == lost.what()) return;
    reported_ = lost.what();
    log::warning("D-Bus is not available, JSON-RPC is: {}. Trying again.{}{}", lost.what(),
                 lost.hint().empty() ? "" : " ", lost.hint());
}

Task<> Service::until_connected() {
    while (!connected_) co_await changed_.wait();
}

Task<bool> Service::wait_connected(Clock::duration limit) {
    try {
        co_await with_timeout(until_connected(), limit, "the connection to the bus");
    } catch (const Error& e) {
        if (e.code() != Errc::timeout) throw;
    }
    co_return connected_;
}

}  // namespace vireo::dbus
