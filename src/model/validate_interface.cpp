// SPDX-License-Identifier: LGPL-2.1-or-later
#include "model/validate_parts.hpp"

#include <algorithm>
#include <arpa/inet.h>
#include <bit>
#include <initializer_list>

namespace vireo::model {
namespace {
using Type = Interface::Type;

Failure wrong(std::string what) {
    return fail(Errc::invalid_config, std::move(what));
}

bool is_one_of(Type type, std::initializer_list<Type> types) {
    return std::ranges::find(types, type) != types.end();
}

class InterfaceCheck {
public:
    explicit InterfaceCheck(const Interface& interface)
        : it_(interface), source_(interface.source ? *interface.source : nothing_) {}

    Result<> run() const {
        for (auto check :
             {&InterfaceCheck::type_possible, &InterfaceCheck::mac, &InterfaceCheck::source, &InterfaceCheck::sockets,
              &InterfaceCheck::backend, &InterfaceCheck::forwards, &InterfaceCheck::driver, &InterfaceCheck::settings,
              &InterfaceCheck::ips, &InterfaceCheck::vlan, &InterfaceCheck::virtual_port, &InterfaceCheck::port,
              &InterfaceCheck::bandwidth, &InterfaceCheck::teaming})
            if (auto good = (this->*check)(); !good) return good;
        return {};
    }

private:
    std::string start() const { return "interface of type " + std::string(to_string(it_.type)) + ": "; }
    Failure no(const std::string& what) const { return wrong(start() + what); }

    Result<> type_possible() const {
        if (is_one_of(it_.type, {Type::internal, Type::null, Type::vds}))
            return no("it is not possible with QEMU; use one of the types network, bridge, direct, ethernet or user");
        constexpr std::string_view letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-.";
        if (it_.model.find_first_not_of(letters) != std::string::npos)
            return wrong("interface: '" + it_.model + "' is not the name of a model");
        if (it_.managed && it_.type != Type::hostdev) return no("only hostdev is managed");
        return {};
    }

    Result<> mac() const {
        if (it_.mac.empty()) return {};
        const int low = it_.mac[1] <= '9' ? it_.mac[1] - '0' : it_.mac[1] - 'a' + 10;
        if (low & 1) return wrong("interface: " + it_.mac + " is the address of a group, not of one card");
        return {};
    }

    Result<> source() const {
        const auto needs = [&](const std::string& value, std::string_view attribute) -> Result<> {
            if (value.empty()) return no("it needs <source " + std::string(attribute) + "='…'/>");
            return {};
        };
        switch (it_.type) {
            case Type::network:
                return needs(source_.network, "network");
            case Type::bridge:
                return needs(source_.bridge, "bridge");
            case Type::direct:
                return needs(source_.dev, "dev");
            case Type::vdpa:
                if (!it_.model.empty() && !it_.is_virtio()) return no("it needs the model virtio");
                return needs(source_.dev, "dev");
            case Type::ethernet:
                if (!source_.dev.empty())
                    return no("its device is named by <target dev='" + source_.dev + "'/>, not by <source>");
                return {};
            case Type::hostdev:
                if (!source_.host_device) return no("it needs <source> with the <address> of a device of the host");
                return {};
            case Type::vhostuser:
                if (source_.path.empty() || !source_.type) return no("it needs <source type='unix' path='…'/>");
                if (source_.mode != InterfaceSource::Mode::server && source_.mode != InterfaceSource::Mode::client)
                    return no("it needs <source mode='client'/> or 'server'");
                if (!it_.model.empty() && !it_.is_virtio()) return no("it needs the model virtio");
                return reconnect();
            default:
                return {};
        }
    }

    Result<> reconnect() const {
        if (!source_.reconnect || source_.reconnect->enabled != true) return {};
        if (source_.mode == InterfaceSource::Mode::server) return no("only mode='client' can reconnect");
        if (source_.reconnect->timeout == 0u) return no("the timeout of <reconnect> cannot be 0");
        return {};
    }

