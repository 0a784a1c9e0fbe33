// SPDX-License-Identifier: LGPL-2.1-or-later
// Disks: the block nodes of their images, and the devices.
#include "qemu/command_line_builder.hpp"

#include <charconv>
#include <fmt/format.h>

namespace vireo::qemu {
using model::Controller;
using model::Disk;
using model::DiskBus;
using model::DiskDriver;

namespace {

using Cache = DiskDriver::Cache;
Cache cache_of(const Disk& disk) {
    return disk.driver && disk.driver->cache ? *disk.driver->cache : Cache::default_;
}
bool is_direct(Cache cache) {
    return cache == Cache::none || cache == Cache::directsync;
}

void add_cache(json::object& node, Cache cache) {
    if (cache == Cache::default_) return;
    json::object modes;
    modes["direct"] = is_direct(cache);
    modes["no-flush"] = cache == Cache::unsafe;
    node["cache"] = std::move(modes);
}

std::string format_node(std::uint32_t number) {
    return fmt::format("vireo-{}-format", number);
}
std::string storage_name(std::uint32_t number) {
    return fmt::format("vireo-{}-storage", number);
}

// QEMU's words for what to do when reading or writing fails.
void add_error_policies(json::object& device, const DiskDriver& driver) {
    using ErrorPolicy = DiskDriver::ErrorPolicy;
    if (driver.error_policy)
        device["werror"] = driver.error_policy == ErrorPolicy::enospace ? "enospc" : to_string(*driver.error_policy);
    if (driver.rerror_policy)
        device["rerror"] = to_string(*driver.rerror_policy);
    else if (driver.error_policy)
        device["rerror"] = driver.error_policy == ErrorPolicy::enospace ? "report" : to_string(*driver.error_policy);
}

void add_disk_properties(json::object& device, const Disk& disk, const std::string& node) {
    if (!node.empty()) device["drive"] = node;
    if (disk.shareable) device["share-rw"] = true;
    if (const auto cache = cache_of(disk); cache != Cache::default_ && !node.empty())
        device["write-cache"] = cache == Cache::writethrough || cache == Cache::directsync ? "off" : "on";
    if (!disk.serial.empty()) device["serial"] = disk.serial;
    if (disk.driver) add_error_policies(device, *disk.driver);
}

}  // namespace

json::object CommandLineBuilder::storage_node(const Disk& disk, const DiskImage& image, std::uint32_t number) {
    json::object node;
    node["driver"] = image.block_device ? "host_device" : "file";
    node["filename"] = add_descriptor(image.fd, fmt::format("{} image {}", describe(disk), number), image.path);
    node["node-name"] = storage_name(number);
    node["read-only"] = image.read_only;
    node["discard"] = "unmap";
    const auto cache = cache_of(disk);
    if (disk.driver && disk.driver->io) {
        if (*disk.driver->io == DiskDriver::Io::native && !is_direct(cache))
            problem(Errc::invalid_config,
                    describe(disk) + " has io='native', which needs cache='none' or cache='directsync'");
        node["aio"] = to_string(*disk.driver->io);
    }
    add_cache(node, cache);
    return node;
}

// From the bottom up, because a node has to exist before another one names it. → the node that the device uses
std::string CommandLineBuilder::add_chain(const Disk& disk, const std::vector<DiskImage>& chain) {
    auto& numbers = line_.images.emplace_back();
    for (std::size_t i = 0; i < chain.size(); ++i) numbers.push_back(++images_);
    for (std::size_t i = chain.size(); i-- > 0;) {
        const auto& image = chain[i];
        add("-blockdev", storage_node(disk, image, numbers[i]));
        json::object node;
        node["node-name"] = format_node(numbers[i]);
        node["read-only"] = image.read_only;
        if (i == 0 && disk.driver) {
            const bool unmap = disk.driver->discard == DiskDriver::Discard::unmap;
            if (disk.driver->discard) node["discard"] = to_string(*disk.driver->discard);
            if (auto zeroes = disk.driver->detect_zeroes) {
                if (*zeroes == DiskDriver::DetectZeroes::unmap && !unmap) zeroes = DiskDriver::DetectZeroes::on;
                node["detect-zeroes"] = to_string(*zeroes);
            }
        }
        add_cache(node, cache_of(disk));
        node["driver"] = to_string(image.format);
        node["file"] = storage_name(numbers[i]);
        if (i + 1 < chain.size())
            node["backing"] = format_node(numbers[i + 1]);
        else if (image.format == model::DiskFormat::qcow2)
            node["backing"] = nullptr;  // whatever its header says
        add("-blockdev", node);
    }
    return chain.empty() ? std::string() : format_node(numbers.front());
}

std::optional<std::uint32_t> CommandLineBuilder::boot_index(const Disk& disk) const {
    if (disk.boot_order) return disk.boot_order;
    const auto kind = disk.device == Disk::Device::cdrom    ? model::BootDevice::cdrom
                      : disk.device == Disk::Device::floppy ? model::BootDevice::fd
                                                            : model::BootDevice::hd;
    for (const auto& other : domain_.devices.disks) {
        if (other.device != disk.device) continue;
        if (&other != &disk) return std::nullopt;  // <boot dev=…> means the first of its kind
        break;
    }
    for (std::size_t i = 0; i < domain_.os.boot.size(); ++i)
        if (domain_.os.boot[i] == kind) return static_cast<std::uint32_t>(i + 1);
    return std::nullopt;
}

void CommandLineBuilder::place_drive(json::object& device, const Disk& disk) {
    const auto* at = disk.info.address ? std::get_if<model::DriveAddress>(&*disk.info.address) : nullptr;
    if (!at) return problem(Errc::internal, describe(disk) + " has no address");
    switch (disk.bus()) {
        case DiskBus::ide:
            device["bus"] =
                fmt::format("{}.{}", bus_name(Controller::Type::ide, at->controller, describe(disk)), at->bus);
            device["unit"] = at->unit;
            break;
        case DiskBus::sata:
            device["bus"] =
                fmt::format("{}.{}", bus_name(Controller::Type::sata, at->controller, describe(disk)), at->unit);
            break;
        case DiskBus::fdc:
            device["unit"] = at->unit;
            break;
        default: {
            const auto* controller = find_controller(domain_, Controller::Type::scsi, at->controller);
            device["bus"] = bus_name(Controller::Type::scsi, at->controller, describe(disk)) + ".0";
            const bool is_virtio = controller && controller->model == Controller::Model::virtio_scsi;
            if (is_virtio) device["channel"] = at->bus;
            device["scsi-id"] = is_virtio ? at->target : at->unit;
            if (is_virtio) device["lun"] = at->unit;
            device["device_id"] = "drive-" + disk.info.alias;
        }
    }
}

// usb-storage knows hard disks only; a CD drive is a SCSI one behind a bridge of its own.
void CommandLineBuilder::add_usb_cdrom(const Disk& disk, const std::string& node) {
    model::DeviceInfo bridge = disk.info, drive;
    bridge.alias = disk.info.alias + "-bridge";
    drive.alias = disk.info.alias;
    auto bot = device("usb-bot", bridge, describe(disk));
    add_address(bot, bridge, describe(disk));
    add("-device", bot);
    auto cd = device("scsi-cd", drive, describe(disk));
    cd["bus"] = bridge.alias + ".0";
    cd["scsi-id"] = 0;
    cd["lun"] = 0;
    add_disk_properties(cd, disk, node);
    if (auto index = boot_index(disk)) cd["bootindex"] = *index;
    add("-device", cd);
}

void CommandLineBuilder::add_disk(const Disk& disk, const std::string& node) {
    const bool cd = disk.device == Disk::Device::cdrom;
    const auto bus = disk.bus();
    if (node.empty() && disk.device == Disk::Device::disk)
        return problem(Errc::invalid_config, describe(disk) + " has no image");
    if (bus == DiskBus::usb && cd) return add_usb_cdrom(disk, node);
    std::string_view driver = "virtio-blk-pci";
    if (bus == DiskBus::ide || bus == DiskBus::sata) driver = cd ? "ide-cd" : "ide-hd";
    if (bus == DiskBus::scsi) driver = cd ? "scsi-cd" : "scsi-hd";
    if (bus == DiskBus::usb) driver = "usb-storage";
    if (bus == DiskBus::fdc) driver = "floppy";
    if (driver == "ide-hd" && disk.readonly)
        return problem(Errc::unsupported, describe(disk) + " is read-only, which disks on the " +
                                              std::string(to_string(bus)) + " bus cannot be");
    auto object = device(driver, disk.info, describe(disk));
    if (bus == DiskBus::virtio || bus == DiskBus::usb)
        add_address(object, disk.info, describe(disk));
    else
        place_drive(object, disk);
    add_disk_properties(object, disk, node);
    if (!disk.wwn.empty()) {
        std::uint64_t wwn = 0;
        std::string_view digits = disk.wwn;
        if (digits.starts_with("0x")) digits.remove_prefix(2);
        auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), wwn, 16);
        if (error != std::errc() || end != digits.data() + digits.size() || bus == DiskBus::virtio ||
            bus == DiskBus::usb || bus == DiskBus::fdc)
            return problem(Errc::invalid_config, describe(disk) + " cannot have a world wide name");
        object["wwn"] = wwn;
    }
    if (auto index = boot_index(disk); index && bus != DiskBus::fdc) object["bootindex"] = *index;
    add("-device", object);
}

// In pc machines it is there already; its drives' places in the boot order are its own.
void CommandLineBuilder::add_floppy_controller() {
    json::object controller;
    controller["driver"] = "isa-fdc";
    controller["id"] = "fdc0";
    bool any = false;
    for (const auto& disk : domain_.devices.disks) {
        if (disk.bus() != DiskBus::fdc) continue;
        any = true;
        const auto* at = disk.info.address ? std::get_if<model::DriveAddress>(&*disk.info.address) : nullptr;
        const auto index = boot_index(disk);
        if (!at || !index) continue;
        const auto* name = at->unit == 0 ? "bootindexA" : "bootindexB";
        controller[name] = *index;
        if (machine_.i440fx()) add("-global", fmt::format("isa-fdc.{}={}", name, *index));
    }
    if (any && machine_.q35()) add("-device", controller);
}

void CommandLineBuilder::add_disks() {
    add_floppy_controller();
    for (std::size_t i = 0; i < domain_.devices.disks.size(); ++i) {
        const auto& disk = domain_.devices.disks[i];
        add_disk(disk, add_chain(disk, resources_.disks[i]));
    }
}

}  // namespace vireo::qemu
