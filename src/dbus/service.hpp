// SPDX-License-Identifier: LGPL-2.1-or-later
// The API on a message bus, under the name org.vireo1. Without a bus, or when the bus goes, it tries again for ever and
// disturbs nobody: JSON-RPC does not need it.
#pragma once
#include "api/dispatcher.hpp"
#include "dbus/bus.hpp"
#include "dbus/polkit.hpp"
#include "support/notifier.hpp"
#include "support/task_group.hpp"

#include <string>

namespace vireo::dbus {

class Service {
public:
    static constexpr Clock::duration first_retry = std::chrono::milliseconds(200);  // doubled up to
    static constexpr Clock::duration last_retry = std::chrono::seconds(5);
    static constexpr Clock::duration bus_limit = std::chrono::seconds(25);  // for the bus's own answers

    // polkit may be null.
    Service(Executor executor, BusKind kind, api::Dispatcher& dispatcher, Blocking& pool, Polkit* polkit = nullptr);
    Task<> run();  // until cancelled: Error(cancelled)

    bool connected() const noexcept { return connected_; }  // and has the name
    // True as soon as it is connected, false when it is not within the limit.
    Task<bool> wait_connected(Clock::duration limit);

private:
    Task<> keep_connected(TaskGroup& calls);
    Task<> serve(TaskGroup& calls);
    Task<> own_name(std::shared_ptr<Bus> bus);
    Task<> until_connected();
    void report(const Error& lost);

    BusKind kind_;
    api::Dispatcher& dispatcher_;
    Blocking& pool_;
    Polkit* polkit_;
    Notifier changed_;
    bool connected_ = false;
    std::string reported_;  // the last failure that was logged: the same one is not logged again
};

}  // namespace vireo::dbus
