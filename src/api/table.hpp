// SPDX-License-Identifier: LGPL-2.1-or-later
// The API as data, made from interfaces/ by tools/api_gen: what the transports need to know, in one table.
#pragma once
#include "api/base.hpp"
#include "api/call.hpp"
#include "support/task.hpp"

#include <span>
#include <string_view>
#include <vector>

namespace vireo::api {

struct Services;  // generated: a reference to each abstract service
struct DictType;

struct Field {  // an argument, a dictionary's key or a property
    const char* name;
    const char* signature;  // D-Bus
    const DictType* dict;   // the dictionary at the signature's core, or null
    bool required;          // arguments: a dictionary whose keys are all optional may be left out
};
struct DictType {
    const char* name;
    std::span<const Field> keys;
};
struct Method {
    const char* name;
    const char* action;  // the polkit action it needs
    std::span<const Field> in, out;
    // Exactly one is set. A method with vireo:kind="read" answers from memory, at once: call_now fills result, using
    // result's memory resource, and throws Error. The others are coroutines.
    void (*call_now)(Services&, const Call&, const ObjectPath&, const json::object& params, json::object& result);
    Task<json::object> (*call)(Services&, Call, ObjectPath, json::object params);
};
struct SignalType {
    const char* name;
    std::span<const Field> args;  // the last one is stamp, an EventStamp, filled in by Events::emit()
};
struct Interface {
    const char* name;    // org.vireo1.Domain.Firmware
    const char* brief;   // Domain.Firmware: the JSON-RPC prefix
    const char* object;  // "domain": the parameter that names the object on JSON-RPC, of all its interfaces; null: the
                         // root
    std::span<const Method> methods;
    std::span<const SignalType> signals;
    std::span<const Field> properties;
    // For interfaces with properties: all of them, from memory. Throws Error(not_found).
    void (*read_properties)(const Services&, const ObjectPath&, json::object& out);
    // For interfaces with an object; null for the root.
    ObjectPath (*resolve)(const Services&, std::string_view key);  // path, name, uuid … → path; throws Error(not_found)
    bool (*exists)(const Services&, std::string_view path);
    std::vector<ObjectPath> (*objects)(const Services&);
};
std::span<const Interface> interfaces();
const Interface& interface_of(std::string_view brief);            // "Domain"
std::string_view openrpc_document();                              // what rpc.discover returns, JSON text
std::string_view introspection(std::string_view interface_name);  // the installed introspection XML of one interface

}  // namespace vireo::api
