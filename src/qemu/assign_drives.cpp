// SPDX-License-Identifier: LGPL-2.1-or-later
// Disks: their bus, their place on it, and the controllers that it needs. What sits on PCI or USB is placed there.
#include "qemu/assign_parts.hpp"

#include <fmt/format.h>
#include <map>
#include <tuple>

namespace vireo::qemu {
namespace {
using model::Controller;
using model::Disk;
using model::DiskBus;
using model::DriveAddress;

constexpr std::uint32_t most_drive_controllers = 64;

// What places one controller has. Targets exist on virtio-scsi only; unit 7 of a SCSI bus is the controller itself.
struct Places {
    std::uint32_t buses = 1;
    std::uint32_t targets = 1;
    std::uint32_t units = 1;        // that a definition may name
    std::uint32_t given_units = 1;  // of those, how many are given out
    std::uint32_t hole = ~0u;
    std::uint32_t controllers = most_drive_controllers;
};

Places places_of(const Assignment& assignment, DiskBus bus, std::uint32_t controller) {
    switch (bus) {
        case DiskBus::ide:
            return {.buses = 2, .units = 2, .given_units = 2, .controllers = 1};
        case DiskBus::fdc:
            return {.units = 2, .given_units = 2, .controllers = 1};
        case DiskBus::sata:
            return {.units = 6, .given_units = 6};
        case DiskBus::scsi: {
            const auto* found = find_controller(assignment.domain, Controller::Type::scsi, controller);
            const bool is_virtio = !found || !found->model || found->model == Controller::Model::virtio_scsi;
            if (is_virtio) return {.targets = 256, .units = 16384, .given_units = 16, .hole = 7};
            return {.units = 16, .given_units = 7, .hole = 7};
        }
        default:
            return {};
    }
}

std::optional<Controller::Type> controller_type(DiskBus bus) {
    switch (bus) {
        case DiskBus::ide:
            return Controller::Type::ide;
        case DiskBus::sata:
            return Controller::Type::sata;
        case DiskBus::scsi:
            return Controller::Type::scsi;
        default:
            return std::nullopt;  // the floppy controller is not in the definition
    }
}

class Drives {
public:
    explicit Drives(Assignment& assignment) : assignment_(assignment) {}

    Result<> keep(const Disk& disk) {
        if (!disk.info.address) return {};
        const auto* address = std::get_if<DriveAddress>(&*disk.info.address);
        if (!address) return wrong_address(describe(disk), "drive");
        const auto places = places_of(assignment_, disk.bus(), address->controller);
        if (address->controller >= places.controllers || address->bus >= places.buses ||
            address->target >= places.targets || address->unit >= places.units ||
            (places.hole == address->unit && places.targets == 1))
            return fail(
                Errc::invalid_config, describe(disk),
                fmt::format(" cannot be at controller {}, bus {}, target {}, unit {} of the {} bus",
                            address->controller, address->bus, address->target, address->unit, to_string(disk.bus())));
        auto [other, fresh] = taken_.insert({key(disk.bus(), *address), describe(disk)});
        if (!fresh)
            return fail(
                Errc::invalid_config, other->second, " and ", describe(disk),
                fmt::format(" are both at controller {}, bus {}, target {}, unit {} of the {} bus", address->controller,
                            address->bus, address->target, address->unit, to_string(disk.bus())));
        make_controller(disk.bus(), address->controller);
        return {};
    }

    // The place that the disk's name stands for (sdb: unit 1), else the first that is free.
    Result<> place(Disk& disk) {
        if (disk.info.address) return {};
        if (auto number = disk_number(disk.target.dev)) {
            if (auto wanted = nth(disk.bus(), *number)) {
                if (take(disk, *wanted)) return {};
            }
        }
        for (std::uint32_t number = 0;; ++number) {
            auto next = nth(disk.bus(), number);
            if (!next) break;
            if (take(disk, *next)) return {};
        }
        return fail(Errc::invalid_config, "no place on the ", to_string(disk.bus()), " bus is free for ",
                    describe(disk));
    }

private:
    using Key = std::tuple<DiskBus, std::uint32_t, std::uint32_t, std::uint32_t, std::uint32_t>;
    static Key key(DiskBus bus, const DriveAddress& at) { return {bus, at.controller, at.bus, at.target, at.unit}; }

