// SPDX-License-Identifier: LGPL-2.1-or-later
// Drives: disks and SCSI devices of the host, their places on their buses, and the controllers that they need. What
// sits on PCI or USB is placed there.
#include "qemu/assign_parts.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <map>
#include <tuple>

namespace vireo::qemu {
namespace {
using model::Controller;
using model::Disk;
using model::DiskBus;
using model::DriveAddress;
using model::Hostdev;

constexpr std::uint32_t most_drive_controllers = 64;

// What places one controller has, and of those how many are given out. Unit 7 of a SCSI bus is the controller itself.
struct Places {
    std::uint32_t buses = 1;
    std::uint32_t given_buses = 1;
    std::uint32_t targets = 1;
    std::uint32_t units = 1;  // that a definition may name
    std::uint32_t given_units = 1;
    std::uint32_t hole = ~0u;
    std::uint32_t controllers = most_drive_controllers;
};

Places scsi_places(const Assignment& assignment, std::uint32_t controller) {
    using enum Controller::Model;
    const auto* found = find_controller(assignment.domain, Controller::Type::scsi, controller);
    const auto model = found && found->model ? *found->model : usual_scsi(assignment);
    switch (model) {
        case lsilogic:
        case ncr53c90:
        case dc390:
        case am53c974:
            return {.units = 8, .given_units = 16, .hole = 7};
        case ibmvscsi:
        case lsisas1068:
        case lsisas1078:
        case vmpvscsi:
        case buslogic:
            return {.targets = 256, .units = 256, .given_units = 16, .hole = 7};
        default:
            return {.targets = 256, .units = 16384, .given_units = 16, .hole = 7};
    }
}

Places places_of(const Assignment& assignment, DiskBus bus, std::uint32_t controller) {
    switch (bus) {
        case DiskBus::ide:
            // libvirt looks at no more than the controller; what QEMU's has is told when a guest starts.
            return {.buses = 256, .given_buses = 2, .units = 256, .given_units = 2};
        case DiskBus::fdc:
            return {.units = 2, .given_units = 2, .controllers = 1};
        case DiskBus::sata:
            return {.units = 6, .given_units = 6};
        case DiskBus::scsi:
            return scsi_places(assignment, controller);
        case DiskBus::nvme:
            return {.units = nvme_namespaces, .given_units = nvme_namespaces};
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
        case DiskBus::fdc:
            return Controller::Type::fdc;
        case DiskBus::nvme:
            return Controller::Type::nvme;
        default:
            return std::nullopt;
    }
}

class Drives {
public:
    explicit Drives(Assignment& assignment) : assignment_(assignment) {}

    Result<> keep(const model::DeviceInfo& info, DiskBus bus, const std::string& device) {
        if (!info.address) return {};
        const auto* address = info.at<DriveAddress>();
        if (!address) return wrong_address(device, "drive");
        const auto places = places_of(assignment_, bus, address->controller);
        if (address->controller >= places.controllers || address->bus >= places.buses ||
            address->target >= places.targets || address->unit >= places.units)
            return fail(Errc::invalid_config, device, " cannot be at ", text(*address, bus));
        auto [other, fresh] = taken_.insert({key(bus, *address), device});
        if (!fresh)
            return fail(Errc::invalid_config, other->second, " and ", device, " are both at ", text(*address, bus));
        return need_controller(bus, address->controller);
    }

    // The place that the disk's name stands for (sdb: unit 1), else the first that is free.
    Result<> place(Disk& disk) {
        if (disk.info.address) return {};
        if (auto number = disk_number(disk.target.dev))
            if (auto wanted = nth(disk.bus(), *number); wanted && is_free(disk.bus(), *wanted))
                return take(disk.info, disk.bus(), *wanted, describe(disk));
        return place_next(disk.info, disk.bus(), describe(disk));
    }

    Result<> place_next(model::DeviceInfo& info, DiskBus bus, const std::string& device) {
        if (info.address) return {};
        for (std::uint32_t number = 0;; ++number) {
            auto next = nth(bus, number);
            if (!next)
                return fail(Errc::invalid_config, "no place on the ", to_string(bus), " bus is free for ", device);
            if (is_free(bus, *next)) return take(info, bus, *next, device);
        }
    }

private:
    using Key = std::tuple<DiskBus, std::uint32_t, std::uint32_t, std::uint32_t, std::uint32_t>;
    static Key key(DiskBus bus, const DriveAddress& at) { return {bus, at.controller, at.bus, at.target, at.unit}; }
    static std::string text(const DriveAddress& at, DiskBus bus) {
        return fmt::format("controller {}, bus {}, target {}, unit {} of the {} bus", at.controller, at.bus, at.target,
                           at.unit, to_string(bus));
    }

