// SPDX-License-Identifier: LGPL-2.1-or-later
// Disks: the block nodes of their images, and the devices.
#include "qemu/block_nodes.hpp"
#include "qemu/command_line_builder.hpp"
#include "qemu/disk_throttle.hpp"

#include <charconv>
#include <fmt/format.h>

namespace vireo::qemu {
using model::Controller;
using model::Disk;
using model::DiskBus;
using model::DiskDriver;
using model::SourceType;

namespace {

using Cache = DiskDriver::Cache;
// With the cache that it really has: what several guests write is never kept by the host.
DiskDriver driver_of(const Disk& disk) {
    auto driver = disk.driver.value_or(DiskDriver());
    if (disk.shareable && !disk.readonly && driver.cache.value_or(Cache::default_) == Cache::default_)
        driver.cache = Cache::none;
    return driver;
}
bool is_lun(const Disk& disk) {
    return disk.device == Disk::Device::lun;
}

bool removable(const Disk& disk) {
    return disk.device == Disk::Device::cdrom || disk.device == Disk::Device::floppy;
}
// Do both count as the same kind in <boot dev=…>?
bool same_kind(const Disk& a, const Disk& b) {
    return a.device == b.device || (!removable(a) && !removable(b));
}

// QEMU's words for what to do when reading or writing fails.
void add_error_policies(json::object& device, const DiskDriver& driver) {
    using ErrorPolicy = DiskDriver::ErrorPolicy;
    const bool no_space = driver.error_policy == ErrorPolicy::enospace;
    if (driver.error_policy) device["werror"] = no_space ? "enospc" : to_string(*driver.error_policy);
    if (driver.rerror_policy)
        device["rerror"] = to_string(*driver.rerror_policy);
    else if (driver.error_policy && !no_space)
        device["rerror"] = to_string(*driver.error_policy);
}

void add_geometry(json::object& device, const Disk& disk) {
    if (disk.geometry) {
        if (disk.geometry->cylinders > 0 && disk.geometry->heads > 0 && disk.geometry->sectors > 0) {
            device["cyls"] = disk.geometry->cylinders;
            device["heads"] = disk.geometry->heads;
            device["secs"] = disk.geometry->sectors;
        }
        if (disk.geometry->translation && (disk.bus() == DiskBus::ide || disk.bus() == DiskBus::sata))
            device["bios-chs-trans"] = to_string(*disk.geometry->translation);
    }
    if (!disk.blocks) return;
    if (disk.blocks->logical_block_size) device["logical_block_size"] = *disk.blocks->logical_block_size;
    if (disk.blocks->physical_block_size) device["physical_block_size"] = *disk.blocks->physical_block_size;
    if (disk.blocks->discard_granularity) device["discard_granularity"] = *disk.blocks->discard_granularity;
}

void add_identity(json::object& device, const Disk& disk) {
    const bool controllers = disk.bus() == DiskBus::nvme;  // whose namespaces have none of their own
    if (!disk.serial.empty() && !is_lun(disk) && !controllers) device["serial"] = disk.serial;
    if (!disk.vendor.empty()) device["vendor"] = disk.vendor;
    if (!disk.product.empty()) device["product"] = disk.product;
    if (disk.target.rotation_rate) device["rotation_rate"] = *disk.target.rotation_rate;
    if (disk.target.dpofua) device["dpofua"] = *disk.target.dpofua;
    std::string_view digits = disk.wwn;
    if (digits.starts_with("0x")) digits.remove_prefix(2);
    std::uint64_t wwn = 0;
    if (std::from_chars(digits.data(), digits.data() + digits.size(), wwn, 16).ec == std::errc()) device["wwn"] = wwn;
}

void add_disk_properties(json::object& device, const Disk& disk, const std::string& node) {
    const auto driver = driver_of(disk);
    if (!node.empty()) device["drive"] = node;
    if (disk.shareable) device["share-rw"] = true;
    const bool passthrough = is_lun(disk) && disk.bus() == DiskBus::scsi;  // has the real one's cache
    if (const auto cache = driver.cache.value_or(Cache::default_); cache != Cache::default_ && !passthrough)
        device["write-cache"] = cache == Cache::writethrough || cache == Cache::directsync ? "off" : "on";
    add_error_policies(device, driver);
    add_geometry(device, disk);
    add_identity(device, disk);
}

void add_virtio_properties(json::object& device, const Disk& disk) {
    const auto driver = driver_of(disk);
    add_virtio_options(device, driver.virtio);
    if (driver.ioeventfd) device["ioeventfd"] = *driver.ioeventfd;
    if (driver.event_idx) device["event_idx"] = *driver.event_idx;
    if (driver.queues) device["num-queues"] = *driver.queues;
    if (driver.queue_size) device["queue-size"] = *driver.queue_size;
    if (is_lun(disk)) device["scsi"] = true;
    use_io_threads(device, driver.iothread, driver.iothreads);
}

model::VirtioModel virtio_model(const Disk& disk) {
    switch (disk.model.value_or(Disk::Model::virtio)) {
        case Disk::Model::virtio_transitional:
            return model::VirtioModel::transitional;
        case Disk::Model::virtio_non_transitional:
            return model::VirtioModel::non_transitional;
        default:
            return model::VirtioModel::virtio;
    }
}

// The layers that the definition names; where it says nothing of a backing
// store, the image's header decides.
std::vector<BlockLayer> layers_of(const Disk& disk) {
    std::vector<BlockLayer> layers;
    auto& first = layers.emplace_back();
    first.type = disk.type;
    first.source = disk.source ? &*disk.source : nullptr;
    first.auth = disk.authentication();
    first.encryption = disk.image_encryption();
    first.format = disk.format();
    if (disk.driver && disk.driver->metadata_cache) first.metadata_cache = disk.driver->metadata_cache->max_size;
    first.read_only = disk.readonly || disk.device == Disk::Device::cdrom;
    first.floppy = disk.device == Disk::Device::floppy;
    for (const auto* below = &disk.backing_store; below->has_value(); below = &(*below)->backing_store) {
        const auto& store = **below;
        if (!store.type) {
            layers.back().ends = true;
            break;
        }
        auto& layer = layers.emplace_back();
        layer.type = *store.type;
        layer.source = store.source ? &*store.source : nullptr;
        if (layer.source && layer.source->auth) layer.auth = &*layer.source->auth;
        if (layer.source && layer.source->encryption) layer.encryption = &*layer.source->encryption;
        if (store.format) {
            layer.format = store.format->type;
            if (store.format->metadata_cache) layer.metadata_cache = store.format->metadata_cache->max_size;
        }
        layer.read_only = true;
    }
    return layers;
}

// By the names that Linux gives to optical drives.
bool is_optical(std::string_view path) {
    for (const std::string_view name : {"/dev/cdrom", "/dev/sr", "/dev/dvd", "/dev/scd"})
        if (path.starts_with(name)) return path.find('/', name.size()) == std::string_view::npos;
    return false;
}

void name_file(BlockLayer& layer, bool cdrom) {
    if (!layer.source) return;
    layer.optical = cdrom && layer.type == SourceType::block && is_optical(layer.source->dev);
    layer.block_device = layer.type == SourceType::block;
    layer.file = layer.type == SourceType::file ? layer.source->file : layer.source->dev;
    layer.auto_read_only = true;
}

}  // namespace

// From the bottom up, because a node has to exist before another one names it.
// → the node that the device uses
std::string CommandLineBuilder::add_chain(const Disk& disk, const std::vector<DiskImage>& images) {
    auto& numbers = line_.images.emplace_back();
    if (disk.empty() || disk.type == SourceType::vhostuser) return {};
    auto layers = layers_of(disk);
    const bool opened = !images.empty() && images.front().fd >= 0;
    if (opened) layers.resize(images.size());  // what the images themselves say goes
    for (auto& layer : layers) numbers.push_back(layer.number = ++images_);
    for (std::size_t i = layers.size(); i-- > 0;) {
        auto& layer = layers[i];
        if (!opened) {
            name_file(layer, disk.device == Disk::Device::cdrom);
            if (layer.type == SourceType::volume && resources_.display)
                layer.file = layer.source->pool + "/" + layer.source->volume;
            continue;
        }
        layer.type = SourceType::file;
        layer.format = images[i].format;
        layer.read_only = images[i].read_only;
        layer.block_device = images[i].block_device;
        layer.file = add_descriptor(images[i].fd, fmt::format("{} image {}", describe(disk), layer.number));
        layer.ends = i + 1 == layers.size();
    }
    auto nodes = block_nodes(layers, driver_of(disk), "vireo-CoR-" + disk.target.dev);
    if (!nodes) {
        problem(nodes.error().code(), describe(disk) + " " + std::string(nodes.error().message()));
        return {};
    }
    for (const auto& object : nodes->objects)
        if (objects_.insert(std::string(object.at("id").as_string())).second) add("-object", object);
    for (const auto& node : nodes->nodes) add("-blockdev", node);
    auto top = nodes->top;
    for (std::size_t i = 0; i < disk.throttle_filters.size(); ++i) {
        json::object node;
        node["driver"] = "throttle";
        node["node-name"] = fmt::format("vireo-{}-filter-{}", layers.front().number, i);  // at most 31 characters
        node["throttle-group"] = throttle_group_id(disk.throttle_filters[i].group);
        node["file"] = top;
        top = node["node-name"].as_string();
        add("-blockdev", node);
    }
    return top;
}

std::optional<std::uint32_t> CommandLineBuilder::boot_index(const Disk& disk) const {
    if (disk.boot_order) return disk.boot_order;
    const auto kind = disk.device == Disk::Device::cdrom    ? model::BootDevice::cdrom
                      : disk.device == Disk::Device::floppy ? model::BootDevice::fd
                                                            : model::BootDevice::hd;
    for (const auto& other : domain_.devices.disks) {
        if (!same_kind(other, disk)) continue;
        if (&other != &disk) return std::nullopt;  // <boot dev=…> means the first of its kind
        break;
    }
    for (std::size_t i = 0; i < domain_.os.boot.size(); ++i)
        if (domain_.os.boot[i] == kind) return static_cast<std::uint32_t>(i + 1);
    return std::nullopt;
}

void CommandLineBuilder::place_drive(json::object& device, const Disk& disk) {
    const auto* at = disk.info.at<model::DriveAddress>();
    if (!at) return problem(Errc::internal, describe(disk) + " has no address");
    switch (disk.bus()) {
        case DiskBus::ide:
            if (!resources_.display && (at->bus > 1 || at->unit > 1))
                return problem(Errc::unsupported,
                               fmt::format("{} is unit {} of the IDE channel {}, and QEMU's have the units 0 and 1 of "
                                           "the channels 0 and 1",
                                           describe(disk), at->unit, at->bus));
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
        case DiskBus::nvme:
            device["bus"] = bus_name(Controller::Type::nvme, at->controller, describe(disk));
            device["nsid"] = at->unit + 1;
            break;
        default:
            place_on_scsi(device, *at, describe(disk));
            if (!is_lun(disk)) device["device_id"] = disk.serial.empty() ? "drive-" + disk.info.alias : disk.serial;
    }
}

// Parallel SCSI has ids only; its later kinds have a channel, an id and a unit.
void CommandLineBuilder::place_on_scsi(json::object& device, const model::DriveAddress& at, const std::string& owner) {
    using enum Controller::Model;
    const auto* controller = find_controller(domain_, Controller::Type::scsi, at.controller);
    device["bus"] = bus_name(Controller::Type::scsi, at.controller, owner) + ".0";
    const auto model = controller && controller->model ? *controller->model : virtio_scsi;
    if (model == lsilogic || model == ncr53c90 || model == dc390 || model == am53c974) {
        device["scsi-id"] = at.unit;
        return;
    }
    device["channel"] = at.bus;
    device["scsi-id"] = at.target;
    device["lun"] = at.unit;
}

// A SCSI drive behind a bridge of its own: the model for CD drives that are to
// be seen as such.
void CommandLineBuilder::add_usb_bridged(const Disk& disk, const std::string& node) {
    model::DeviceInfo bridge = disk.info, drive;
    bridge.alias = disk.info.alias + "-bridge";
    drive.alias = disk.info.alias;
    auto bot = device("usb-bot", bridge, describe(disk));
    add_address(bot, bridge, describe(disk));
    add("-device", bot);
    auto scsi = device(disk.device == Disk::Device::cdrom ? "scsi-cd" : "scsi-hd", drive, describe(disk));
    scsi["bus"] = bridge.alias + ".0";
    scsi["scsi-id"] = 0;
    scsi["lun"] = 0;
    add_disk_properties(scsi, disk, node);
    if (auto index = boot_index(disk)) scsi["bootindex"] = *index;
    add("-device", scsi);
}

std::string CommandLineBuilder::disk_driver(const Disk& disk) {
    const bool cd = disk.device == Disk::Device::cdrom;
    switch (disk.bus()) {
        case DiskBus::ide:
        case DiskBus::sata:
            return cd ? "ide-cd" : "ide-hd";
        case DiskBus::scsi:
            return is_lun(disk) ? "scsi-block" : cd ? "scsi-cd" : "scsi-hd";
        case DiskBus::usb:
            return "usb-storage";
        case DiskBus::fdc:
            return "floppy";
        case DiskBus::nvme:
            return "nvme-ns";
        default:
            return virtio_driver(disk.type == SourceType::vhostuser ? "vhost-user-blk" : "virtio-blk",
                                 virtio_model(disk), disk.info);
    }
}

// The server's socket; there is no block node, the data never come by QEMU.
std::string CommandLineBuilder::add_disk_server(const Disk& disk) {
    const auto id = "chr-vu-" + disk.info.alias;
    auto socket = fmt::format("socket,id={},path={}", id, escape_commas(disk.source->path));
    const auto& reconnect = disk.source->reconnect;
    if (reconnect && reconnect->enabled == true && reconnect->timeout)
        socket += fmt::format(",reconnect={}", *reconnect->timeout);
    add("-chardev", std::move(socket));
    return id;
}

// Memory cards are part of the boards that have them: only -drive reaches them.
void CommandLineBuilder::add_memory_card(const Disk& disk, const std::vector<DiskImage>& images) {
    line_.images.emplace_back();
    if (disk.empty()) return;
    const bool opened = !images.empty() && images.front().fd >= 0;
    const auto& source = *disk.source;
    const auto path = opened                           ? add_descriptor(images.front().fd, describe(disk))
                      : disk.type == SourceType::block ? source.dev
                                                       : source.file;
    auto drive = fmt::format("file={},format={},if=sd,index={}", escape_commas(path), to_string(disk.format()),
                             disk_number(disk.target.dev).value_or(0));
    if (disk.readonly) drive += ",readonly=on";
    if (opened) drive += ",auto-read-only=off";  // the descriptor is of one kind only
    if (const auto cache = driver_of(disk).cache; cache && *cache != Cache::default_)
        drive += fmt::format(",cache={}", to_string(*cache));
    add("-drive", std::move(drive));
}

void CommandLineBuilder::add_disk(const Disk& disk, const std::string& node) {
    const auto bus = disk.bus();
    const bool served = disk.type == SourceType::vhostuser && !disk.empty();
    if (node.empty() && !served && !removable(disk))
        return problem(Errc::invalid_config, describe(disk) + " has no image");
    if (disk.model == Disk::Model::usb_bot) return add_usb_bridged(disk, node);
    const auto driver = disk_driver(disk);
    if (driver == "ide-hd" && disk.readonly)
        return problem(Errc::unsupported, describe(disk) + " is read-only, which disks on the " +
                                              std::string(to_string(bus)) + " bus cannot be");
    const auto server = served ? add_disk_server(disk) : std::string();
    auto object = device(driver, disk.info, describe(disk));
    if (bus == DiskBus::virtio) add_virtio_properties(object, disk);
    if (bus == DiskBus::virtio || bus == DiskBus::usb)
        add_address(object, disk.info, describe(disk));
    else
        place_drive(object, disk);
    if (served)
        object["chardev"] = server;
    else
        add_disk_properties(object, disk, node);
    if (bus == DiskBus::usb) object["removable"] = disk.target.removable.value_or(false);
    if (auto index = boot_index(disk); index && bus != DiskBus::fdc) object["bootindex"] = *index;
    add("-device", object);
}

// In pc machines it is there already; its drives' places in the boot order are
// its own.
void CommandLineBuilder::add_floppy_controller() {
    json::object controller;
    controller["driver"] = "isa-fdc";
    bool any = false;
    for (const auto& disk : domain_.devices.disks) {
        if (disk.bus() != DiskBus::fdc) continue;
        any = true;
        const auto* at = disk.info.at<model::DriveAddress>();
        const auto index = boot_index(disk);
        if (!at || !index) continue;
        const auto* name = at->unit == 0 ? "bootindexA" : "bootindexB";
        controller[name] = *index;
        if (machine_.builtin_fdc()) add("-global", fmt::format("isa-fdc.{}={}", name, *index));
    }
    if (any && !machine_.builtin_fdc()) add("-device", controller);
}

void CommandLineBuilder::add_throttle_groups() {
    constexpr std::string_view possible = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._";
    for (const auto& group : domain_.throttle_groups) {
        if (group.group_name.find_first_not_of(possible) != std::string::npos)
            problem(
                Errc::invalid_config,
                fmt::format("the throttlegroup '{}' has a name that QEMU does not take: letters, digits and -._ are "
                            "possible",
                            group.group_name));
        add("-object", throttle_group(group));
    }
}

void CommandLineBuilder::add_disks() {
    add_floppy_controller();
    for (std::size_t i = 0; i < domain_.devices.disks.size(); ++i) {
        const auto& disk = domain_.devices.disks[i];
        if (disk.bus() == DiskBus::sd) {
            add_memory_card(disk, resources_.disks[i]);
            continue;
        }
        const auto node = add_chain(disk, resources_.disks[i]);
        if (problem_) return;
        add_disk(disk, node);
    }
}

}  // namespace vireo::qemu
