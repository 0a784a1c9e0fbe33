// SPDX-License-Identifier: LGPL-2.1-or-later
// Graphics cards.
#pragma once
#include "model/address.hpp"
#include "model/kept.hpp"
#include "model/names.hpp"
#include "model/virtio.hpp"

#include <cstdint>
#include <optional>
#include <string>

namespace vireo::model {

struct VideoAcceleration {
    std::optional<bool> accel3d;
    std::optional<bool> accel2d;
    std::string render_node;  // path
    Kept kept;
    bool operator==(const VideoAcceleration&) const = default;
};

struct VideoResolution {  // pixels
    std::uint32_t x = 0;
    std::uint32_t y = 0;
    Kept kept;
    bool operator==(const VideoResolution&) const = default;
};

struct VideoModel {
    enum class Type { default_, vga, cirrus, vmvga, xen, vbox, qxl, parallels, virtio, gop, none, bochs, ramfb };
    std::optional<Type> type;             // by the machine when absent or default_
    std::optional<std::uint64_t> ram;     // qxl; bytes, as the next three
    std::optional<std::uint64_t> vram;    // vga, qxl, bochs …
    std::optional<std::uint64_t> vram64;  // qxl
    std::optional<std::uint64_t> vgamem;  // qxl
    std::optional<std::uint32_t> heads;   // 1 … 16; qxl and virtio have several
    std::optional<bool> primary;
    std::optional<bool> blob;  // virtio
    std::optional<bool> edid;  // virtio, vga, bochs
    std::optional<VideoAcceleration> acceleration;
    std::optional<VideoResolution> resolution;
    Kept kept;
    bool operator==(const VideoModel&) const = default;
    Type kind() const noexcept { return type.value_or(Type::default_); }
};
template <>
inline constexpr auto names<VideoModel::Type> = words("default", "vga", "cirrus", "vmvga", "xen", "vbox", "qxl",
                                                      "parallels", "virtio", "gop", "none", "bochs", "ramfb");

struct VideoDriver {
    enum class Name { default_, qemu, vhostuser };
    enum class VgaConfiguration { io, on, off };
    std::optional<Name> name;  // vhostuser: another program renders
    std::optional<VgaConfiguration> vga_configuration;
    VirtioOptions virtio;
    Kept kept;
    bool operator==(const VideoDriver&) const = default;
};
template <>
inline constexpr auto names<VideoDriver::Name> = words("default", "qemu", "vhostuser");
template <>
inline constexpr auto names<VideoDriver::VgaConfiguration> = words("io", "on", "off");

struct Video {
    std::optional<VideoDriver> driver;
    VideoModel model;
    DeviceInfo info;
    Kept kept;
    bool operator==(const Video&) const = default;
};

}  // namespace vireo::model
