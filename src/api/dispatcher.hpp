// SPDX-License-Identifier: LGPL-2.1-or-later
// The one way from a transport to the services: finds the method, asks for permission, logs, and turns whatever is
// thrown into an Error. Transports frame and unframe, nothing else.
#pragma once
#include "api/events.hpp"
#include "api/table.hpp"
#include "support/error.hpp"

#include <functional>
#include <string>
#include <string_view>
#include <unordered_map>

namespace vireo::api {

struct Target {  // what "Domain.GetInfo" means
    const Interface* interface = nullptr;
    const Method* method = nullptr;
};

class Dispatcher {
public:
    // May the caller do this? allowed_now answers from what is known (own user, root); when it says no, the coroutine
    // is asked (polkit) and throws Error(access_denied). Both must be there.
    struct Authorizer {
        std::function<bool(const Call&, const char* action)> allowed_now;
        std::function<Task<>(Call, const char* action)> ask;
    };
    Dispatcher(Services& services, Events& events, Authorizer authorizer);

    const Target* find(std::string_view name) const noexcept;  // "Domain.GetInfo"; null: no such method
    Services& services() noexcept { return services_; }
    Events& events() noexcept { return events_; }

    // Parameters are named ones, without the object's (codec.hpp has named_params() for positional ones).
    // True when the call was answered at once (a read that the caller may make): result is filled, or Error was thrown.
    // False: use call().
    bool call_now(const Target& target, const Call& call, const ObjectPath& object, const json::object& params,
                  json::object& result);
    Task<json::object> call(Target target, Call call, ObjectPath object, json::object params);

private:
    Services& services_;
    Events& events_;
    Authorizer authorizer_;
    struct Hash {
        using is_transparent = void;
        std::size_t operator()(std::string_view name) const noexcept { return std::hash<std::string_view>{}(name); }
    };
    std::unordered_map<std::string, Target, Hash, std::equal_to<>> by_name_;
};

json::object error_details(const Error& error);  // ErrorDetails of interfaces/types.xml: error.data on JSON-RPC

}  // namespace vireo::api
