// SPDX-License-Identifier: LGPL-2.1-or-later
// What a network card with virtual functions (SR-IOV) keeps for each of them: the guest that is given one cannot
// change it. It is set through the link of the physical function.
#pragma once
#include "net/links.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace vireo::net {

struct FunctionSetting {
    Mac mac{};
    std::uint32_t vlan = 0;  // 1 … 4094; 0: packets have no tag
    bool operator==(const FunctionSetting&) const = default;
};
std::string to_string(const FunctionSetting& setting);  // "52:54:00:12:34:56 7"
std::optional<FunctionSetting> parse_function_setting(std::string_view text);

// Error(not_found: no such link), Error(unsupported: it says nothing of such a function).
Result<FunctionSetting> read_function(Netlink& netlink, const std::string& physical, std::uint32_t number);
Result<> set_function(Netlink& netlink, const std::string& physical, std::uint32_t number,
                      const FunctionSetting& setting);
// Sets it back when it still is what was set. A link that is gone is fine.
Result<> restore_function(const std::string& physical, std::uint32_t number, const std::string& now,
                          const std::string& before);

Request function_request(const Link& physical, std::uint32_t number, const FunctionSetting& setting);
// From the body of an answer about the physical link.
std::optional<FunctionSetting> function_in(std::span<const std::byte> body, std::uint32_t number);

}  // namespace vireo::net
