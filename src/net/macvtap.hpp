// SPDX-License-Identifier: LGPL-2.1-or-later
// Macvtaps: links with an address of their own on top of another link, whose other end is a device file. Unlike a tap
// it stays until somebody removes it.
#pragma once
#include "net/links.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace vireo::net {

struct MacvtapWish {
    MacvtapWish() = default;
    std::string name;   // free_macvtap_name() gives one
    std::string lower;  // the link below
    std::string mode;   // "vepa", "bridge", "private", "passthrough"
    Mac mac{};          // the guest's, by which the link is known again
};

Result<std::string> free_macvtap_name(Netlink& netlink);  // "macvtap0"
// Error(already_exists: a link of this name; not_found: no link below; busy …). It is down.
Result<Link> make_macvtap(Netlink& netlink, const MacvtapWish& wish);
// Its device file, once for each queue.
Result<std::vector<UniqueFd>> open_macvtap(const Link& link, unsigned queues, bool vnet_header);
// Only when it still is a macvtap with this MAC address; one that is gone is fine.
Result<> remove_macvtap(const std::string& name, const std::string& mac);

}  // namespace vireo::net
