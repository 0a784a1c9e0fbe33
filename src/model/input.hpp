// SPDX-License-Identifier: LGPL-2.1-or-later
// Mice, keyboards and the like, and USB hubs.
#pragma once
#include "model/address.hpp"
#include "model/kept.hpp"
#include "model/names.hpp"
#include "model/virtio.hpp"

#include <optional>
#include <string>

namespace vireo::model {

struct InputSource {
    enum class Grab { all };
    enum class GrabToggle { ctrl_ctrl, alt_alt, shift_shift, meta_meta, scrolllock, ctrl_scrolllock };
    std::string evdev;                      // passthrough: path of an event device
    std::string dev;                        // evdev: the same; with what follows
    std::optional<Grab> grab;               // all: the other evdev inputs with it
    std::optional<GrabToggle> grab_toggle;  // the keys that give input to the host and back
    std::optional<bool> repeat;
    Kept kept;
    bool operator==(const InputSource&) const = default;
};
template <>
inline constexpr auto names<InputSource::Grab> = words("all");
template <>
inline constexpr auto names<InputSource::GrabToggle> =
    words("ctrl-ctrl", "alt-alt", "shift-shift", "meta-meta", "scrolllock", "ctrl-scrolllock");

struct Input {
    enum class Type { mouse, tablet, keyboard, passthrough, evdev };
    enum class Bus { ps2, usb, virtio, xen, parallels, none };
    Type type = Type::mouse;
    std::optional<Bus> bus;  // evdev has none
    std::optional<VirtioModel> model;
    std::optional<VirtioDriver> driver;
    std::optional<InputSource> source;
    DeviceInfo info;
    Kept kept;
    bool operator==(const Input&) const = default;
};
template <>
inline constexpr auto names<Input::Type> = words("mouse", "tablet", "keyboard", "passthrough", "evdev");
template <>
inline constexpr auto names<Input::Bus> = words("ps2", "usb", "virtio", "xen", "parallels", "none");

struct Hub {
    enum class Type { usb };
    Type type = Type::usb;
    DeviceInfo info;
    Kept kept;
    bool operator==(const Hub&) const = default;
};
template <>
inline constexpr auto names<Hub::Type> = words("usb");

}  // namespace vireo::model
