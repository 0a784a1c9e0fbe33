// SPDX-License-Identifier: LGPL-2.1-or-later
#include "dbus/reply.hpp"

#include "dbus/codec.hpp"
#include "support/log.hpp"

#include <string_view>

namespace vireo::dbus {
namespace {

void line(std::string& out, std::string_view label, std::string_view value) {
    if (value.empty()) return;
    if (!out.empty()) out.push_back('\n');
    out.append(label);
    for (char c : value) out.push_back(c == '\n' || c == '\r' || c == '\0' ? ' ' : c);
}

void send(sd_bus_message* message, const char* what) {
    int r = sd_bus_send(nullptr, message, nullptr);
    if (r < 0) log::debug("cannot send {}: {}", what, system_error(-r, "the bus").what());
}

}  // namespace

std::string error_text(const Error& error) {
    std::string out;
    line(out, "", error.what());
    if (out.empty()) out = "unknown error";
    line(out, "hint: ", error.hint());
    line(out, "object: ", error.object());
    line(out, "stage: ", error.stage());
    for (auto& word : error.needs()) line(out, "needs: ", word);
    for (auto& cause : error.causes()) line(out, "cause: ", cause);
    return out;
}

std::string error_name(const Error& error) {
    return std::string(api::error_prefix).append(to_string(error.code()));
}

void reply(sd_bus_message* call, const api::Method& method, const boost::json::object& result,
           const api::Call& context) {
    sd_bus_message* answer = nullptr;
    check(sd_bus_message_new_method_return(call, &answer), "cannot make an answer");
    MessagePtr owner(answer);
    std::span<const UniqueFd> fds;
    if (context.has_outgoing()) fds = context.outgoing();
    write(answer, method.out, result, fds);
    send(answer, "an answer");
}

void reply_error(sd_bus_message* call, const Error& error) noexcept {
    try {
        auto name = error_name(error);
        boost::json::value text(error_text(error));
        sd_bus_error plain{name.c_str(), nullptr, 0};
        sd_bus_message* answer = nullptr;
        check(sd_bus_message_new_method_error(call, &answer, &plain), "cannot make an answer");
        MessagePtr owner(answer);
        write_value(answer, text, "s", nullptr, {});  // takes care of text that is not UTF-8
        send(answer, "an error");
    } catch (const std::exception& e) {
        log::warning("cannot answer a D-Bus call with an error: {}", e.what());
    }
}

}  // namespace vireo::dbus
