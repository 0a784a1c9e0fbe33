// SPDX-License-Identifier: LGPL-2.1-or-later
// Network cards and what they are connected to; see domain.hpp for what absence means.
#pragma once
#include "model/address.hpp"
#include "model/kept.hpp"
#include "model/names.hpp"
#include "model/uuid.hpp"
#include "model/virtio.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace vireo::model {

struct IpAddress {  // <ip>, as libvirt gives it to the guest or to the host's side of a tap
    enum class Family { ipv4, ipv6 };
    std::string address;
    std::optional<Family> family;         // ipv4 when absent
    std::optional<std::uint32_t> prefix;  // bits: 0 … 32 or 128
    std::string peer;
    Kept kept;
    bool operator==(const IpAddress&) const = default;
};
template <>
inline constexpr auto names<IpAddress::Family> = words("ipv4", "ipv6");

struct IpRoute {
    std::optional<IpAddress::Family> family;
    std::string address;
    std::string netmask;  // either this or prefix
    std::optional<std::uint32_t> prefix;
    std::string gateway;
    std::optional<std::uint32_t> metric;
    Kept kept;
    bool operator==(const IpRoute&) const = default;
};

struct Reconnect {  // of a client's socket that was cut
    std::optional<bool> enabled;
    std::optional<std::uint32_t> timeout;  // seconds between attempts
    Kept kept;
    bool operator==(const Reconnect&) const = default;
};

struct SocketEnd {  // <local>, of udp
    std::string address;
    std::optional<std::uint32_t> port;
    Kept kept;
    bool operator==(const SocketEnd&) const = default;
};

struct InterfaceSource {  // which of these an interface has is up to its type
    enum class Type { unix_ };
    enum class Mode { vepa, bridge, private_, passthrough, client, server };
    std::string network;                // network: its name
    std::string portgroup;              // network
    std::optional<Uuid> port_id;        // network: made when it runs
    std::string bridge;                 // bridge, network
    std::string dev;                    // direct, user with passt: a link of the host; vdpa: the path of a device
    std::optional<Mode> mode;           // direct: vepa … passthrough; vhostuser: client or server
    std::string name;                   // internal
    std::string address;                // server, client, mcast, udp
    std::optional<std::uint32_t> port;  // the same: 1 … 65535
    std::optional<Type> type;           // vhostuser
    std::string path;                   // vhostuser
    std::string switch_id;              // vds, as the next two
    std::string portgroup_id;
    std::optional<std::int64_t> connection_id;
    Box<Address> host_device;  // hostdev: a PCI or USB address of the host
    Box<SocketEnd> local;      // udp
    Box<Reconnect> reconnect;  // vhostuser
    std::vector<IpAddress> ips;
    std::vector<IpRoute> routes;
    Kept kept;
    bool operator==(const InterfaceSource&) const = default;
};
template <>
inline constexpr auto names<InterfaceSource::Type> = words("unix");
template <>
inline constexpr auto names<InterfaceSource::Mode> =
    words("vepa", "bridge", "private", "passthrough", "client", "server");

struct VlanTag {
    enum class NativeMode { tagged, untagged };
    std::uint32_t id = 0;  // 0 … 4095
    std::optional<NativeMode> native_mode;
    Kept kept;
    bool operator==(const VlanTag&) const = default;
};
template <>
inline constexpr auto names<VlanTag::NativeMode> = words("tagged", "untagged");

struct Vlan {
    std::optional<bool> trunk;
    std::vector<VlanTag> tags;
    Kept kept;
    bool operator==(const Vlan&) const = default;
};

struct VirtualPortParameters {
    std::optional<std::uint32_t> manager_id;       // 802.1Qbg, as the next two
    std::optional<std::uint32_t> type_id;          // 24 bits
    std::optional<std::uint32_t> type_id_version;  // 8 bits
    std::optional<Uuid> instance_id;
    std::string profile_id;            // 802.1Qbh, openvswitch
    std::optional<Uuid> interface_id;  // openvswitch, midonet
    Kept kept;
    bool operator==(const VirtualPortParameters&) const = default;
};

struct VirtualPort {
    enum class Type { none, qbg, qbh, openvswitch, midonet };
    std::optional<Type> type;
    std::optional<VirtualPortParameters> parameters;
    Kept kept;
    bool operator==(const VirtualPort&) const = default;
};
template <>
inline constexpr auto names<VirtualPort::Type> = words("none", "802.1Qbg", "802.1Qbh", "openvswitch", "midonet");

struct BandwidthRate {
    std::optional<std::uint64_t> average;  // KiB/s, as peak and floor
    std::optional<std::uint64_t> peak;
    std::optional<std::uint64_t> floor;  // inbound only
    std::optional<std::uint64_t> burst;  // KiB
    Kept kept;
    bool operator==(const BandwidthRate&) const = default;
};

struct Bandwidth {
    std::optional<BandwidthRate> inbound;
    std::optional<BandwidthRate> outbound;
    Kept kept;
    bool operator==(const Bandwidth&) const = default;
};

struct PortRange {
    std::uint32_t start = 0;           // 1 … 65535, as the next two
    std::optional<std::uint32_t> end;  // start when absent
    std::optional<std::uint32_t> to;   // the guest's first; start when absent
    std::optional<bool> exclude;
    Kept kept;
    bool operator==(const PortRange&) const = default;
};

struct PortForward {  // passt
    enum class Protocol { tcp, udp };
    Protocol protocol = Protocol::tcp;
    std::string address;
    std::string dev;
    std::vector<PortRange> ranges;
    Kept kept;
    bool operator==(const PortForward&) const = default;
};
template <>
inline constexpr auto names<PortForward::Protocol> = words("tcp", "udp");

