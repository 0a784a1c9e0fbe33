// SPDX-License-Identifier: LGPL-2.1-or-later
// What the generated client proxies (api/proxies.hpp) stand on: one blocking call.
#pragma once
#include "api/base.hpp"
#include "support/error.hpp"

#include <string_view>
#include <vector>

namespace vireo::api {

class ClientChannel {
public:
    virtual ~ClientChannel() = default;
    // Sends the request and waits for its answer. Descriptors that come with it are appended to fds. An error answer
    // is thrown as the Error it was made from (error_from_details()).
    virtual json::object call(std::string_view method, json::object params, std::vector<UniqueFd>& fds) = 0;
};

Error error_from_details(int rpc_error_code, std::string_view message, const json::object* details);

}  // namespace vireo::api
