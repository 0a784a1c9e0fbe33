// SPDX-License-Identifier: LGPL-2.1-or-later
#include "qemu/command_line.hpp"

namespace vireo::qemu {
namespace {

DiskImage image_of(const model::StorageSource& source, model::SourceType type, model::DiskFormat format,
                   bool read_only) {
    DiskImage image;
    image.path = type == model::SourceType::block ? source.dev : source.file;
    image.block_device = type == model::SourceType::block;
    image.format = format;
    image.read_only = read_only;
    return image;
}

std::vector<DiskImage> chain_of(const model::Disk& disk) {
    std::vector<DiskImage> chain;
    if (disk.empty()) return chain;
    chain.push_back(
        image_of(*disk.source, disk.type, disk.format(), disk.readonly || disk.device == model::Disk::Device::cdrom));
    const auto* below = &disk.backing_store;
    for (; below->has_value() && (*below)->source; below = &(*below)->backing_store)
        chain.push_back(image_of(*(*below)->source, (*below)->type.value_or(model::SourceType::file),
                                 (*below)->format ? (*below)->format->type : model::DiskFormat::raw, true));
    return chain;
}

// Ports that a start chooses are shown as the first of their range.
VncPlace place_of(const model::Graphics& graphics) {
    constexpr std::uint16_t first_port = 5900;
    VncPlace place;
    place.socket = graphics.socket;
    place.address = graphics.listen;
    for (const auto& listen : graphics.listens) {
        if (place.socket.empty()) place.socket = listen.socket;
        if (place.address.empty()) place.address = listen.address;
    }
    if (!place.socket.empty()) return place;
    const auto port = graphics.port.value_or(-1);
    place.port = port > 0 ? static_cast<std::uint16_t>(port) : first_port;
    if (graphics.websocket && *graphics.websocket > 0)
        place.websocket = static_cast<std::uint16_t>(*graphics.websocket);
    return place;
}

FlashImage flash(const std::string& path, std::optional<model::FirmwareFormat> format, bool read_only) {
    FlashImage image;
    image.path = path;
    image.format = format.value_or(model::FirmwareFormat::raw);
    image.read_only = read_only;
    return image;
}

}  // namespace

Resources Resources::for_display(const model::Domain& domain) {
    Resources resources;
    resources.display = true;
    for (const auto& disk : domain.devices.disks) resources.disks.push_back(chain_of(disk));
    for (const auto& graphics : domain.devices.graphics) resources.graphics.push_back(place_of(graphics));
    const auto& os = domain.os;
    if (os.loader && os.loader->type == model::Loader::Type::pflash && !os.loader->path.empty()) {
        resources.code = flash(os.loader->path, os.loader->format, os.loader->readonly.value_or(true));
        if (os.nvram && !os.nvram->place().empty()) {
            resources.variables = flash(os.nvram->place(), os.nvram->format, false);
            resources.variables->block_device = os.nvram->type == model::SourceType::block;
        }
    }
    return resources;
}

}  // namespace vireo::qemu
