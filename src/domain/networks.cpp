// SPDX-License-Identifier: LGPL-2.1-or-later
#include "domain/networks.hpp"

#include "domain/open_vswitch.hpp"
#include "net/tap.hpp"
#include "net/traffic.hpp"
#include "support/file.hpp"
#include "support/log.hpp"

#include <array>
#include <cerrno>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <utility>

namespace vireo::domain {
namespace {

using model::Interface;
using model::InterfaceDriver;
using model::InterfaceSource;

const InterfaceSource& source_of(const Interface& interface) {
    static const InterfaceSource nothing;
    return interface.source ? *interface.source : nothing;
}

unsigned queues_of(const Interface& interface) {
    return interface.driver && interface.is_virtio() ? std::max(1u, interface.driver->queues.value_or(1)) : 1;
}

net::TapWish tap_wish(const Interface& interface) {
    net::TapWish wish;
    if (interface.target && !is_chosen_name(interface.target->dev)) wish.name = interface.target->dev;
    if (wish.name.empty()) wish.name = "vnet%d";
    wish.queues = queues_of(interface);
    wish.vnet_header = interface.is_virtio();
    if (interface.backend && !interface.backend->tap.empty()) wish.device = interface.backend->tap;
    return wish;
}

Result<> coalesce(const Interface& interface, const std::string& link) {
    if (!interface.coalesce || !interface.coalesce->rx || !interface.coalesce->rx->max_frames) return {};
    return net::set_coalesced_frames(link, *interface.coalesce->rx->max_frames);
}

Result<net::Link> find_bridge(net::Netlink& netlink, const std::string& name) {
    auto bridge = net::find_link(netlink, name);
    if (!bridge && bridge.error().code() == Errc::not_found)
        return Failure(Error(Errc::not_found, "there is no bridge " + name)
                           .with_hint(fmt::format("Make it (ip link add {} type bridge), or use one of those that ip "
                                                  "link show type bridge lists",
                                                  name)));
    if (!bridge) return bridge;
    if (bridge->kind == "bridge") return bridge;
    if (bridge->kind == "openvswitch")
        return Failure(Error(Errc::invalid_config, name + " is a bridge of Open vSwitch")
                           .with_hint("Say so: <virtualport type='openvswitch'/>"));
    return Failure(
        Error(Errc::invalid_config, name + " is no bridge")
            .with_hint(fmt::format("Use type='direct' with <source dev='{}'/> for a link of its own on it", name)));
}

Result<> set_mac_of(net::Netlink& netlink, const net::Link& link, const Interface& interface, bool on_bridge) {
    auto mac = tap_mac(interface.mac, on_bridge);
    if (!mac) return Failure(mac.error());
    return net::set_mac(netlink, link, *mac);
}

// One tag: the guest's packets have it outside, and it sees none. Several, or a trunk: it tags them itself, and one of
// them may be what packets without a tag belong to.
Result<> set_vlans(net::Netlink& netlink, const Interface& interface, const net::Link& bridge, const net::Link& port) {
    if (!interface.vlan || interface.vlan->tags.empty()) return {};
    if (!bridge.filters_vlans)
        return Failure(Error(Errc::unsupported, fmt::format("the bridge {} does not tell VLANs apart", bridge.name))
                           .with_hint(fmt::format("ip link set {} type bridge vlan_filtering 1", bridge.name)));
    using Mode = model::VlanTag::NativeMode;
    const auto& tags = interface.vlan->tags;
    const bool trunk = interface.vlan->trunk == true || tags.size() > 1;
    constexpr std::uint16_t usual = 1;  // where the kernel puts each new port
    bool keeps_usual = false;
    for (const auto& tag : tags) {
        net::PortVlan vlan;
        vlan.id = static_cast<std::uint16_t>(tag.id);
        vlan.of_untagged = !trunk || tag.native_mode.has_value();
        vlan.untagged = !trunk || tag.native_mode == Mode::untagged;
        keeps_usual = keeps_usual || vlan.id == usual;
        if (auto done = net::add_port_vlan(netlink, port, vlan); !done) return done;
    }
    return keeps_usual ? Result<>() : net::remove_port_vlan(netlink, port, usual);
}

Result<> set_up_port(net::Netlink& netlink, const Interface& interface, const net::Link& bridge,
                     const std::string& name) {
    auto link = net::find_link(netlink, name);
    if (!link) return Failure(link.error());
    if (auto done = set_mac_of(netlink, *link, interface, true); !done) return done;
    if (auto done = net::set_mtu(netlink, *link, interface.mtu.value_or(bridge.mtu)); !done) return done;
    if (!on_open_vswitch(interface)) {  // which is told later, by its own program
        if (auto done = net::set_master(netlink, *link, bridge); !done) return done;
        if (auto done = set_vlans(netlink, interface, bridge, *link); !done) return done;
    }
    if (interface.port_isolated == true)
        if (auto done = net::set_isolated(netlink, *link, true); !done) return done;
    if (auto done = coalesce(interface, name); !done) return done;
    return net::set_up(netlink, *link);
}

Result<> add_addresses(net::Netlink& netlink, const net::Link& link, const InterfaceSource& source) {
    for (const auto& ip : source.ips) {
        net::LinkAddress address;
        address.address = ip.address;
        address.peer = ip.peer;
        address.prefix = ip.prefix;
        if (auto done = net::add_address(netlink, link, address); !done) return done;
    }
    if (auto done = net::set_up(netlink, link); !done) return done;
    for (const auto& given : source.routes) {
        net::LinkRoute route;
        route.destination = given.address;
        route.gateway = given.gateway;
        route.prefix = given.prefix ? given.prefix : net::prefix_of(given.netmask);
        route.metric = given.metric;
        if (auto done = net::add_route(netlink, link, route); !done) return done;
    }
    return {};
}

// Rates are in thousands of bytes, what may come at once in KiB: as libvirt gives them to tc.
net::TrafficLimit traffic_limit(const std::optional<model::BandwidthRate>& rate) {
    constexpr std::uint64_t thousand = 1000, kib = 1024;
    net::TrafficLimit limit;
    if (!rate) return limit;
    limit.average = rate->average.value_or(0) * thousand;
    limit.peak = rate->peak.value_or(0) * thousand;
    limit.burst = rate->burst.value_or(0) * kib;
    return limit;
}

// managed='no': somebody else made it and looks after it.
Result<NetworkEnd> open_existing(net::Netlink& netlink, const Interface& interface) {
    const auto name = interface.target ? interface.target->dev : std::string();
    auto link = net::find_link(netlink, name);
    if (!link && link.error().code() == Errc::not_found)
        return Failure(Error(Errc::not_found, fmt::format("there is no link {}, and managed='no' makes none", name))
                           .with_hint(fmt::format("Make it: ip tuntap add {} mode tap", name)));
    if (!link) return Failure(link.error());
    NetworkEnd end;
    end.link = name;
    if (link->kind == "macvtap") {
        auto opened = net::open_macvtap(*link, queues_of(interface), interface.is_virtio());
        if (!opened) return Failure(opened.error());
        end.taps = std::move(*opened);
        return end;
    }
    auto wish = tap_wish(interface);
    wish.name = name;
    auto tap = net::open_tap(wish);
    if (!tap) return Failure(tap.error());
    end.taps = std::move(tap->queues);
    return end;
}

}  // namespace

Result<net::Mac> tap_mac(const std::string& guest, bool on_bridge) {
    constexpr std::uint8_t high = 0xfe, other = 0xfa;
    auto mac = net::parse_mac(guest);
    if (!mac) return fail(Errc::invalid_config, "'", guest, "' is no MAC address");
    if (on_bridge && (*mac)[0] == high)
        return Failure(Error(Errc::invalid_config, fmt::format("the MAC address {} begins with fe, as those of the "
                                                               "host's ends of taps do",
                                                               guest))
                           .with_hint("Use one that begins with 52:54:00"));
    (*mac)[0] = (*mac)[0] == high ? other : high;
    return *mac;
}

bool is_chosen_name(const std::string& name) {
    constexpr std::array<std::string_view, 3> prefixes{"vnet", "macvtap", "macvlan"};
    for (const auto prefix : prefixes)
        if (name.starts_with(prefix) && name.find_first_not_of("0123456789", prefix.size()) == name.npos) return true;
    return false;
}

Result<NetworkEnd> make_bridge_tap(const Interface& interface) {
    auto netlink = net::Netlink::open();
    if (!netlink) return Failure(netlink.error());
    auto bridge = on_open_vswitch(interface) ? net::find_link(*netlink, source_of(interface).bridge)
                                             : find_bridge(*netlink, source_of(interface).bridge);
    if (!bridge) return Failure(bridge.error());
    auto tap = net::open_tap(tap_wish(interface));
    if (!tap) return Failure(tap.error());
    if (auto done = set_up_port(*netlink, interface, *bridge, tap->name); !done) return Failure(done.error());
    NetworkEnd end;
    end.link = tap->name;
    end.taps = std::move(tap->queues);
    return end;
}

Result<NetworkEnd> make_ethernet_tap(const Interface& interface) {
    auto netlink = net::Netlink::open();
    if (!netlink) return Failure(netlink.error());
    if (interface.target && interface.target->managed == false) return open_existing(*netlink, interface);
    auto tap = net::open_tap(tap_wish(interface));
    if (!tap) return Failure(tap.error());
    auto link = net::find_link(*netlink, tap->name);
    if (!link) return Failure(link.error());
    if (auto done = set_mac_of(*netlink, *link, interface, false); !done) return Failure(done.error());
    if (interface.mtu)
        if (auto done = net::set_mtu(*netlink, *link, *interface.mtu); !done) return Failure(done.error());
    if (auto done = coalesce(interface, tap->name); !done) return Failure(done.error());
    if (auto done = add_addresses(*netlink, *link, source_of(interface)); !done) return Failure(done.error());
    NetworkEnd end;
    end.link = tap->name;
    end.taps = std::move(tap->queues);
    return end;
}

Result<net::MacvtapWish> plan_macvtap(const Interface& interface) {
    auto netlink = net::Netlink::open();
    if (!netlink) return Failure(netlink.error());
    net::MacvtapWish wish;
    wish.lower = source_of(interface).dev;
    if (auto lower = net::find_link(*netlink, wish.lower); !lower) return Failure(lower.error());
    wish.mode = to_string(source_of(interface).mode.value_or(InterfaceSource::Mode::vepa));
    auto mac = net::parse_mac(interface.mac);
    if (!mac) return fail(Errc::invalid_config, "'", interface.mac, "' is no MAC address");
    wish.mac = *mac;
    if (interface.target && !is_chosen_name(interface.target->dev)) wish.name = interface.target->dev;
    if (!wish.name.empty()) return wish;
    auto name = net::free_macvtap_name(*netlink);
    if (!name) return Failure(name.error());
    wish.name = std::move(*name);
    return wish;
}

Result<NetworkEnd> make_direct(const Interface& interface, const net::MacvtapWish& wish) {
    auto netlink = net::Netlink::open();
    if (!netlink) return Failure(netlink.error());
    auto link = net::make_macvtap(*netlink, wish);
    if (!link) return Failure(link.error());
    auto opened = net::open_macvtap(*link, queues_of(interface), interface.is_virtio());
    if (!opened) return Failure(opened.error());
    if (auto done = coalesce(interface, wish.name); !done) return Failure(done.error());
    if (auto done = net::set_up(*netlink, *link); !done) return Failure(done.error());
    NetworkEnd end;
    end.link = wish.name;
    end.taps = std::move(*opened);
    return end;
}

Result<std::string> mac_to_lend(const Interface& interface) {
    if (source_of(interface).mode != InterfaceSource::Mode::passthrough) return std::string();
    auto netlink = net::Netlink::open();
    if (!netlink) return Failure(netlink.error());
    auto lower = net::find_link(*netlink, source_of(interface).dev);
    if (!lower) return Failure(lower.error());
    auto mac = net::to_string(lower->mac);
    return mac == interface.mac ? std::string() : mac;
}

Result<> lend_mac(const Interface& interface) {
    auto netlink = net::Netlink::open();
    if (!netlink) return Failure(netlink.error());
    auto lower = net::find_link(*netlink, source_of(interface).dev);
    if (!lower) return Failure(lower.error());
    const auto mac = net::parse_mac(interface.mac);
    return mac ? net::set_mac(*netlink, *lower, *mac) : Result<>();
}

Result<> limit_traffic(const Interface& interface, const std::string& name) {
    if (!interface.bandwidth) return {};
    auto netlink = net::Netlink::open();
    if (!netlink) return Failure(netlink.error());
    auto link = net::find_link(*netlink, name);
    if (!link) return Failure(link.error());
    auto to_guest = traffic_limit(interface.bandwidth->inbound),
         from_guest = traffic_limit(interface.bandwidth->outbound);
    if (interface.type == Interface::Type::direct) std::swap(to_guest, from_guest);
    if (auto done = net::limit_sending(*netlink, *link, to_guest); !done) return done;
    return net::limit_receiving(*netlink, *link, from_guest);
}

Result<std::vector<UniqueFd>> open_vhost_net(const Interface& interface, bool kvm) {
    std::vector<UniqueFd> opened;
    const bool demanded = interface.driver && interface.driver->name == InterfaceDriver::Name::vhost;
    if (!kvm || (interface.driver && interface.driver->name == InterfaceDriver::Name::qemu)) return opened;
    if (!interface.is_virtio()) {
        if (demanded)
            return fail(Errc::invalid_config, "driver name='vhost' needs the model virtio, not '", interface.model,
                        "'");
        return opened;
    }
    const bool other = interface.backend && !interface.backend->vhost.empty();
    const auto path = other ? interface.backend->vhost : std::string("/dev/vhost-net");
    for (unsigned i = 0; i < queues_of(interface); ++i) {
        auto fd = open_file(path, O_RDWR);
        if (!fd && (demanded || i > 0))
            return Failure(fd.error()
                               .wrap("driver name='vhost' is asked for, but vhost-net is not available")
                               .with_hint("modprobe vhost_net, or leave <driver name='vhost'/> out: QEMU moves the "
                                          "packets then"));
        if (!fd) {
            log::debug("{}: QEMU moves the packets of {}", fd.error().what(), interface.info.alias);
            return opened;
        }
        opened.push_back(std::move(*fd));
    }
    return opened;
}

Result<> check_vhost_user(const Interface& interface) {
    const auto& source = source_of(interface);
    struct stat status{};
    if (source.mode == InterfaceSource::Mode::server) {
        const auto folder = std::filesystem::path(source.path).parent_path();
        if (::stat(folder.c_str(), &status) == 0 && S_ISDIR(status.st_mode)) return {};
        return Failure(Error(Errc::not_found, fmt::format("there is no folder {} for the socket", folder.string()))
                           .with_hint("Make it: QEMU listens there for the vhost-user back end"));
    }
    if (::stat(source.path.c_str(), &status))
        return Failure(Error(Errc::not_found, fmt::format("there is no socket {}", source.path))
                           .with_hint("Start the vhost-user back end that listens there first"));
    if (S_ISSOCK(status.st_mode)) return {};
    return fail(Errc::invalid_config, source.path, " is no socket");
}

}  // namespace vireo::domain
