// SPDX-License-Identifier: LGPL-2.1-or-later
#include "domain/open_vswitch.hpp"
#include "domain/servable.hpp"

#include <fmt/format.h>

namespace vireo::domain {
namespace {

using model::SourceType;

Failure not_served(std::string path, std::string what, std::string hint = {}) {
    Error error(Errc::unsupported, fmt::format("{}: {}", path, what));
    return Failure(hint.empty() ? error : error.with_hint(std::move(hint)));
}

Result<> check_disk(const model::Disk& disk, const std::string& path) {
    if (disk.mirror) return not_served(path + "/mirror", "is a copy under way in a running domain, not a definition's");
    const bool sliced = disk.source && !disk.source->slices.empty();
    if (disk.transient && sliced)
        return not_served(path + "/transient", "Vireo lays no overlay over a part of an image yet");
    if (disk.image_encryption())
        return not_served(path + "/encryption", "Vireo keeps no secrets yet, and the image cannot be opened without");
    if (!disk.source || disk.empty()) return {};
    auto& source = *disk.source;
    if (disk.authentication()) return not_served(path + "/auth", "Vireo keeps no secrets yet");
    if (!source.fdgroup.empty()) return not_served(path + "/source/@fdgroup", "no descriptors were passed to Vireo");
    if (source.reservations && source.reservations->managed && source.reservations->enabled != false)
        return not_served(path + "/source/reservations", "Vireo runs no reservation helper yet",
                          "run qemu-pr-helper and name its socket: managed='no'");
    if (source.data_store) return not_served(path + "/source/dataStore", "Vireo opens no data files yet");
    switch (disk.type) {
        case SourceType::file:
        case SourceType::block:
        case SourceType::dir:  // QEMU opens this and the next two itself, as its own user
        case SourceType::network:
        case SourceType::vhostuser:
        case SourceType::nvme:
            return {};
        case SourceType::volume:
            return not_served(path, "Vireo has no storage pools yet", "name the volume's file: type='file'");
        default:
            return not_served(path,
                              fmt::format("a source of type '{}' is not opened by Vireo yet", to_string(disk.type)),
                              "use type='file' or type='block'");
    }
}

using Type = model::Interface::Type;

bool has_link(Type type) {  // of the host, that Vireo makes
    return type == Type::bridge || type == Type::ethernet || type == Type::direct;
}

Result<> check_passt(const model::Interface& interface, const std::string& path) {
    if (interface.type == Type::vhostuser && interface.backend &&
        interface.backend->type == model::InterfaceBackend::Type::passt)
        return not_served(path + "/backend", "passt is not run as a vhost-user back end yet", "use type='user'");
    for (const auto& forward : interface.port_forwards)
        if (!forward.dev.empty() && forward.address.empty())
            return not_served(path + "/portForward/@dev", "passt takes it together with an address only",
                              "add address='0.0.0.0'");
    return {};
}

// Bridges know what to do with tags; a virtual function of a network card has one, which its guest does not see.
Result<> check_vlan(const model::Interface& interface, const std::string& path) {
    if (!interface.vlan || interface.vlan->tags.empty() || interface.type == Type::bridge) return {};
    if (interface.type != Type::hostdev)
        return not_served(
            path + "/vlan", fmt::format("an interface of type '{}' has no VLANs", to_string(interface.type)),
            "use type='bridge', or a link on top of a VLAN: ip link add link eth0 name eth0.7 type vlan id 7");
    if (interface.vlan->tags.size() > 1 || interface.vlan->trunk == true)
        return not_served(path + "/vlan", "a virtual function of a network card has one tag, and is no trunk",
                          "give one <tag>");
    return {};
}

Result<> check_virtual_port(const model::Interface& interface, const std::string& path) {
    using enum model::VirtualPort::Type;
    const auto type = interface.virtual_port ? interface.virtual_port->type.value_or(none) : none;
    if (type == none) return {};
    if (!on_open_vswitch(interface))
        return not_served(path + "/virtualport",
                          fmt::format("Vireo does not speak to switches of the type '{}' on an interface of the type "
                                      "'{}' yet",
                                      to_string(type), to_string(interface.type)),
                          "use a bridge of Linux or of Open vSwitch, with type='bridge'");
    if (interface.bandwidth)
        return not_served(path + "/bandwidth", "Vireo sets no limits in Open vSwitch yet",
                          "set them there: ovs-vsctl set interface … ingress_policing_rate=…");
    if (interface.port_isolated == true)
        return not_served(path + "/port", "Open vSwitch isolates no ports", "leave it out");
    return {};
}

// What only some types can have, or none.
Result<> check_link_settings(const model::Interface& interface, const std::string& path) {
    const auto type = to_string(interface.type);
    if (interface.bandwidth && !has_link(interface.type))
        return not_served(path + "/bandwidth", fmt::format("an interface of type '{}' has no limits", type));
    if (interface.bandwidth && interface.bandwidth->inbound && interface.bandwidth->inbound->floor)
        return not_served(path + "/bandwidth/inbound/@floor", "only virtual networks guarantee a bandwidth",
                          "leave floor out");
    if (interface.filter) return not_served(path + "/filterref", "Vireo has no network filters yet");
    if (auto ok = check_vlan(interface, path); !ok) return ok;
    if (auto ok = check_virtual_port(interface, path); !ok) return ok;
    if ((!interface.script.empty() || !interface.down_script.empty()) && interface.type != Type::ethernet)
        return not_served(path + "/script", fmt::format("an interface of type '{}' has no scripts", type),
                          "use type='ethernet'");
    if (interface.coalesce && !has_link(interface.type))
        return not_served(path + "/coalesce", fmt::format("an interface of type '{}' has no queues of the host", type));
    if (interface.port_isolated == true && interface.type != Type::bridge)
        return not_served(path + "/port", fmt::format("an interface of type '{}' is on no bridge", type));
    if (interface.trust_guest_rx_filters == true)
        return not_served(path + "/@trustGuestRxFilters", "Vireo does not follow what a guest wants to receive yet",
                          "leave it out: the guest receives all that is sent to its address");
    return {};
}

Result<> check_interface(const model::Interface& interface, const std::string& path) {
    if (interface.type == Type::network)
        return not_served(path, "Vireo has no virtual networks yet",
                          "use type='bridge' with a bridge of the host, or type='user', which needs none");
    if (interface.type == Type::hostdev && interface.source && interface.source->host_device &&
        !std::holds_alternative<model::PciAddress>(*interface.source->host_device))
        return not_served(path, "only PCI devices are given to a guest as network cards");
    if (auto ok = check_passt(interface, path); !ok) return ok;
    return check_link_settings(interface, path);
}

Result<> check_hostdev(const model::Hostdev& hostdev, const std::string& path) {
    if (hostdev.source.auth) return not_served(path + "/source/auth", "Vireo keeps no secrets yet");
    if (hostdev.sgio == model::Hostdev::Sgio::unfiltered)
        return not_served(path + "/@sgio", "kernels let nobody switch that filter off any more", "leave sgio out");
    if (hostdev.rawio == true)
        return not_served(path + "/@rawio", "QEMU is given no capabilities by Vireo", "leave rawio out");
    if (hostdev.driver && hostdev.driver->iommufd == true)
        return not_served(path + "/driver/@iommufd", "devices are passed through VFIO groups only",
                          "leave iommufd out");
    if (hostdev.source.write_filtering)
        return not_served(path + "/source/@writeFiltering", "only Xen filters such writes", "leave it out");
    return {};
}

Result<> check_graphics(const model::Graphics& graphics, const std::string& path) {
    using enum model::Graphics::Type;
    if (graphics.type == rdp || graphics.type == desktop)
        return not_served(path, fmt::format("Vireo starts no display of type '{}' yet", to_string(graphics.type)),
                          "use type='vnc' or type='spice'");
    if (graphics.type == dbus && graphics.p2p != true && graphics.address.empty())
        return not_served(path, "Vireo runs no bus for a guest yet", "use p2p='yes', or give the address of a bus");
    for (auto& listen : graphics.listens)
        if (listen.type == model::GraphicsListen::Type::network)
            return not_served(path + "/listen", "Vireo has no networks yet",
                              "give an address: <listen type='address'/>");
    return {};
}

Result<> check_storage(const model::Devices& devices) {
    for (std::size_t i = 0; i < devices.disks.size(); ++i)
        if (auto ok = check_disk(devices.disks[i], device_place("disk", i)); !ok) return ok;
    if (!devices.leases.empty())
        return not_served(device_place("lease", 0), "Vireo talks to no lock manager",
                          "leave it out: images are locked anyway");
    for (std::size_t i = 0; i < devices.filesystems.size(); ++i)
        if (devices.filesystems[i].idmap)
            return not_served(device_place("filesystem", i) + "/idmap", "ids are not mapped for virtiofsd yet");
    return {};
}

Result<> check_helpers(const model::Devices& devices) {
    for (std::size_t i = 0; i < devices.tpms.size(); ++i)
        if (devices.tpms[i].backend.encryption)
            return not_served(device_place("tpm", i) + "/backend/encryption", "Vireo keeps no secrets yet");
    for (std::size_t i = 0; i < devices.graphics.size(); ++i)
        if (auto ok = check_graphics(devices.graphics[i], device_place("graphics", i)); !ok) return ok;
    return {};
}

}  // namespace

std::string device_place(std::string_view element, std::size_t index) {
    return fmt::format("devices/{}[{}]", element, index + 1);
}

Result<> check_devices_servable(const model::Devices& devices) {
    if (auto ok = check_storage(devices); !ok) return ok;
    for (std::size_t i = 0; i < devices.interfaces.size(); ++i)
        if (auto ok = check_interface(devices.interfaces[i], device_place("interface", i)); !ok) return ok;
    for (std::size_t i = 0; i < devices.hostdevs.size(); ++i)
        if (auto ok = check_hostdev(devices.hostdevs[i], device_place("hostdev", i)); !ok) return ok;
    return check_helpers(devices);
}

}  // namespace vireo::domain
