// SPDX-License-Identifier: LGPL-2.1-or-later
// Links of the host: what is there, and changes to them. Blocks for as long as the kernel works on it.
#pragma once
#include "net/netlink.hpp"

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace vireo::net {

using Mac = std::array<std::uint8_t, 6>;
std::optional<Mac> parse_mac(std::string_view text);  // "52:54:00:12:34:56"
std::string to_string(const Mac& mac);

struct Link {
    unsigned index = 0;
    std::string name, kind;  // "bridge", "macvtap", "tun"; empty: a device
    Mac mac{};
    unsigned mtu = 0;
    unsigned master = 0;  // the index of the bridge that it is a port of; 0: none
    bool up = false;
    bool filters_vlans = false;  // a bridge that tells VLANs apart
};

Result<> check_link_name(const std::string& name);  // Error(invalid_config)

// Error(not_found).
Result<Link> find_link(Netlink& netlink, const std::string& name);

Result<> set_mac(Netlink& netlink, const Link& link, const Mac& mac);
Result<> set_mtu(Netlink& netlink, const Link& link, unsigned mtu);
Result<> set_up(Netlink& netlink, const Link& link);
// On failure the link may be on no bridge any more.
Result<> set_master(Netlink& netlink, const Link& link, const Link& bridge);
Result<> set_isolated(Netlink& netlink, const Link& port, bool isolated);  // from other isolated ports of its bridge
// A VLAN whose packets may pass a port of a bridge that filters them.
struct PortVlan {
    std::uint16_t id = 0;
    bool of_untagged = false;  // packets without a tag that come in belong to it
    bool untagged = false;     // its packets go out without a tag
};
Result<> add_port_vlan(Netlink& netlink, const Link& port, const PortVlan& vlan);
Result<> remove_port_vlan(Netlink& netlink, const Link& port, std::uint16_t id);
Request port_vlan_request(std::uint16_t type, const Link& port, const PortVlan& vlan);

Result<> remove_link(Netlink& netlink, const Link& link);

struct LinkAddress {
    std::string address, peer;            // IPv4 or IPv6
    std::optional<std::uint32_t> prefix;  // bits; the whole address when absent
};
struct LinkRoute {
    std::string destination, gateway;
    std::optional<std::uint32_t> prefix, metric;
};
// Error(invalid_config) when it is no address.
Result<> add_address(Netlink& netlink, const Link& link, const LinkAddress& address);
Result<> add_route(Netlink& netlink, const Link& link, const LinkRoute& route);
// "255.255.255.0" → 24; nothing when it is no mask.
std::optional<std::uint32_t> prefix_of(const std::string& mask);

// How long packets for the guest may be collected: at most so many frames.
Result<> set_coalesced_frames(const std::string& link, std::uint32_t frames);

// Sets the MAC address back when it still is the one that was set. A link that is gone is fine.
Result<> restore_mac(const std::string& name, const std::string& now, const std::string& before);

}  // namespace vireo::net
