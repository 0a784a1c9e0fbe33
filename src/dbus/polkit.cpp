// SPDX-License-Identifier: LGPL-2.1-or-later
#include "dbus/polkit.hpp"

#include "support/log.hpp"
#include "support/process.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <unistd.h>

namespace vireo::dbus {
namespace {

constexpr const char* authority_name = "org.freedesktop.PolicyKit1";
constexpr const char* authority_path = "/org/freedesktop/PolicyKit1/Authority";
constexpr const char* authority_interface = "org.freedesktop.PolicyKit1.Authority";
constexpr std::uint32_t allow_user_interaction = 1;

Error denied(const api::Call& call, const char* action) {
    return Error(Errc::access_denied,
                 "user " + std::to_string(call.session->uid()) + " may not do this (" + action + ")");
}

// (sa{sv}): who asks. A client of the bus by its unique name, anyone else by process, start time and user, so that
// neither a reused pid nor a set-user-id program can stand in for it.
void append_subject(sd_bus_message* request, const api::Call& call) {
    constexpr std::string_view dbus = "dbus ";
    auto& session = *call.session;
    if (session.origin().starts_with(dbus)) {
        auto name = session.origin().substr(dbus.size());
        check(sd_bus_message_append(request, "(sa{sv})", "system-bus-name", 1, "name", "s", name.c_str()),
              "cannot ask polkit");
        return;
    }
    auto started = process_start_time(session.pid());
    if (!started) throw started.error().wrap("cannot find out who asks");
    check(sd_bus_message_append(request, "(sa{sv})", "unix-process", 3, "pid", "u",
                                static_cast<std::uint32_t>(session.pid()), "start-time", "t", *started, "uid", "i",
                                static_cast<std::int32_t>(session.uid())),
          "cannot ask polkit");
}

MessagePtr question(Bus& bus, const api::Call& call, const char* action, const std::string& id) {
    sd_bus_message* request = nullptr;
    check(sd_bus_message_new_method_call(bus.raw(), &request, authority_name, authority_path, authority_interface,
                                         "CheckAuthorization"),
          "cannot ask polkit");
    MessagePtr owner(request);
    append_subject(request, call);
    check(sd_bus_message_append(request, "sa{ss}us", action, 0, call.interactive ? allow_user_interaction : 0u,
                                id.c_str()),
          "cannot ask polkit");
    return owner;
}

void withdraw(Bus& bus, const std::string& id) {
    // closes the password prompt that nobody waits for any more; nobody waits for the answer to this either
    int r = sd_bus_call_method_async(bus.raw(), nullptr, authority_name, authority_path, authority_interface,
                                     "CancelCheckAuthorization", nullptr, nullptr, "s", id.c_str());
    if (r < 0) log::debug("cannot withdraw a question to polkit: {}", r);
    bus.kick();
}

}  // namespace

bool Polkit::allowed_now(const api::Call& call) noexcept {
    auto uid = call.session->uid();
    return uid == 0 || uid == ::geteuid();
}

Task<> Polkit::ask(api::Call call, const char* action) {
    auto bus = bus_.lock();
    if (!bus) throw denied(call, action).with_hint("polkit cannot be asked without the system bus; root may do it.");
    auto id = "vireo" + std::to_string(++asked_);
    auto request = question(*bus, call, action, id);
    MessagePtr reply;
    std::optional<Error> failure;
    try {
        reply = co_await bus->call(std::move(request), call.interactive ? interactive_limit : limit);
    } catch (...) {
        failure = current_error(std::current_exception());
    }
    if (failure) {
        if (failure->code() == Errc::timeout || failure->code() == Errc::cancelled) {
            withdraw(*bus, id);
            throw failure->wrap("polkit was asked whether this is allowed");
        }
        throw Error(Errc::access_denied, denied(call, action).message(), *failure)
            .with_hint("polkit could not be asked; root may do it. Is polkit installed and running?");
    }
    int authorized = 0, challenge = 0;
    check(sd_bus_message_enter_container(reply.get(), 'r', "bba{ss}"), "cannot read polkit's answer");
    check(sd_bus_message_read(reply.get(), "bb", &authorized, &challenge), "cannot read polkit's answer");
    if (authorized) co_return;
    if (challenge && !call.interactive)
        throw denied(call, action).with_hint("It takes a password: allow interactive authorization, or ask as root.");
    throw denied(call, action);
}

}  // namespace vireo::dbus
