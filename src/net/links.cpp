// SPDX-License-Identifier: LGPL-2.1-or-later
#include "net/links.hpp"

#include <arpa/inet.h>
#include <bit>
#include <cerrno>
#include <charconv>
#include <fmt/format.h>
#include <linux/ethtool.h>
#include <linux/if_bridge.h>
#include <linux/if_link.h>
#include <linux/sockios.h>
#include <net/if.h>  // not <linux/if.h>, which collides with the one that Asio includes
#include <sys/ioctl.h>
#include <sys/socket.h>

namespace vireo::net {
namespace {

ifinfomsg about(unsigned index, unsigned flags = 0, unsigned change = 0) {
    ifinfomsg header{};
    header.ifi_family = AF_UNSPEC;
    header.ifi_index = static_cast<int>(index);
    header.ifi_flags = flags;
    header.ifi_change = change;
    return header;
}

struct Ip {
    std::uint8_t family = AF_INET;
    std::vector<std::byte> bytes;
    std::uint32_t bits() const { return static_cast<std::uint32_t>(bytes.size() * 8); }
};

Result<Ip> parse_ip(const std::string& text) {
    Ip ip;
    ip.family = text.find(':') == text.npos ? AF_INET : AF_INET6;
    ip.bytes.resize(ip.family == AF_INET ? sizeof(in_addr) : sizeof(in6_addr));
    if (::inet_pton(ip.family, text.c_str(), ip.bytes.data()) != 1)
        return fail(Errc::invalid_config, "'", text, "' is no IP address");
    return ip;
}

Result<std::uint32_t> prefix_within(const std::optional<std::uint32_t>& prefix, const Ip& ip, const std::string& text) {
    const auto bits = prefix.value_or(ip.bits());
    if (bits > ip.bits())
        return fail(Errc::invalid_config, fmt::format("{} cannot have a prefix of {} bits", text, bits));
    return bits;
}

}  // namespace

std::optional<Mac> parse_mac(std::string_view text) {
    Mac mac{};
    constexpr std::size_t width = 3;
    if (text.size() != mac.size() * width - 1) return std::nullopt;
    for (std::size_t i = 0; i < mac.size(); ++i) {
        const auto* start = text.data() + i * width;
        if (auto [end, error] = std::from_chars(start, start + 2, mac[i], 16); error != std::errc() || end != start + 2)
            return std::nullopt;
        if (i + 1 < mac.size() && start[2] != ':') return std::nullopt;
    }
    return mac;
}

std::string to_string(const Mac& mac) {
    return fmt::format("{:02x}:{:02x}:{:02x}:{:02x}:{:02x}:{:02x}", mac[0], mac[1], mac[2], mac[3], mac[4], mac[5]);
}

Result<> check_link_name(const std::string& name) {
    if (!name.empty() && name.size() < IFNAMSIZ && name.find('/') == name.npos) return {};
    return fail(Errc::invalid_config,
                fmt::format("'{}' is no name of a link: it has 1 to {} characters", name, IFNAMSIZ - 1));
}

Result<Link> find_link(Netlink& netlink, const std::string& name) {
    if (auto good = check_link_name(name); !good) return Failure(good.error());
    Request request(RTM_GETLINK, 0, about(0));
    request.text(IFLA_IFNAME, name);
    auto answers = netlink.ask(std::move(request), "cannot look for the link " + name);
    if (!answers) {
        if (answers.error().code() != Errc::not_found) return Failure(answers.error());
        return Failure(Error(Errc::not_found, "there is no link " + name).with_hint("ip link shows those that are"));
    }
    ifinfomsg header{};
    if (answers->empty() || answers->front().size() < sizeof header)
        return fail(Errc::system_failed, "the kernel says nothing about the link ", name);
    const auto& body = answers->front();
    std::memcpy(&header, body.data(), sizeof header);
    const Attributes attributes(std::span(body).subspan(NLMSG_ALIGN(sizeof header)));
    Link link;
    link.index = static_cast<unsigned>(header.ifi_index);
    link.up = header.ifi_flags & IFF_UP;
    link.name = attributes.text(IFLA_IFNAME);
    link.kind = attributes.nest(IFLA_LINKINFO).text(IFLA_INFO_KIND);
    if (link.kind == "bridge")
        link.filters_vlans =
            attributes.nest(IFLA_LINKINFO).nest(IFLA_INFO_DATA).value<std::uint8_t>(IFLA_BR_VLAN_FILTERING).value_or(0);
    link.mac = attributes.value<Mac>(IFLA_ADDRESS).value_or(Mac{});
    link.mtu = attributes.value<std::uint32_t>(IFLA_MTU).value_or(0);
    link.master = attributes.value<std::uint32_t>(IFLA_MASTER).value_or(0);
    return link;
}

Result<> set_mac(Netlink& netlink, const Link& link, const Mac& mac) {
    Request request(RTM_NEWLINK, 0, about(link.index));
    request.value(IFLA_ADDRESS, mac);
    return netlink.apply(std::move(request),
                         fmt::format("cannot set the MAC address of {} to {}", link.name, to_string(mac)));
}

Result<> set_mtu(Netlink& netlink, const Link& link, unsigned mtu) {
    Request request(RTM_NEWLINK, 0, about(link.index));
    request.value(IFLA_MTU, mtu);
    return netlink.apply(std::move(request), fmt::format("cannot set the MTU of {} to {}", link.name, mtu));
}

Result<> set_up(Netlink& netlink, const Link& link) {
    return netlink.apply(Request(RTM_NEWLINK, 0, about(link.index, IFF_UP, IFF_UP)),
                         fmt::format("cannot bring {} up", link.name));
}

Result<> set_master(Netlink& netlink, const Link& link, const Link& bridge) {
    Request request(RTM_NEWLINK, 0, about(link.index));
    request.value(IFLA_MASTER, bridge.index);
    return netlink.apply(std::move(request), fmt::format("cannot put {} on the bridge {}", link.name, bridge.name));
}

Result<> set_isolated(Netlink& netlink, const Link& port, bool isolated) {
    auto header = about(port.index);
    header.ifi_family = AF_BRIDGE;
    Request request(RTM_SETLINK, 0, header);
    request.nest(IFLA_PROTINFO | NLA_F_NESTED,
                 [&](Request& inner) { inner.value(IFLA_BRPORT_ISOLATED, static_cast<std::uint8_t>(isolated)); });
    return netlink.apply(std::move(request),
                         fmt::format("cannot isolate {} from other ports of its bridge", port.name));
}

Request port_vlan_request(std::uint16_t type, const Link& port, const PortVlan& vlan) {
    auto header = about(port.index);
    header.ifi_family = AF_BRIDGE;
    bridge_vlan_info info{};
    info.vid = vlan.id;
    info.flags = static_cast<std::uint16_t>((vlan.of_untagged ? BRIDGE_VLAN_INFO_PVID : 0) |
                                            (vlan.untagged ? BRIDGE_VLAN_INFO_UNTAGGED : 0));
    Request request(type, 0, header);
    request.nest(IFLA_AF_SPEC, [&](Request& inner) { inner.value(IFLA_BRIDGE_VLAN_INFO, info); });
    return request;
}

Result<> add_port_vlan(Netlink& netlink, const Link& port, const PortVlan& vlan) {
    return netlink.apply(port_vlan_request(RTM_SETLINK, port, vlan),
                         fmt::format("cannot let the VLAN {} pass {}", vlan.id, port.name));
}

Result<> remove_port_vlan(Netlink& netlink, const Link& port, std::uint16_t id) {
    PortVlan vlan;
    vlan.id = id;
    return netlink.apply(port_vlan_request(RTM_DELLINK, port, vlan),
                         fmt::format("cannot keep the VLAN {} from {}", id, port.name));
}

Result<> remove_link(Netlink& netlink, const Link& link) {
    return netlink.apply(Request(RTM_DELLINK, 0, about(link.index)), "cannot remove the link " + link.name);
}

Result<> add_address(Netlink& netlink, const Link& link, const LinkAddress& address) {
    auto ip = parse_ip(address.address);
    if (!ip) return Failure(ip.error());
    auto peer = address.peer.empty() ? ip : parse_ip(address.peer);
    if (!peer) return Failure(peer.error());
    auto prefix = prefix_within(address.prefix, *ip, address.address);
    if (!prefix) return Failure(prefix.error());
    ifaddrmsg header{};
    header.ifa_family = ip->family;
    header.ifa_prefixlen = static_cast<std::uint8_t>(*prefix);
    header.ifa_index = link.index;
    Request request(RTM_NEWADDR, NLM_F_CREATE | NLM_F_EXCL, header);
    request.bytes(IFA_LOCAL, ip->bytes).bytes(IFA_ADDRESS, peer->bytes);
    return netlink.apply(std::move(request), fmt::format("cannot give {} the address {}", link.name, address.address));
}

Result<> add_route(Netlink& netlink, const Link& link, const LinkRoute& route) {
    auto to = parse_ip(route.destination);
    if (!to) return Failure(to.error());
    auto prefix = prefix_within(route.prefix, *to, route.destination);
    if (!prefix) return Failure(prefix.error());
    rtmsg header{};
    header.rtm_family = to->family;
    header.rtm_dst_len = static_cast<std::uint8_t>(*prefix);
    header.rtm_table = RT_TABLE_MAIN;
    header.rtm_protocol = RTPROT_STATIC;
    header.rtm_scope = route.gateway.empty() ? RT_SCOPE_LINK : RT_SCOPE_UNIVERSE;
    header.rtm_type = RTN_UNICAST;
    Request request(RTM_NEWROUTE, NLM_F_CREATE | NLM_F_EXCL, header);
    request.bytes(RTA_DST, to->bytes).value(RTA_OIF, link.index);
    if (!route.gateway.empty()) {
        auto gateway = parse_ip(route.gateway);
        if (!gateway) return Failure(gateway.error());
        request.bytes(RTA_GATEWAY, gateway->bytes);
    }
    if (route.metric) request.value(RTA_PRIORITY, *route.metric);
    return netlink.apply(std::move(request),
                         fmt::format("cannot make the route to {} through {}", route.destination, link.name));
}

std::optional<std::uint32_t> prefix_of(const std::string& mask) {
    auto ip = parse_ip(mask);
    if (!ip) return std::nullopt;
    std::uint32_t bits = 0;
    bool ended = false;
    for (const auto byte : ip->bytes) {
        const auto value = std::to_integer<std::uint8_t>(byte);
        const auto ones = static_cast<std::uint32_t>(std::countl_one(value));
        if ((ended && value) || std::popcount(value) != static_cast<int>(ones)) return std::nullopt;
        bits += ones;
        ended = ended || ones < 8;
    }
    return bits;
}

Result<> set_coalesced_frames(const std::string& link, std::uint32_t frames) {
    const auto what = fmt::format("cannot collect up to {} frames on {}", frames, link);
    UniqueFd fd(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    if (!fd) return Failure(system_error(errno, what));
    ethtool_coalesce settings{};
    ifreq request{};
    link.copy(request.ifr_name, IFNAMSIZ - 1);
    request.ifr_data = reinterpret_cast<char*>(&settings);
    settings.cmd = ETHTOOL_GCOALESCE;
    if (::ioctl(fd.get(), SIOCETHTOOL, &request)) return Failure(system_error(errno, what));
    settings.cmd = ETHTOOL_SCOALESCE;
    settings.rx_max_coalesced_frames = frames;
    if (::ioctl(fd.get(), SIOCETHTOOL, &request)) return Failure(system_error(errno, what));
    return {};
}

Result<> restore_mac(const std::string& name, const std::string& now, const std::string& before) {
    const auto mac = parse_mac(before);
    if (!mac) return {};
    auto netlink = Netlink::open();
    if (!netlink) return Failure(netlink.error());
    auto link = find_link(*netlink, name);
    if (!link) return link.error().code() == Errc::not_found ? Result<>() : Result<>(Failure(link.error()));
    if (to_string(link->mac) != now) return {};
    return set_mac(*netlink, *link, *mac);
}

}  // namespace vireo::net
