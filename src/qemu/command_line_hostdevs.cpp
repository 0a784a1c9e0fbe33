// SPDX-License-Identifier: LGPL-2.1-or-later
// Devices of the host.
#include "qemu/block_nodes.hpp"
#include "qemu/command_line_builder.hpp"

#include <fmt/format.h>

namespace vireo::qemu {
using model::Hostdev;
using model::HostdevSource;

namespace {

std::string host_address(const model::HostdevAddress& at) {
    return fmt::format("{:04x}:{:02x}:{:02x}.{:x}", at.domain.value_or(0), at.bus.value_or(0), at.slot.value_or(0),
                       at.function.value_or(0));
}

bool unassigned(const Hostdev& hostdev) {
    return hostdev.info.at<model::UnassignedAddress>() != nullptr;
}

// Of a SCSI device by its place on the host: "scsi_host3", bus 0, target 1,
// unit 2 → 3:0:1:2.
std::string generic_device(const HostdevSource& source) {
    std::string_view host = source.adapter;
    host.remove_prefix(std::min(host.size(), host.find_first_of("0123456789")));
    const model::HostdevAddress nowhere;
    const auto& at = source.address ? *source.address : nowhere;
    return fmt::format("/dev/bsg/{}:{}:{}:{}", host.empty() ? "0" : host, at.bus.value_or(0), at.target.value_or(0),
                       at.unit.value_or(0));
}

}  // namespace

const HostDeviceFile& CommandLineBuilder::prepared(const Hostdev& hostdev) {
    static const HostDeviceFile nothing;
    const auto found = resources_.host_devices.find(hostdev.info.alias);
    if (found != resources_.host_devices.end()) return found->second;
    problem(Errc::internal, describe(hostdev) + " was not prepared");
    return nothing;
}

void CommandLineBuilder::add_host_pci(const Hostdev& hostdev) {
    const auto owner = describe(hostdev);
    if (!hostdev.source.address) return problem(Errc::invalid_config, owner + " has no address in its source");
    auto object = device("vfio-pci", hostdev.info, owner);
    object["host"] = host_address(*hostdev.source.address);
    if (hostdev.teaming && hostdev.teaming->type == model::HostdevTeaming::Type::transient)
        object["failover_pair_id"] = hostdev.teaming->persistent;
    if (hostdev.boot_order) object["bootindex"] = *hostdev.boot_order;
    add_address(object, hostdev.info, owner);
    add("-device", object);
}

void CommandLineBuilder::add_host_usb(const Hostdev& hostdev) {
    const auto owner = describe(hostdev);
    const auto& source = hostdev.source;
    if (source.missing == true) return;  // the guest runs without it
    auto object = device("usb-host", hostdev.info, owner);
    if (!resources_.display)
        object["hostdevice"] = add_descriptor(prepared(hostdev).fd, owner);
    else if (source.address && source.address->bus && source.address->device)
        object["hostdevice"] = fmt::format("/dev/bus/usb/{:03}/{:03}", *source.address->bus, *source.address->device);
    if (!object.contains("hostdevice")) {
        if (source.vendor) object["vendorid"] = *source.vendor;
        if (source.product) object["productid"] = *source.product;
    }
    if (source.guest_reset) {
        object["guest-reset"] = source.guest_reset != HostdevSource::GuestReset::off;
        if (source.guest_reset != HostdevSource::GuestReset::off)
            object["guest-resets-all"] = source.guest_reset == HostdevSource::GuestReset::on;
    }
    if (hostdev.boot_order) object["bootindex"] = *hostdev.boot_order;
    add_address(object, hostdev.info, owner);
    add("-device", object);
}

void CommandLineBuilder::add_host_scsi(const Hostdev& hostdev) {
    const auto owner = describe(hostdev);
    const auto& from = hostdev.source;
    const auto node = fmt::format("vireo-{}-backend", hostdev.info.alias);
    BlockLayer layer;
    model::StorageSource source;
    if (from.protocol == HostdevSource::Protocol::iscsi) {
        layer.type = model::SourceType::network;
        source.protocol = model::NetworkProtocol::iscsi;
        source.name = from.name;
        source.hosts = from.hosts;
        source.initiator = from.initiator;
        layer.auth = from.auth ? &*from.auth : nullptr;
        layer.source = &source;
    } else {
        layer.type = model::SourceType::block;
        layer.block_device = true;
        layer.file = resources_.display ? generic_device(from) : prepared(hostdev).path;
    }
    std::vector<json::object> objects;
    auto storage = storage_node(layer, node, objects);
    if (!storage) return problem(storage.error().code(), owner + " " + std::string(storage.error().message()));
    for (const auto& object : objects) add("-object", object);
    (*storage)["node-name"] = node;
    (*storage)["read-only"] = hostdev.readonly;
    add("-blockdev", *storage);
    auto object = device("scsi-generic", hostdev.info, owner);
    object["drive"] = node;
    if (hostdev.shareable) object["share-rw"] = true;
    if (hostdev.boot_order) object["bootindex"] = *hostdev.boot_order;
    const auto* at = hostdev.info.at<model::DriveAddress>();
    if (!at) return problem(Errc::internal, owner + " has no address");
    place_on_scsi(object, *at, owner);
    add("-device", object);
}

void CommandLineBuilder::add_host_scsi_target(const Hostdev& hostdev) {
    auto model = model::VirtioModel::virtio;
    if (hostdev.model == Hostdev::Model::virtio_transitional) model = model::VirtioModel::transitional;
    if (hostdev.model == Hostdev::Model::virtio_non_transitional) model = model::VirtioModel::non_transitional;
    auto object = device(virtio_driver("vhost-scsi", model, hostdev.info), hostdev.info, describe(hostdev));
    object["wwpn"] = hostdev.source.wwpn;
    if (!resources_.display) object["vhostfd"] = add_inherited(prepared(hostdev).fd, describe(hostdev));
    if (hostdev.boot_order) object["bootindex"] = *hostdev.boot_order;
    add_address(object, hostdev.info, describe(hostdev));
    add("-device", object);
}

void CommandLineBuilder::add_mediated(const Hostdev& hostdev) {
    const auto owner = describe(hostdev);
    if (!hostdev.source.address || !hostdev.source.address->uuid)
        return problem(Errc::invalid_config, owner + " has no UUID in its source");
    const auto model = hostdev.model.value_or(Hostdev::Model::vfio_pci);
    const bool ramfb = hostdev.ramfb == true;
    auto object = device(ramfb ? "vfio-pci-nohotplug" : to_string(model), hostdev.info, owner);
    object["sysfsdev"] = "/sys/bus/mdev/devices/" + hostdev.source.address->uuid->to_string();
    if (hostdev.display) object["display"] = *hostdev.display ? "on" : "off";
    if (ramfb) object["ramfb"] = true;
    if (hostdev.boot_order) object["bootindex"] = *hostdev.boot_order;
    if (model != Hostdev::Model::vfio_ap) add_address(object, hostdev.info, owner);
    add("-device", object);
}

// For the guest's ACPI tables: the cells whose memory is on the device.
void CommandLineBuilder::add_initiators(const Hostdev& hostdev) {
    constexpr QemuVersion with_initiators{9, 0, 0};
    for (const auto& range : hostdev.info.acpi_nodes.ranges())
        for (auto node = range.first; node <= range.last; ++node) {
            if (!needs_version(with_initiators, "acpi nodeset of " + describe(hostdev))) return;
            json::object object;
            object["qom-type"] = "acpi-generic-initiator";
            object["id"] = fmt::format("gi-{}-{}", hostdev.info.alias, node);
            object["pci-dev"] = hostdev.info.alias;
            object["node"] = node;
            add("-object", object);
        }
}

void CommandLineBuilder::add_hostdevs() {
    for (const auto& hostdev : domain_.devices.hostdevs) {
        if (unassigned(hostdev)) continue;  // kept from the guest
        switch (hostdev.type) {
            case Hostdev::Type::pci:
                add_host_pci(hostdev);
                add_initiators(hostdev);
                break;
            case Hostdev::Type::usb:
                add_host_usb(hostdev);
                break;
            case Hostdev::Type::scsi:
                add_host_scsi(hostdev);
                break;
            case Hostdev::Type::scsi_host:
                add_host_scsi_target(hostdev);
                break;
            case Hostdev::Type::mdev:
                add_mediated(hostdev);
                break;
        }
    }
}

}  // namespace vireo::qemu