    // The number-th place of a bus, counted over all controllers.
    std::optional<DriveAddress> nth(DiskBus bus, std::uint32_t number) const {
        for (std::uint32_t controller = 0;; ++controller) {
            const auto places = places_of(assignment_, bus, controller);
            if (controller >= places.controllers) return std::nullopt;
            const std::uint32_t units = places.given_units - (places.hole < places.given_units ? 1 : 0);
            if (number >= places.buses * units) {
                number -= places.buses * units;
                continue;
            }
            DriveAddress address;
            address.controller = controller;
            address.bus = number / units;
            address.unit = number % units;
            if (address.unit >= places.hole) ++address.unit;
            return address;
        }
    }

    bool take(Disk& disk, const DriveAddress& address) {
        if (!taken_.insert({key(disk.bus(), address), describe(disk)}).second) return false;
        disk.info.address = address;
        make_controller(disk.bus(), address.controller);
        return true;
    }

    void make_controller(DiskBus bus, std::uint32_t index) {
        auto type = controller_type(bus);
        if (!type) return;
        auto& controller = ensure_controller(assignment_.domain, *type, index);
        if (*type == Controller::Type::scsi && !controller.model) controller.model = Controller::Model::virtio_scsi;
    }

    Assignment& assignment_;
    std::map<Key, std::string> taken_;
};

Result<> check_bus(const Assignment& assignment, const Disk& disk) {
    const auto bus = disk.bus();
    const bool floppy = disk.device == Disk::Device::floppy;
    if (floppy != (bus == DiskBus::fdc))
        return fail(Errc::invalid_config, describe(disk), " is a ", to_string(disk.device), ", which cannot be on the ",
                    to_string(bus), " bus");
    if (disk.device == Disk::Device::cdrom && bus == DiskBus::virtio)
        return Failure(Error(Errc::invalid_config, describe(disk) + " is a cdrom, which cannot be on the virtio bus")
                           .with_hint("Use bus='sata' (on q35) or bus='scsi'"));
    if (bus == DiskBus::ide && !assignment.machine.i440fx())
        return Failure(
            Error(Errc::invalid_config, fmt::format("{} is on the ide bus, which machines of the type '{}' do not have",
                                                    describe(disk), assignment.domain.os.type.machine))
                .with_hint(assignment.x86() ? "Use bus='sata' or bus='virtio'" : "Use bus='virtio' or bus='scsi'"));
    if (bus == DiskBus::fdc && !assignment.x86())
        return fail(Errc::invalid_config, describe(disk), " is a floppy, which machines of the type '",
                    assignment.domain.os.type.machine, "' do not have");
    return {};
}

}  // namespace

Result<> assign_drives(Assignment& assignment) {
    auto& disks = assignment.domain.devices.disks;
    Drives drives(assignment);
    auto is_drive = [](const Disk& disk) { return disk.bus() != DiskBus::virtio && disk.bus() != DiskBus::usb; };
    for (auto& disk : disks) {
        if (auto checked = check_bus(assignment, disk); !checked) return checked;
        disk.target.bus = disk.bus();
        if (!disk.driver) disk.driver.emplace();
        if (!disk.driver->name) disk.driver->name = model::DiskDriver::Name::qemu;
        if (!disk.driver->type) disk.driver->type = model::DiskFormat::raw;
        if (disk.device == Disk::Device::cdrom) disk.readonly = true;
        if (!is_drive(disk)) continue;
        if (auto kept = drives.keep(disk); !kept) return kept;
    }
    for (auto& disk : disks) {
        if (!is_drive(disk)) continue;
        if (auto placed = drives.place(disk); !placed) return placed;
    }
    return {};
}

}  // namespace vireo::qemu