    Result<> sockets() const {
        if (!is_one_of(it_.type, {Type::server, Type::client, Type::mcast, Type::udp})) return {};
        if (!source_.port) return no("it needs <source port='…'/>");
        if (source_.address.empty() && it_.type != Type::server) return no("it needs <source address='…'/>");
        if (it_.type != Type::udp) return {};
        if (!source_.local || source_.local->address.empty() || !source_.local->port)
            return no("it needs <local> with an address and a port in <source>");
        return {};
    }

    Result<> backend() const {
        const bool passt = it_.backend && it_.backend->type == InterfaceBackend::Type::passt;
        if (passt && it_.type != Type::user && it_.type != Type::vhostuser)
            return no("only the type user has the backend passt");
        if (it_.type == Type::user && !source_.dev.empty() && !passt)
            return no("<source dev='…'/> needs <backend type='passt'/>");
        if (!it_.backend) return {};
        if (!it_.backend->log_file.empty() && !passt) return no("only the backend passt has a logFile");
        if ((!it_.backend->hostname.empty() || !it_.backend->fqdn.empty()) && !passt)
            return no("only the backend passt has a hostname and an fqdn");
        const bool taps = is_one_of(it_.type, {Type::network, Type::bridge, Type::direct, Type::ethernet});
        if (!it_.backend->tap.empty() && !taps) return no("<backend tap='…'/> is not possible: it uses no tap device");
        if (auto good = check_path(it_.backend->tap, "interface backend tap"); !good) return good;
        return check_path(it_.backend->vhost, "interface backend vhost");
    }

    Result<> forwards() const {
        if (it_.port_forwards.empty()) return {};
        if ((it_.type != Type::user && it_.type != Type::vhostuser) || !it_.backend ||
            it_.backend->type != InterfaceBackend::Type::passt)
            return no("<portForward> needs the type user and <backend type='passt'/>");
        for (const auto& forward : it_.port_forwards)
            for (const auto& range : forward.ranges) {
                if (range.end && *range.end < range.start) return no("a range of <portForward> ends before it starts");
                if (range.exclude == true && range.to) return no("an excluded range of <portForward> goes nowhere");
            }
        return {};
    }

    Result<> driver() const {
        if (!it_.driver) return {};
        const auto& driver = *it_.driver;
        const bool vfio = driver.name == InterfaceDriver::Name::vfio;
        if (driver.name && vfio != (it_.type == Type::hostdev))
            return no("the driver cannot be '" + std::string(to_string(*driver.name)) + "'");
        for (const auto& [size, name] :
             {std::pair{driver.rx_queue_size, "rx_queue_size"}, std::pair{driver.tx_queue_size, "tx_queue_size"}})
            if (size && *size != 0 && !std::has_single_bit(*size))
                return no(std::string(name) + " is " + std::to_string(*size) + ", which is not a power of two");
        const bool queues = is_one_of(
            it_.type, {Type::network, Type::bridge, Type::direct, Type::ethernet, Type::vhostuser, Type::vdpa});
        if (driver.queues.value_or(1) > 1 && !queues) return no("it has one queue");
        if (driver.rss_hash_report == true && driver.rss == false) return no("rss_hash_report needs rss");
        if (it_.model.empty() || it_.is_virtio() || it_.type == Type::hostdev) return {};
        if (driver.virtio != VirtioOptions())
            return no("iommu, ats, packed and page_per_vq are options of virtio devices, not of '" + it_.model + "'");
        return {};
    }

    Result<> settings() const {
        const bool taps = is_one_of(it_.type, {Type::network, Type::bridge, Type::ethernet});
        if (it_.mtu && !taps && it_.type != Type::vhostuser) return no("an <mtu> is not possible");
        if (it_.coalesce && !is_one_of(it_.type, {Type::network, Type::bridge}))
            return no("<coalesce> is not possible");
        if (it_.filter && it_.filter->filter.empty()) return no("<filterref> needs the name of a filter");
        if (it_.target && it_.target->managed == false && it_.type != Type::ethernet)
            return no("only the target of ethernet is managed='no': a link that is there already");
        const bool scripts = !it_.script.empty() || !it_.down_script.empty();
        if (scripts && it_.type != Type::ethernet && it_.type != Type::bridge)
            return no("<script> and <downscript> are for ethernet and bridge");
        return {};
    }

