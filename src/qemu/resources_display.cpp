// SPDX-License-Identifier: LGPL-2.1-or-later
#include "qemu/command_line.hpp"

namespace vireo::qemu {
namespace {

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
    resources.disks.resize(domain.devices.disks.size());  // what the definition says of them is enough
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
