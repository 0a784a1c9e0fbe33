// SPDX-License-Identifier: LGPL-2.1-or-later
// PCI: which devices sit on it, the chipset's fixed places, and a place for everything else.
#include "qemu/assign_parts.hpp"
#include "qemu/pci_map.hpp"

#include <algorithm>
#include <fmt/format.h>

namespace vireo::qemu {
namespace {
using model::Controller;
using model::PciAddress;

struct Pending {
    model::DeviceInfo* info;
    std::string name;
    bool express;  // goes onto a PCI Express port where there are any
};

bool express_nic(std::string_view model) noexcept {
    return model == "virtio" || model == "e1000e" || model == "igb" || model == "vmxnet3";
}

bool on_pci(const Controller& controller) noexcept {
    using enum Controller::Type;
    return (controller.type == scsi || controller.type == sata || controller.type == virtio_serial ||
            controller.type == usb) &&
           controller.model != Controller::Model::none;
}

bool express_controller(const Controller& controller) noexcept {
    using enum Controller::Model;
    return controller.type == Controller::Type::virtio_serial || controller.model == virtio_scsi ||
           controller.model == qemu_xhci || controller.model == nec_xhci;
}

// All devices on PCI but bridges, in the order in which libvirt gives out places.
std::vector<Pending> pci_devices(model::Devices& devices) {
    std::vector<Pending> all;
    auto add = [&](auto& device, bool express) { all.push_back({&device.info, describe(device), express}); };
    for (auto& interface : devices.interfaces)
        if (interface.model != "ne2k_isa") add(interface, express_nic(interface.model));
    for (auto& controller : devices.controllers)
        if (on_pci(controller)) add(controller, express_controller(controller));
    for (auto& disk : devices.disks)
        if (disk.bus() == model::DiskBus::virtio) add(disk, true);
    if (devices.memballoon && devices.memballoon->model != model::Memballoon::Model::none)
        add(*devices.memballoon, true);
    for (auto& rng : devices.rngs) add(rng, true);
    for (auto& watchdog : devices.watchdogs) add(watchdog, false);
    for (auto& video : devices.videos) {
        using enum model::VideoModel::Type;
        if (video.model.type != none && video.model.type != ramfb)
            add(video, video.model.type == model::VideoModel::Type::virtio || video.model.type == bochs);
    }
    for (auto& input : devices.inputs)
        if (input.bus == model::Input::Bus::virtio) add(input, true);
    for (auto& serial : devices.serials)
        if (serial.target->type == model::SerialTarget::Type::pci_serial) add(serial, false);
    return all;
}

PciAddress at(std::uint32_t slot, std::uint32_t function, std::optional<bool> multifunction = {}) {
    PciAddress address;
    address.slot = slot;
    address.function = function;
    address.multifunction = multifunction;
    return address;
}

void reserve_chipset(const Assignment& assignment, PciMap& map) {
    map.chipset(at(0, 0), "the host bridge");
    if (assignment.machine.q35()) {
        map.chipset(at(0x1f, 0), "the chipset's ISA bridge");
        map.chipset(at(0x1f, 3), "the chipset's SMBus");
    } else if (assignment.machine.i440fx()) {
        map.chipset(at(1, 0), "the chipset's ISA bridge");
        map.chipset(at(1, 3), "the chipset's power management");
        if (!find_controller(assignment.domain, Controller::Type::ide, 0))
            map.chipset(at(1, 1), "the chipset's IDE controller");
    }
}

// The chipset's own disk controllers cannot be anywhere else.
Result<> place_built_in(Assignment& assignment, PciMap& map, Controller::Type type, const PciAddress& place) {
    auto* controller = const_cast<Controller*>(find_controller(assignment.domain, type, 0));
    if (!controller) return {};
    if (!controller->info.address) {
        controller->info.address = place;
        return map.reserve(controller->info, describe(*controller));
    }
    const auto* given = std::get_if<PciAddress>(&*controller->info.address);
    if (given && given->domain == 0 && given->bus == 0 && given->slot == place.slot &&
        given->function == place.function)
        return {};
    return fail(Errc::invalid_config, describe(*controller),
                fmt::format(" is part of the chipset, at 0000:00:{:02x}.{:x}, and cannot be elsewhere", place.slot,
                            place.function));
}

// The four functions of an ICH9 USB 2 controller belong together: 1d.0, .1, .2 and .7 for the first, 1a for the next.
Result<> place_ich9(Assignment& assignment, PciMap& map) {
    using enum Controller::Model;
    if (!assignment.machine.q35()) return {};
    for (auto& controller : assignment.domain.devices.controllers) {
        if (controller.type != Controller::Type::usb || controller.info.address || controller.index.value_or(2) > 1)
            continue;
        const std::uint32_t slot = controller.index == 0u ? 0x1d : 0x1a;
        std::optional<PciAddress> place;
        if (controller.model == ich9_uhci1) place = at(slot, 0, true);
        if (controller.model == ich9_uhci2) place = at(slot, 1);
        if (controller.model == ich9_uhci3) place = at(slot, 2);
        if (controller.model == ich9_ehci1) place = at(slot, 7);
        if (!place || !map.is_free(*place)) continue;
        controller.info.address = *place;
        if (auto reserved = map.reserve(controller.info, describe(controller)); !reserved) return reserved;
    }
    return {};
}

// What libvirt puts at a fixed place when that is free.
Result<> place_preferred(Assignment& assignment, PciMap& map) {
    auto& devices = assignment.domain.devices;
    if (assignment.machine.i440fx()) {
        for (auto& controller : devices.controllers) {
            const bool built_in = controller.type == Controller::Type::usb && controller.index == 0u &&
                                  controller.model == Controller::Model::piix3_uhci;
            if (!built_in || controller.info.address || !map.is_free(at(1, 2))) continue;
            controller.info.address = at(1, 2);
            if (auto reserved = map.reserve(controller.info, describe(controller)); !reserved) return reserved;
        }
    }
    if (auto placed = place_ich9(assignment, map); !placed) return placed;
    for (auto& video : devices.videos) {
        using enum model::VideoModel::Type;
        if (video.model.primary != true || video.info.address || !assignment.x86()) continue;
        if (video.model.type == none || video.model.type == ramfb) continue;
        const auto place = at(assignment.machine.q35() ? 1 : 2, 0);
        if (!map.slot_is_free(0, place.slot)) continue;
        video.info.address = place;
        if (auto reserved = map.reserve(video.info, describe(video)); !reserved) return reserved;
    }
    return {};
}

Result<> reserve_given(PciMap& map, model::DeviceInfo& info, const std::string& name) {
    if (!info.address) return {};
    const auto* address = std::get_if<PciAddress>(&*info.address);
    if (!address) return wrong_address(name, "pci");
    if (*address == PciAddress{}) {  // the host bridge's place stands for "none yet", as in libvirt
        info.address.reset();
        return {};
    }
    return map.reserve(info, name);
}

Result<> reserve_all_given(Assignment& assignment, PciMap& map, const std::vector<Pending>& devices) {
    auto& controllers = assignment.domain.devices.controllers;
    for (const auto& device : devices)
        if (auto reserved = reserve_given(map, *device.info, device.name); !reserved) return reserved;
    for (std::size_t i = 0; i < controllers.size(); ++i) {  // by number: reserving may add buses
        if (controllers[i].type != Controller::Type::pci && controllers[i].type != Controller::Type::ide) continue;
        if (PciMap::is_root(controllers[i])) continue;
        if (auto reserved = reserve_given(map, controllers[i].info, describe(controllers[i])); !reserved)
            return reserved;
    }
    return {};
}

}  // namespace

Result<> assign_pci(Assignment& assignment) {
    auto& devices = assignment.domain.devices;
    auto map = PciMap::of(assignment);
    if (!map) return Failure(map.error());
    const auto pending = pci_devices(devices);  // pointers into `controllers` hold: the map made room for every bus
    reserve_chipset(assignment, *map);
    if (auto done = reserve_all_given(assignment, *map, pending); !done) return done;
    if (assignment.machine.q35())
        if (auto done = place_built_in(assignment, *map, Controller::Type::sata, at(0x1f, 2)); !done) return done;
    if (assignment.machine.i440fx())
        if (auto done = place_built_in(assignment, *map, Controller::Type::ide, at(1, 1)); !done) return done;
    if (auto done = place_preferred(assignment, *map); !done) return done;

    const auto waiting =
        static_cast<std::size_t>(std::ranges::count_if(pending, [](const auto& p) { return !p.info->address; }));
    if (auto done = map->place_bridges(waiting); !done) return done;
    for (const auto& device : pending) {
        if (device.info->address) continue;
        if (auto done = map->place(*device.info, device.name, device.express); !done) return done;
    }
    return map->finish();
}

}  // namespace vireo::qemu