    Result<> ips() const {
        if ((!source_.ips.empty() || !source_.routes.empty()) && it_.type != Type::ethernet)
            return no("only ethernet has addresses and routes of the host's end, in <source>");
        if (!it_.routes.empty()) return no("QEMU gives no routes to a guest: <route> is not possible");
        if (!it_.ips.empty() && it_.type != Type::user && it_.type != Type::vhostuser)
            return no("only the type user gives addresses to the guest: <ip> is not possible");
        int of_family[2] = {};
        for (const auto& ip : it_.ips) {
            if (auto good = guest_address(ip); !good) return good;
            if (++of_family[is_v6(ip)] > 1) return no("the guest can have one address of each family");
        }
        for (const auto& ip : source_.ips)
            if (auto good = address(ip); !good) return good;
        return {};
    }

    static bool is_v6(const IpAddress& ip) {
        return ip.family ? *ip.family == IpAddress::Family::ipv6 : ip.address.find(':') != std::string::npos;
    }

    Result<> address(const IpAddress& ip) const {
        unsigned char bits[sizeof(in6_addr)];
        const int family = is_v6(ip) ? AF_INET6 : AF_INET;
        if (::inet_pton(family, ip.address.c_str(), bits) != 1)
            return no("'" + ip.address + "' is not an address of the family " + (is_v6(ip) ? "ipv6" : "ipv4"));
        return {};
    }

    // What QEMU's own network, and passt, can give the guest.
    Result<> guest_address(const IpAddress& ip) const {
        constexpr std::uint32_t least = 4, most = 27, of_v6 = 64;
        if (auto good = address(ip); !good) return good;
        if (!ip.peer.empty()) return no("QEMU knows no peer of an address");
        const auto prefix = ip.prefix.value_or(0);
        if (prefix == 0) return {};
        if (is_v6(ip) && prefix != of_v6) return no("the prefix of an IPv6 address has 64 bits");
        if (!is_v6(ip) && (prefix < least || prefix > most))
            return no("the prefix of an IPv4 address has 4 to 27 bits, not " + std::to_string(prefix));
        return {};
    }

    Result<> vlan() const {
        if (!it_.vlan) return {};
        const auto& vlan = *it_.vlan;
        const bool passthrough = it_.type == Type::direct && source_.mode == InterfaceSource::Mode::passthrough;
        if (!passthrough && !is_one_of(it_.type, {Type::network, Type::bridge, Type::hostdev}))
            return no("a <vlan> is for network, bridge, hostdev and direct with mode='passthrough'");
        if (vlan.trunk == false && vlan.tags.size() > 1)
            return no("trunk='no' and more than one tag contradict each other");
        for (const auto& tag : vlan.tags)
            if (tag.native_mode && vlan.trunk == false) return no("a nativeMode of <vlan> needs trunk='yes'");
        return {};
    }

    Result<> virtual_port() const {
        if (!it_.virtual_port) return {};
        using Kind = VirtualPort::Type;
        if (!is_one_of(it_.type, {Type::network, Type::bridge, Type::direct, Type::hostdev}))
            return no("a <virtualport> is not possible");
        const auto type = it_.virtual_port->type.value_or(Kind::none);
        if (type == Kind::none)
            return it_.type == Type::network ? virtual_port_ranges() : Result<>(no("<virtualport> needs a type"));
        if (auto good = virtual_port_parts(type); !good) return good;
        return virtual_port_ranges();
    }

