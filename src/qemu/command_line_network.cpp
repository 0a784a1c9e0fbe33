// SPDX-License-Identifier: LGPL-2.1-or-later
// Network cards, and what they are connected to.
#include "qemu/command_line_builder.hpp"

#include <boost/json/array.hpp>

#include <algorithm>
#include <array>
#include <fmt/format.h>

namespace vireo::qemu {
using model::Interface;
using model::InterfaceDriver;

namespace {

// Any other device of QEMU's is not a network card, whatever the definition calls it.
constexpr std::array<std::string_view, 36> network_cards{"e1000",
                                                         "e1000-82544gc",
                                                         "e1000-82545em",
                                                         "e1000e",
                                                         "igb",
                                                         "rtl8139",
                                                         "ne2k_pci",
                                                         "ne2k_isa",
                                                         "pcnet",
                                                         "vmxnet3",
                                                         "tulip",
                                                         "i82550",
                                                         "i82551",
                                                         "i82557a",
                                                         "i82557b",
                                                         "i82557c",
                                                         "i82558a",
                                                         "i82558b",
                                                         "i82559a",
                                                         "i82559b",
                                                         "i82559c",
                                                         "i82559er",
                                                         "i82562",
                                                         "i82801",
                                                         "spapr-vlan",
                                                         "usb-net",
                                                         "smc91c111",
                                                         "lan9118",
                                                         "sungem",
                                                         "sunhme",
                                                         "dp8393x",
                                                         "lance",
                                                         "xgmac",
                                                         "virtio",
                                                         "virtio-transitional",
                                                         "virtio-non-transitional"};

bool taps(const Interface& interface) {
    using enum Interface::Type;
    return interface.type == network || interface.type == bridge || interface.type == direct ||
           interface.type == ethernet;
}

bool several_queues(const Interface& interface) {
    using enum Interface::Type;
    const bool possible = taps(interface) || interface.type == vhostuser || interface.type == vdpa;
    return interface.driver && interface.driver->queues.value_or(1) > 1 && possible && interface.is_virtio();
}

std::string endpoint(const std::string& address, std::uint32_t port) {
    const bool v6 = address.find(':') != std::string::npos;
    return v6 ? fmt::format("[{}]:{}", address, port) : fmt::format("{}:{}", address, port);
}

void add_switch(json::object& device, const char* name, std::optional<bool> value) {
    if (value) device[name] = *value;
}

void add_offloads(json::object& device, const InterfaceDriver& driver) {
    if (driver.host) {
        const auto& host = *driver.host;
        add_switch(device, "csum", host.csum);
        add_switch(device, "gso", host.gso);
        add_switch(device, "host_tso4", host.tso4);
        add_switch(device, "host_tso6", host.tso6);
        add_switch(device, "host_ecn", host.ecn);
        add_switch(device, "host_ufo", host.ufo);
        add_switch(device, "mrg_rxbuf", host.mrg_rxbuf);
    }
    if (driver.guest) {
        const auto& guest = *driver.guest;
        add_switch(device, "guest_csum", guest.csum);
        add_switch(device, "guest_tso4", guest.tso4);
        add_switch(device, "guest_tso6", guest.tso6);
        add_switch(device, "guest_ecn", guest.ecn);
        add_switch(device, "guest_ufo", guest.ufo);
    }
}

void add_driver(json::object& device, const Interface& interface, const Machine& machine) {
    if (!interface.driver || !interface.is_virtio()) return;
    const auto& driver = *interface.driver;
    add_virtio_options(device, driver.virtio);
    if (driver.tx_mode) device["tx"] = driver.tx_mode == InterfaceDriver::TxMode::iothread ? "bh" : "timer";
    add_switch(device, "ioeventfd", driver.ioeventfd);
    add_switch(device, "event_idx", driver.event_idx);
    add_offloads(device, driver);
    if (several_queues(interface)) {
        device["mq"] = true;
        if (!machine.ccw()) device["vectors"] = 2 * *driver.queues + 2;  // two each, control and configuration
    }
    if (driver.rx_queue_size.value_or(0)) device["rx_queue_size"] = *driver.rx_queue_size;
    if (driver.tx_queue_size.value_or(0)) device["tx_queue_size"] = *driver.tx_queue_size;
    add_switch(device, "rss", driver.rss);
    add_switch(device, "hash", driver.rss_hash_report);
}

json::object user_network(const Interface& interface) {
    json::object host;
    host["type"] = "user";
    for (const auto& ip : interface.ips) {
        if (ip.address.find(':') != std::string::npos) {
            host["ipv6-prefix"] = ip.address;
            if (ip.prefix) host["ipv6-prefixlen"] = *ip.prefix;
        } else {
            host["net"] = ip.prefix ? fmt::format("{}/{}", ip.address, *ip.prefix) : ip.address;
        }
    }
    return host;
}

json::object socket_network(const Interface& interface) {
    const auto& source = *interface.source;
    const auto place = endpoint(source.address, source.port.value_or(0));
    json::object host;
    host["type"] = "socket";
    switch (interface.type) {
        case Interface::Type::server:
            host["listen"] = place;
            break;
        case Interface::Type::client:
            host["connect"] = place;
            break;
        case Interface::Type::mcast:
            host["mcast"] = place;
            break;
        default:
            host["udp"] = place;
            if (source.local) host["localaddr"] = endpoint(source.local->address, source.local->port.value_or(0));
    }
    return host;
}

}  // namespace

const NetworkFiles& CommandLineBuilder::prepared(const Interface& interface) {
    static const NetworkFiles nothing;
    const auto found = resources_.networks.find(interface.info.alias);
    if (found != resources_.networks.end()) return found->second;
    problem(Errc::internal, describe(interface) + " was not prepared");
    return nothing;
}

// A tap device, which a start makes and hands over; shown by its name.
json::object CommandLineBuilder::tap_network(const Interface& interface, const std::string& owner) {
    json::object host;
    host["type"] = "tap";
    if (interface.tune && interface.tune->sndbuf) host["sndbuf"] = *interface.tune->sndbuf;
    if (!resources_.display) {
        add_tap_files(host, interface, owner);
        return host;
    }
    if (interface.target && !interface.target->dev.empty()) host["ifname"] = interface.target->dev;
    host["script"] = "no";
    host["downscript"] = "no";
    const bool by_qemu = interface.driver && interface.driver->name == InterfaceDriver::Name::qemu;
    if (interface.is_virtio() && kvm() && !by_qemu) host["vhost"] = true;
    if (several_queues(interface)) host["queues"] = *interface.driver->queues;
    return host;
}

void CommandLineBuilder::add_tap_files(json::object& host, const Interface& interface, const std::string& owner) {
    const auto& files = prepared(interface);
    if (files.taps.empty()) problem(Errc::internal, "no tap device was prepared for " + owner);
    host[files.taps.size() > 1 ? "fds" : "fd"] = add_inherited(files.taps, owner);
    if (files.vhost.empty()) return;
    host["vhost"] = true;
    host[files.vhost.size() > 1 ? "vhostfds" : "vhostfd"] = add_inherited(files.vhost, owner);
}

json::object CommandLineBuilder::vhost_user_network(const Interface& interface) {
    const auto& source = *interface.source;
    const bool server = source.mode == model::InterfaceSource::Mode::server;
    const auto character = "char" + interface.info.alias;
    auto target = fmt::format("socket,id={},path={}", character, escape_commas(source.path));
    if (server) target += ",server=on";
    if (!server && source.reconnect && source.reconnect->enabled)
        target += fmt::format(",reconnect={}", *source.reconnect->enabled ? source.reconnect->timeout.value_or(0) : 0);
    add("-chardev", std::move(target));
    json::object host;
    host["type"] = "vhost-user";
    host["chardev"] = character;
    if (several_queues(interface)) host["queues"] = *interface.driver->queues;
    return host;
}

// The connection to passt, which was started before; shown by a name that its socket could have.
json::object CommandLineBuilder::passt_network(const Interface& interface, const std::string& owner) {
    json::object host, address;
    host["type"] = "stream";
    const auto found = resources_.auxiliaries.find(interface.info.alias);
    if (resources_.display) {
        address["type"] = "unix";
        address["path"] = fmt::format("/run/vireo/passt/{}-{}.socket", domain_.uuid->to_string(), interface.info.alias);
    } else if (found != resources_.auxiliaries.end()) {
        address["type"] = "fd";
        address["str"] = add_inherited(found->second, owner);
    } else {
        problem(Errc::internal, owner + " was not prepared");
    }
    host["addr"] = std::move(address);
    host["server"] = false;
    return host;
}

json::object CommandLineBuilder::network_backend(const Interface& interface, const std::string& owner) {
    using enum Interface::Type;
    switch (interface.type) {
        case user: {
            if (!interface.backend || interface.backend->type != model::InterfaceBackend::Type::passt)
                return user_network(interface);
            return passt_network(interface, owner);
        }
        case server:
        case client:
        case mcast:
        case udp:
            return socket_network(interface);
        case vhostuser:
            return vhost_user_network(interface);
        case vdpa: {
            json::object host;
            host["type"] = "vhost-vdpa";
            host["vhostdev"] =
                resources_.display ? interface.source->dev : add_descriptor(prepared(interface).vdpa, owner);
            if (several_queues(interface)) host["queues"] = *interface.driver->queues;
            return host;
        }
        default:
            return tap_network(interface, owner);
    }
}

// A card of the host's.
void CommandLineBuilder::add_host_interface(const Interface& interface) {
    const auto owner = describe(interface);
    const auto* pci = std::get_if<model::PciAddress>(&*interface.source->host_device);
    if (!pci) return problem(Errc::unsupported, owner + " must be a PCI device of the host");
    auto object = device("vfio-pci", interface.info, owner);
    object["host"] = fmt::format("{:04x}:{:02x}:{:02x}.{:x}", pci->domain, pci->bus, pci->slot, pci->function);
    if (interface.boot_order) object["bootindex"] = *interface.boot_order;
    if (interface.teaming && interface.teaming->type == model::Teaming::Type::transient)
        object["failover_pair_id"] = interface.teaming->persistent;
    add_address(object, interface.info, owner);
    add("-device", object);
}

void CommandLineBuilder::add_interface(const Interface& interface, std::optional<std::uint32_t> boot_index) {
    const auto owner = describe(interface);
    if (std::ranges::find(network_cards, interface.model) == network_cards.end())
        return problem(Errc::unsupported,
                       fmt::format("{} has the model '{}', which is not supported", owner, interface.model),
                       "virtio, e1000e, e1000 and rtl8139 are the usual ones");
    auto host = network_backend(interface, owner);
    host["id"] = fmt::format("host{}", interface.info.alias);
    add("-netdev", host);
    const auto generation = model::from_string<model::VirtioModel>(interface.model);
    const auto driver = generation ? virtio_driver("virtio-net", *generation, interface.info) : interface.model;
    if (machine_.arm() && !machine_.virt() && !generation) {  // soldered to the board
        add("-net", fmt::format("nic,macaddr={},netdev={},model={},id={}", interface.mac,
                                host["id"].as_string().c_str(), interface.model, interface.info.alias));
        return;
    }
    auto object = device(driver, interface.info, owner);
    add_driver(object, interface, machine_);
    object["netdev"] = host["id"];
    if (interface.mtu && generation) object["host_mtu"] = *interface.mtu;
    object["mac"] = interface.mac;
    if (interface.teaming && interface.teaming->type == model::Teaming::Type::persistent) object["failover"] = true;
    if (boot_index) object["bootindex"] = *boot_index;
    if (interface.model != "ne2k_isa" || interface.info.address) add_address(object, interface.info, owner);
    add("-device", object);
}

void CommandLineBuilder::add_interfaces() {
    const auto& interfaces = domain_.devices.interfaces;
    const auto boot = std::ranges::find(domain_.os.boot, model::BootDevice::network);
    for (std::size_t i = 0; i < interfaces.size(); ++i) {
        auto index = interfaces[i].boot_order;
        if (!index && i == 0 && boot != domain_.os.boot.end())
            index = static_cast<std::uint32_t>(boot - domain_.os.boot.begin() + 1);
        if (interfaces[i].type == Interface::Type::hostdev)
            add_host_interface(interfaces[i]);
        else
            add_interface(interfaces[i], index);
    }
}

}  // namespace vireo::qemu