struct OffloadsHost {
    std::optional<bool> csum, gso, tso4, tso6, ecn, ufo, mrg_rxbuf;
    Kept kept;
    bool operator==(const OffloadsHost&) const = default;
};
struct OffloadsGuest {
    std::optional<bool> csum, tso4, tso6, ecn, ufo;
    Kept kept;
    bool operator==(const OffloadsGuest&) const = default;
};

struct InterfaceDriver {
    enum class Name { qemu, vhost, vfio };
    enum class TxMode { iothread, timer };
    std::optional<Name> name;  // qemu, vhost: who moves the packets; vfio: of hostdev
    std::optional<TxMode> tx_mode;
    std::optional<bool> ioeventfd;
    std::optional<bool> event_idx;
    std::optional<std::uint32_t> queues;         // pairs
    std::optional<std::uint32_t> rx_queue_size;  // a power of two
    std::optional<std::uint32_t> tx_queue_size;  // the same
    std::optional<bool> rss;
    std::optional<bool> rss_hash_report;
    VirtioOptions virtio;
    std::optional<OffloadsHost> host;
    std::optional<OffloadsGuest> guest;
    Kept kept;
    bool operator==(const InterfaceDriver&) const = default;
};
template <>
inline constexpr auto names<InterfaceDriver::Name> = words("qemu", "vhost", "vfio");
template <>
inline constexpr auto names<InterfaceDriver::TxMode> = words("iothread", "timer");

struct InterfaceBackend {
    enum class Type { default_, passt };
    std::optional<Type> type;
    std::string tap;       // path; /dev/net/tun when empty
    std::string vhost;     // path; /dev/vhost-net when empty
    std::string log_file;  // passt
    std::string hostname;  // passt: of the guest, by DHCP
    std::string fqdn;      // passt: the same with its domain
    Kept kept;
    bool operator==(const InterfaceBackend&) const = default;
};
template <>
inline constexpr auto names<InterfaceBackend::Type> = words("default", "passt");

struct InterfaceTarget {  // the host's end
    std::string dev;
    std::optional<bool> managed;  // ethernet: no: the link is there already
    Kept kept;
    bool operator==(const InterfaceTarget&) const = default;
};

struct FilterParameter {
    std::string name;
    std::string value;
    Kept kept;
    bool operator==(const FilterParameter&) const = default;
};
struct FilterReference {
    std::string filter;
    std::vector<FilterParameter> parameters;
    Kept kept;
    bool operator==(const FilterReference&) const = default;
};

struct InterfaceTune {
    std::optional<std::uint64_t> sndbuf;  // bytes; 0: no limit
    Kept kept;
    bool operator==(const InterfaceTune&) const = default;
};

struct Teaming {  // with a second device of the same MAC address that goes when the guest migrates
    enum class Type { persistent, transient };
    Type type = Type::persistent;
    std::string persistent;  // transient: the alias of the one that stays
    Kept kept;
    bool operator==(const Teaming&) const = default;
};
template <>
inline constexpr auto names<Teaming::Type> = words("persistent", "transient");

struct CoalesceRx {
    std::optional<std::uint32_t> max_frames;
    Kept kept;
    bool operator==(const CoalesceRx&) const = default;
};
struct Coalesce {
    std::optional<CoalesceRx> rx;
    Kept kept;
    bool operator==(const Coalesce&) const = default;
};

struct Interface {
    enum class Type {
        user,
        ethernet,
        vhostuser,
        server,
        client,
        mcast,
        udp,
        network,
        bridge,
        internal,
        direct,
        hostdev,
        vdpa,
        null,
        vds
    };
    enum class LinkState { up, down };
    enum class MacType { generated, fixed };
    Type type = Type::user;
    std::optional<bool> managed;  // hostdev
    std::optional<bool> trust_guest_rx_filters;
    std::string mac;  // "52:54:00:12:34:56", lower case; made when absent
    std::optional<MacType> mac_type;
    std::optional<bool> mac_check;
    std::string current_mac;  // of a running domain: what the guest has set, when another one
    std::optional<InterfaceSource> source;
    Box<Vlan> vlan;
    Box<VirtualPort> virtual_port;
    Box<Bandwidth> bandwidth;
    std::vector<IpAddress> ips;
    std::vector<IpRoute> routes;
    std::vector<PortForward> port_forwards;
    std::string script;
    std::string down_script;
    std::optional<InterfaceTarget> target;
    std::string model;  // "virtio", "e1000e" …
    Box<InterfaceDriver> driver;
    Box<InterfaceBackend> backend;
    Box<FilterReference> filter;
    std::optional<LinkState> link;
    std::optional<std::uint32_t> mtu;  // bytes
    std::optional<InterfaceTune> tune;
    Box<Teaming> teaming;
    Box<Coalesce> coalesce;
    std::optional<bool> port_isolated;
    std::optional<std::uint32_t> boot_order;
    std::string boot_loadparm;  // s390x
    DeviceInfo info;
    Kept kept;
    bool operator==(const Interface&) const = default;
    bool is_virtio() const noexcept {
        return model == "virtio" || model == "virtio-transitional" || model == "virtio-non-transitional";
    }
};
template <>
inline constexpr auto names<Interface::Type> =
    words("user", "ethernet", "vhostuser", "server", "client", "mcast", "udp", "network", "bridge", "internal",
          "direct", "hostdev", "vdpa", "null", "vds");
template <>
inline constexpr auto names<Interface::LinkState> = words("up", "down");
template <>
inline constexpr auto names<Interface::MacType> = words("generated", "static");

}  // namespace vireo::model