    Result<> virtual_port_parts(VirtualPort::Type type) const {
        const VirtualPortParameters nothing;
        const auto& parameters = it_.virtual_port->parameters ? *it_.virtual_port->parameters : nothing;
        using enum VirtualPort::Type;
        struct Part {
            bool given;
            std::string_view name;
            bool possible;
            bool needed;
        };
        const bool is_qbg = type == qbg, is_ovs = type == openvswitch, is_midonet = type == midonet;
        const Part parts[] = {
            {parameters.manager_id.has_value(), "managerid", is_qbg, is_qbg},
            {parameters.type_id.has_value(), "typeid", is_qbg, is_qbg},
            {parameters.type_id_version.has_value(), "typeidversion", is_qbg, is_qbg},
            {parameters.instance_id.has_value(), "instanceid", is_qbg, false},
            {!parameters.profile_id.empty(), "profileid", type == qbh || is_ovs, type == qbh},
            {parameters.interface_id.has_value(), "interfaceid", is_ovs || is_midonet, is_midonet},
        };
        const auto start = "a <virtualport> of type " + std::string(to_string(type)) + " ";
        for (const auto& part : parts) {
            if (part.given && !part.possible) return no(start + "has no " + std::string(part.name));
            if (!part.given && part.needed) return no(start + "needs the parameter " + std::string(part.name));
        }
        return {};
    }

    Result<> virtual_port_ranges() const {
        if (!it_.virtual_port->parameters) return {};
        constexpr std::uint32_t one_byte = 0xff, three_bytes = 0xffffff;
        constexpr std::size_t longest = 39;
        const auto& parameters = *it_.virtual_port->parameters;
        if (parameters.manager_id.value_or(0) > one_byte) return no("the managerid of <virtualport> is at most 255");
        if (parameters.type_id.value_or(0) > three_bytes) return no("the typeid of <virtualport> is at most 16777215");
        if (parameters.type_id_version.value_or(0) > one_byte)
            return no("the typeidversion of <virtualport> is at most 255");
        if (parameters.profile_id.size() > longest)
            return no("the profileid of <virtualport> has at most 39 characters");
        return {};
    }

    Result<> port() const {
        if (it_.port_isolated != true) return {};
        if (it_.type != Type::network && it_.type != Type::bridge)
            return no("<port isolated='yes'/> is for network and bridge");
        if (it_.virtual_port && it_.virtual_port->type.value_or(VirtualPort::Type::none) != VirtualPort::Type::none)
            return no("<port isolated='yes'/> is not possible together with <virtualport>");
        return {};
    }

    Result<> bandwidth() const {
        if (!it_.bandwidth) return {};
        if (it_.type == Type::hostdev) return no("the traffic of a device of the host has no <bandwidth>");
        for (const auto* rate : {&it_.bandwidth->inbound, &it_.bandwidth->outbound}) {
            if (!*rate) continue;
            const bool inbound = rate == &it_.bandwidth->inbound;
            const auto& limits = **rate;
            if (limits.floor && !inbound) return no("a floor is possible for <inbound> only");
            if (limits.floor && it_.type != Type::network) return no("a floor is possible for the type network only");
            if (!limits.average && !limits.floor) return no("<bandwidth> needs an average or a floor");
            if ((limits.peak || limits.burst) && !limits.average) return no("peak and burst need an average");
        }
        return {};
    }

    Result<> teaming() const {
        if (!it_.teaming) return {};
        const bool transient = it_.teaming->type == Teaming::Type::transient;
        if (transient && it_.teaming->persistent.empty())
            return no("teaming type='transient' needs persistent='the alias of the other'");
        if (!transient && !it_.teaming->persistent.empty())
            return no("teaming type='persistent' has no attribute persistent");
        if (transient && it_.type != Type::hostdev && it_.type != Type::network)
            return no("only hostdev, and network with devices of the host, is teaming type='transient'");
        if (!transient && !it_.model.empty() && !it_.is_virtio())
            return no("teaming type='persistent' needs the model virtio");
        return {};
    }

    const Interface& it_;
    const InterfaceSource nothing_;
    const InterfaceSource& source_;
};

}  // namespace

Result<> validate_interface(const Interface& interface) {
    return InterfaceCheck(interface).run();
}

}  // namespace vireo::model
