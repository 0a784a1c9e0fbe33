// SPDX-License-Identifier: LGPL-2.1-or-later
// Asks polkit whether a caller may do something: what the dispatcher's Authorizer needs. It uses the connection of the
// service, so it exists before that and outlives it. Interface: org.freedesktop.PolicyKit1.Authority(8).
#pragma once
#include "api/call.hpp"
#include "dbus/bus.hpp"

#include <memory>

namespace vireo::dbus {

class Polkit {
public:
    static constexpr Clock::duration limit = std::chrono::seconds(10);             // when nobody is asked
    static constexpr Clock::duration interactive_limit = std::chrono::minutes(2);  // for a person to type a password

    // Root, and the user whom this daemon runs as.
    static bool allowed_now(const api::Call& call) noexcept;

    // Returns when polkit allows the action. Throws Error(access_denied) when it does not, and also, with a hint, when
    // there is no bus or no polkit on it; Error(timeout), Error(cancelled).
    Task<> ask(api::Call call, const char* action);

    void use(std::weak_ptr<Bus> bus) { bus_ = std::move(bus); }  // the service tells, each time it is connected

private:
    std::weak_ptr<Bus> bus_;
    unsigned long asked_ = 0;
};

}  // namespace vireo::dbus