    // The number-th place of a bus, counted over all controllers.
    std::optional<DriveAddress> nth(DiskBus bus, std::uint32_t number) const {
        for (std::uint32_t controller = 0;; ++controller) {
            const auto places = places_of(assignment_, bus, controller);
            if (controller >= places.controllers) return std::nullopt;
            const std::uint32_t units = places.given_units - (places.hole < places.given_units ? 1 : 0);
            if (number >= places.given_buses * units) {
                number -= places.given_buses * units;
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

    bool is_free(DiskBus bus, const DriveAddress& at) const {
        const auto places = places_of(assignment_, bus, at.controller);
        return at.unit < places.units && !taken_.contains(key(bus, at));
    }

    Result<> take(model::DeviceInfo& info, DiskBus bus, const DriveAddress& address, const std::string& device) {
        taken_.insert({key(bus, address), device});
        info.address = address;
        return need_controller(bus, address.controller);
    }

    Result<> need_controller(DiskBus bus, std::uint32_t index) const {
        if (bus != DiskBus::ide || (index == 0 && assignment_.machine.builtin_ide())) return {};
        return Failure(
            Error(Errc::invalid_config, fmt::format("the ide controller {} does not exist on machines of the "
                                                    "type '{}'",
                                                    index, assignment_.machine.name))
                .with_hint("Use bus='sata', bus='virtio' or bus='scsi'"));
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
    if (bus == DiskBus::ide && !assignment.machine.builtin_ide())
        return Failure(
            Error(Errc::invalid_config, fmt::format("{} is on the ide bus, which machines of the type '{}' do not have",
                                                    describe(disk), assignment.machine.name))
                .with_hint(assignment.x86() ? "Use bus='sata' or bus='virtio'" : "Use bus='virtio' or bus='scsi'"));
    if (floppy && !assignment.machine.has_floppy())
        return fail(Errc::invalid_config, describe(disk), " is a floppy, which machines of the type '",
                    assignment.machine.name, "' do not have");
    return {};
}

bool is_drive(const Disk& disk) {
    return controller_type(disk.bus()).has_value();
}
bool is_scsi(const Hostdev& hostdev) {
    return hostdev.type == Hostdev::Type::scsi;
}

// All up to the last one that is needed: libvirt leaves no gaps.
void make_controllers(Assignment& assignment, Controller::Type type, std::optional<std::uint32_t> last) {
    for (std::uint32_t index = 0; last && index <= *last; ++index) {
        auto& controller = ensure_controller(assignment.domain, type, index);
        if (type == Controller::Type::scsi && !controller.model) controller.model = usual_scsi(assignment);
    }
}

std::optional<std::uint32_t> last_controller(const std::vector<Disk>& disks, Controller::Type type) {
    std::optional<std::uint32_t> last;
    for (const auto& disk : disks)
        if (const auto* at = disk.info.at<DriveAddress>(); at && controller_type(disk.bus()) == type)
            last = std::max(last.value_or(0), at->controller);
    return last;
}

// libvirt's order, which decides about boot order and places: those of one bus by their names, wherever they are in the
// document.
std::size_t place_in(const std::vector<Disk>& disks, const Disk& disk) {
    std::optional<std::size_t> place;
    for (std::size_t i = disks.size(); i-- > 0;) {
        if (disks[i].bus() != disk.bus()) continue;
        if (disk_number(disks[i].target.dev) > disk_number(disk.target.dev))
            place = i;
        else if (!place)
            place = i + 1;
    }
    return place.value_or(disks.size());
}

void sort(std::vector<Disk>& disks) {
    std::vector<Disk> sorted;
    sorted.reserve(disks.size());
    for (auto& disk : disks) {
        const auto place = static_cast<std::ptrdiff_t>(place_in(sorted, disk));
        sorted.insert(sorted.begin() + place, std::move(disk));
    }
    disks = std::move(sorted);
}

// To a guest a CD drive is one behind usb-bot only.
Disk::Model usual_usb_model(const Disk& disk, const Capabilities& capabilities) {
    const bool bridged = disk.device == Disk::Device::cdrom && capabilities.has_device("usb-bot");
    return bridged ? Disk::Model::usb_bot : Disk::Model::usb_storage;
}

void fill_in(Disk& disk, const Capabilities& capabilities) {
    disk.target.bus = disk.bus();
    if (!disk.driver) disk.driver.emplace();
    if (!disk.driver->name) disk.driver->name = model::DiskDriver::Name::qemu;
    if (!disk.driver->type) disk.driver->type = model::DiskFormat::raw;
    if (disk.device == Disk::Device::cdrom) disk.readonly = true;
    if (disk.bus() == DiskBus::usb && !disk.model) disk.model = usual_usb_model(disk, capabilities);
}

}  // namespace

Result<> assign_drives(Assignment& assignment) {
    auto& devices = assignment.domain.devices;
    Drives drives(assignment);
    sort(devices.disks);
    for (auto& disk : devices.disks) {
        if (auto checked = check_bus(assignment, disk); !checked) return checked;
        fill_in(disk, assignment.capabilities);
        if (!is_drive(disk)) continue;
        if (auto kept = drives.keep(disk.info, disk.bus(), describe(disk)); !kept) return kept;
    }
    for (const auto& hostdev : devices.hostdevs)
        if (is_scsi(hostdev))
            if (auto kept = drives.keep(hostdev.info, DiskBus::scsi, describe(hostdev)); !kept) return kept;
    for (auto& disk : devices.disks)
        if (is_drive(disk))
            if (auto placed = drives.place(disk); !placed) return placed;
    for (auto& hostdev : devices.hostdevs)
        if (is_scsi(hostdev))
            if (auto placed = drives.place_next(hostdev.info, DiskBus::scsi, describe(hostdev)); !placed) return placed;
    for (const auto type : {Controller::Type::scsi, Controller::Type::fdc, Controller::Type::ide,
                            Controller::Type::sata, Controller::Type::nvme})
        make_controllers(assignment, type, last_controller(devices.disks, type));
    return {};
}

Result<> assign_hostdev_controllers(Assignment& assignment) {
    std::optional<std::uint32_t> last;
    for (const auto& hostdev : assignment.domain.devices.hostdevs)
        if (const auto* at = hostdev.info.at<DriveAddress>(); at && is_scsi(hostdev))
            last = std::max(last.value_or(0), at->controller);
    make_controllers(assignment, Controller::Type::scsi, last);
    return {};
}

}  // namespace vireo::qemu
