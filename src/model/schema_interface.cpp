// SPDX-License-Identifier: LGPL-2.1-or-later
#include "model/schemas.hpp"

// clang-format off: one line, one element or attribute
namespace vireo::model {
namespace {
constexpr std::uint64_t most_boot_order = 1000000;
constexpr std::uint64_t last_port = 65535;
}  // namespace

template <>
const Element& schema<Interface>() {
    static const Element element = Declare<Interface>()
        .attribute("type", &Interface::type).decides()
        .attribute("managed", &Interface::managed)
        .attribute("trustGuestRxFilters", &Interface::trust_guest_rx_filters)
        .child_attribute("mac", "address", &Interface::mac).mac()
        .child_attribute("mac", "type", &Interface::mac_type)
        .child_attribute("mac", "check", &Interface::mac_check)
        .child_attribute("mac", "currentAddress", &Interface::current_mac).mac()
        .child("source", &Interface::source)
        .child("vlan", &Interface::vlan)
        .child("virtualport", &Interface::virtual_port)
        .child("bandwidth", &Interface::bandwidth).live()
        .child("ip", &Interface::ips)
        .child("route", &Interface::routes)
        .child("portForward", &Interface::port_forwards)
        .child_attribute("script", "path", &Interface::script)
        .child_attribute("downscript", "path", &Interface::down_script)
        .child("target", &Interface::target)
        .child_attribute("model", "type", &Interface::model)
        .child("driver", &Interface::driver)
        .child("backend", &Interface::backend)
        .child("filterref", &Interface::filter).live()
        .child_attribute("link", "state", &Interface::link).live()
        .child_attribute("mtu", "size", &Interface::mtu)
        .child("tune", &Interface::tune)
        .child("teaming", &Interface::teaming)
        .child("coalesce", &Interface::coalesce)
        .child_attribute("port", "isolated", &Interface::port_isolated)
        .child_attribute("boot", "order", &Interface::boot_order).range(1, most_boot_order)
        .child_attribute("boot", "loadparm", &Interface::boot_loadparm)
        .include(&Interface::info)
        .kept(&Interface::kept)
        .refuse("actual", "it is the state of a running domain")
        .refuse("guest", "it is for containers")
        .refuse("backenddomain", "it is for Xen")
        .build();
    return element;
}

template <>
const Element& schema<InterfaceSource>() {
    static const Element element = Declare<InterfaceSource>()
        .attribute("type", &InterfaceSource::type)
        .attribute("network", &InterfaceSource::network)
        .attribute("portid", &InterfaceSource::port_id)
        .attribute("portgroup", &InterfaceSource::portgroup)
        .attribute("bridge", &InterfaceSource::bridge)
        .attribute("dev", &InterfaceSource::dev)
        .attribute("name", &InterfaceSource::name)
        .attribute("address", &InterfaceSource::address)
        .attribute("port", &InterfaceSource::port).range(1, last_port)
        .attribute("path", &InterfaceSource::path)
        .attribute("mode", &InterfaceSource::mode)
        .attribute("switchid", &InterfaceSource::switch_id)
        .attribute("portgroupid", &InterfaceSource::portgroup_id)
        .attribute("connectionid", &InterfaceSource::connection_id)
        .child("address", &InterfaceSource::host_device).key("hostDevice")
        .child("local", &InterfaceSource::local)
        .child("reconnect", &InterfaceSource::reconnect)
        .child("ip", &InterfaceSource::ips)
        .child("route", &InterfaceSource::routes)
        .kept(&InterfaceSource::kept)
        .build();
    return element;
}

template <>
const Element& schema<SocketEnd>() {
    static const Element element = Declare<SocketEnd>()
        .attribute("address", &SocketEnd::address)
        .attribute("port", &SocketEnd::port).range(1, last_port)
        .kept(&SocketEnd::kept)
        .build();
    return element;
}

template <>
const Element& schema<Reconnect>() {
    static const Element element = Declare<Reconnect>()
        .attribute("enabled", &Reconnect::enabled)
        .attribute("timeout", &Reconnect::timeout)
        .kept(&Reconnect::kept)
        .build();
    return element;
}

template <>
const Element& schema<IpAddress>() {
    static const Element element = Declare<IpAddress>()
        .attribute("address", &IpAddress::address).required()
        .attribute("family", &IpAddress::family)
        .attribute("prefix", &IpAddress::prefix).range(0, 128)
        .attribute("peer", &IpAddress::peer)
        .kept(&IpAddress::kept)
        .build();
    return element;
}

template <>
const Element& schema<IpRoute>() {
    static const Element element = Declare<IpRoute>()
        .attribute("family", &IpRoute::family)
        .attribute("address", &IpRoute::address).required()
        .attribute("netmask", &IpRoute::netmask)
        .attribute("prefix", &IpRoute::prefix).range(0, 128)
        .attribute("gateway", &IpRoute::gateway).required()
        .attribute("metric", &IpRoute::metric).range(1, 0xffffffff)
        .kept(&IpRoute::kept)
        .build();
    return element;
}

template <>
const Element& schema<Vlan>() {
    static const Element element = Declare<Vlan>()
        .attribute("trunk", &Vlan::trunk)
        .child("tag", &Vlan::tags).required()
        .kept(&Vlan::kept)
        .build();
    return element;
}

template <>
const Element& schema<VlanTag>() {
    static const Element element = Declare<VlanTag>()
        .attribute("id", &VlanTag::id).range(0, 4095).required()
        .attribute("nativeMode", &VlanTag::native_mode)
        .kept(&VlanTag::kept)
        .build();
    return element;
}

template <>
const Element& schema<VirtualPort>() {
    static const Element element = Declare<VirtualPort>()
        .attribute("type", &VirtualPort::type)
        .child("parameters", &VirtualPort::parameters)
        .kept(&VirtualPort::kept)
        .build();
    return element;
}

template <>
const Element& schema<VirtualPortParameters>() {
    static const Element element = Declare<VirtualPortParameters>()
        .attribute("managerid", &VirtualPortParameters::manager_id).range(0, 255).hex(0, 0)
        .attribute("typeid", &VirtualPortParameters::type_id).range(0, 0xffffff).hex(0, 0)
        .attribute("typeidversion", &VirtualPortParameters::type_id_version).range(0, 255).hex(0, 0)
        .attribute("instanceid", &VirtualPortParameters::instance_id)
        .attribute("profileid", &VirtualPortParameters::profile_id)
        .attribute("interfaceid", &VirtualPortParameters::interface_id)
        .kept(&VirtualPortParameters::kept)
        .build();
    return element;
}

template <>
const Element& schema<Bandwidth>() {
    static const Element element = Declare<Bandwidth>()
        .child("inbound", &Bandwidth::inbound)
        .child("outbound", &Bandwidth::outbound)
        .kept(&Bandwidth::kept)
        .build();
    return element;
}

template <>
const Element& schema<BandwidthRate>() {
    static const Element element = Declare<BandwidthRate>()
        .attribute("average", &BandwidthRate::average)
        .attribute("peak", &BandwidthRate::peak)
        .attribute("floor", &BandwidthRate::floor)
        .attribute("burst", &BandwidthRate::burst)
        .kept(&BandwidthRate::kept)
        .build();
    return element;
}

template <>
const Element& schema<PortForward>() {
    static const Element element = Declare<PortForward>()
        .attribute("proto", &PortForward::protocol).required()
        .attribute("address", &PortForward::address)
        .attribute("dev", &PortForward::dev)
        .child("range", &PortForward::ranges)
        .kept(&PortForward::kept)
        .build();
    return element;
}

template <>
const Element& schema<PortRange>() {
    static const Element element = Declare<PortRange>()
        .attribute("start", &PortRange::start).range(1, last_port).required()
        .attribute("end", &PortRange::end).range(1, last_port)
        .attribute("to", &PortRange::to).range(1, last_port)
        .attribute("exclude", &PortRange::exclude)
        .kept(&PortRange::kept)
        .build();
    return element;
}

template <>
const Element& schema<InterfaceDriver>() {
    static const Element element = Declare<InterfaceDriver>()
        .attribute("name", &InterfaceDriver::name)
        .attribute("txmode", &InterfaceDriver::tx_mode)
        .attribute("ioeventfd", &InterfaceDriver::ioeventfd).on_off()
        .attribute("event_idx", &InterfaceDriver::event_idx).on_off()
        .attribute("queues", &InterfaceDriver::queues)
        .attribute("rx_queue_size", &InterfaceDriver::rx_queue_size)
        .attribute("tx_queue_size", &InterfaceDriver::tx_queue_size)
        .attribute("rss", &InterfaceDriver::rss).on_off()
        .attribute("rss_hash_report", &InterfaceDriver::rss_hash_report).on_off()
        .include(&InterfaceDriver::virtio)
        .child("host", &InterfaceDriver::host)
        .child("guest", &InterfaceDriver::guest)
        .kept(&InterfaceDriver::kept)
        .build();
    return element;
}

template <>
const Element& schema<OffloadsHost>() {
    static const Element element = Declare<OffloadsHost>()
        .attribute("csum", &OffloadsHost::csum).on_off()
        .attribute("gso", &OffloadsHost::gso).on_off()
        .attribute("tso4", &OffloadsHost::tso4).on_off()
        .attribute("tso6", &OffloadsHost::tso6).on_off()
        .attribute("ecn", &OffloadsHost::ecn).on_off()
        .attribute("ufo", &OffloadsHost::ufo).on_off()
        .attribute("mrg_rxbuf", &OffloadsHost::mrg_rxbuf).on_off()
        .kept(&OffloadsHost::kept)
        .build();
    return element;
}

template <>
const Element& schema<OffloadsGuest>() {
    static const Element element = Declare<OffloadsGuest>()
        .attribute("csum", &OffloadsGuest::csum).on_off()
        .attribute("tso4", &OffloadsGuest::tso4).on_off()
        .attribute("tso6", &OffloadsGuest::tso6).on_off()
        .attribute("ecn", &OffloadsGuest::ecn).on_off()
        .attribute("ufo", &OffloadsGuest::ufo).on_off()
        .kept(&OffloadsGuest::kept)
        .build();
    return element;
}

template <>
const Element& schema<InterfaceBackend>() {
    static const Element element = Declare<InterfaceBackend>()
        .attribute("type", &InterfaceBackend::type)
        .attribute("tap", &InterfaceBackend::tap)
        .attribute("vhost", &InterfaceBackend::vhost)
        .attribute("logFile", &InterfaceBackend::log_file)
        .attribute("hostname", &InterfaceBackend::hostname)
        .attribute("fqdn", &InterfaceBackend::fqdn)
        .kept(&InterfaceBackend::kept)
        .build();
    return element;
}

template <>
const Element& schema<InterfaceTarget>() {
    static const Element element = Declare<InterfaceTarget>()
        .attribute("dev", &InterfaceTarget::dev)
        .attribute("managed", &InterfaceTarget::managed)
        .kept(&InterfaceTarget::kept)
        .build();
    return element;
}

template <>
const Element& schema<FilterReference>() {
    static const Element element = Declare<FilterReference>()
        .attribute("filter", &FilterReference::filter).required()
        .child("parameter", &FilterReference::parameters)
        .kept(&FilterReference::kept)
        .build();
    return element;
}

template <>
const Element& schema<FilterParameter>() {
    static const Element element = Declare<FilterParameter>()
        .attribute("name", &FilterParameter::name).required()
        .attribute("value", &FilterParameter::value).required()
        .kept(&FilterParameter::kept)
        .build();
    return element;
}

template <>
const Element& schema<InterfaceTune>() {
    static const Element element = Declare<InterfaceTune>()
        .child("sndbuf", &InterfaceTune::sndbuf)
        .kept(&InterfaceTune::kept)
        .build();
    return element;
}

template <>
const Element& schema<Teaming>() {
    static const Element element = Declare<Teaming>()
        .attribute("type", &Teaming::type).required()
        .attribute("persistent", &Teaming::persistent)
        .kept(&Teaming::kept)
        .build();
    return element;
}

template <>
const Element& schema<Coalesce>() {
    static const Element element = Declare<Coalesce>()
        .child("rx", &Coalesce::rx)
        .kept(&Coalesce::kept)
        .build();
    return element;
}

template <>
const Element& schema<CoalesceRx>() {
    static const Element element = Declare<CoalesceRx>()
        .child_attribute("frames", "max", &CoalesceRx::max_frames)
        .kept(&CoalesceRx::kept)
        .build();
    return element;
}

}  // namespace vireo::model
