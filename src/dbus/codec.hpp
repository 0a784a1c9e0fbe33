// SPDX-License-Identifier: LGPL-2.1-or-later
// D-Bus messages ↔ JSON, driven by the signatures of the API's table.
//
//   y n q i u x t ↔ whole number    d ↔ number    b ↔ true/false    s o g ↔ text    h ↔ index in a list of descriptors
//   aX ↔ array    a{sX} a{oX} ↔ object    v ↔ the value inside
//
// Structs, and dictionaries with other keys than text, are refused: the API has none.
// A value without a declared type (a key of a plain a{sv}) gets the type that fits it: b, x, t, d, s, a{sv}, and for
// arrays ab, ax, ad, as, aa{sv} when every element is alike, else av. D-Bus has no null: a key with it is left out.
#pragma once
#include "api/table.hpp"
#include "dbus/message.hpp"
#include "support/fd.hpp"

#include <boost/json/object.hpp>

#include <span>
#include <string>
#include <vector>

namespace vireo::dbus {

// What may come in one message, beyond which it is refused (invalid_argument).
inline constexpr int max_nesting = 32;              // objects and arrays within each other
inline constexpr std::size_t max_values = 200'000;  // values of any kind; each costs us about 50 bytes
// What a bus lets through: it disconnects who sends more. The specification, "Message Protocol", says 64 containers,
// where each object in a{sv} counts as three; dbus-daemon's system bus says 32 MiB.
inline constexpr int max_containers = 64;
inline constexpr std::size_t max_message_bytes = 30u << 20;

// Reads the arguments in order. Descriptors are duplicated onto the end of fds. Throws Error(invalid_argument).
boost::json::object read(sd_bus_message* message, std::span<const api::Field> fields, std::vector<UniqueFd>& fds);
// The next complete value, whatever its type.
boost::json::value read_value(sd_bus_message* message, std::vector<UniqueFd>& fds);

// Appends the arguments in order. h is an index in fds; the message gets a duplicate. Throws Error(internal) for a
// value that is missing or does not fit its signature, Error(limit_exceeded) for one that no bus would carry.
void write(sd_bus_message* message, std::span<const api::Field> fields, const boost::json::object& args,
           std::span<const UniqueFd> fds);
// One value of one complete type; dict may be null.
void write_value(sd_bus_message* message, const boost::json::value& value, const char* signature,
                 const api::DictType* dict, std::span<const UniqueFd> fds);
// args as one a{sv}, with the types that their fields declare: PropertiesChanged.
void write_dictionary(sd_bus_message* message, const boost::json::object& args, std::span<const api::Field> fields);

std::string signature_of(std::span<const api::Field> fields);

}  // namespace vireo::dbus
