// SPDX-License-Identifier: LGPL-2.1-or-later
// Answers to method calls.
#pragma once
#include "api/call.hpp"
#include "api/table.hpp"
#include "dbus/message.hpp"

#include <boost/json/object.hpp>

#include <string>

namespace vireo::dbus {

// Throws Error(internal) when the result does not fit the method's signature, Error(limit_exceeded) when no bus would
// carry it; nothing was sent then. A caller that is gone is no error.
void reply(sd_bus_message* call, const api::Method& method, const boost::json::object& result,
           const api::Call& context);
void reply_error(sd_bus_message* call, const Error& error) noexcept;

// A D-Bus error is a name and one text (GLib discards the text of an error that carries anything else), so the details
// are lines of that text: the whole sentence first, then "hint: …", "object: …", "stage: …" and one "cause: …" for
// each cause, outermost first; what is not known has no line. No value contains a line feed.
std::string error_text(const Error& error);
std::string error_name(const Error& error);  // org.vireo1.Error.NotFound

}  // namespace vireo::dbus
