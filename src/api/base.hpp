// SPDX-License-Identifier: LGPL-2.1-or-later
// The few types that the generated code is made of.
#pragma once
#include "support/fd.hpp"

#include <boost/json/object.hpp>
#include <boost/json/value.hpp>

#include <compare>
#include <cstddef>
#include <string>

namespace vireo::api {
namespace json = boost::json;

struct ObjectPath {  // a D-Bus object path, also the object's name on JSON-RPC
    ObjectPath() = default;
    explicit ObjectPath(std::string v) : value(std::move(v)) {}
    std::string value;
    auto operator<=>(const ObjectPath&) const = default;
};
using Any = json::value;       // signature v
using AnyDict = json::object;  // signature a{sv} without a vireo:type

inline constexpr const char* root_path = "/org/vireo1";
inline constexpr const char* bus_name = "org.vireo1";
inline constexpr const char* error_prefix = "org.vireo1.Error.";

}  // namespace vireo::api
