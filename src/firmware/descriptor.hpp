// SPDX-License-Identifier: LGPL-2.1-or-later
// One firmware descriptor: what a file of firmware is, for which machines, with which features. Source: QEMU's interop
// specification docs/interop/firmware.json. What a newer specification adds is kept by name where it cannot do harm
// (features, interface types, architectures, tags) and is an error where it can (the kind of mapping, its mode).
#pragma once
#include "support/error.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace vireo::firmware {

enum class Device {
    flash,   // pflash: code, and variables in a second file or in the same one
    kernel,  // loaded as a kernel (-kernel)
    memory,  // loaded as a ROM (-bios)
    igvm     // a file that says itself what goes where in memory (-object igvm-cfg)
};
enum class FlashMode {
    split,     // code read-only and shared, variables in a file of the guest made from a template
    combined,  // both in one file, which each guest needs a copy of
    stateless  // code only: variables do not outlive a shutdown
};
std::string_view to_string(Device) noexcept;
std::string_view to_string(FlashMode) noexcept;

struct FirmwareFile {
    std::string filename;        // absolute
    std::string format = "raw";  // a QEMU block driver; raw and qcow2 occur
    bool operator==(const FirmwareFile&) const = default;
};

struct Target {
    std::string architecture;           // QEMU's name: x86_64, aarch64 …
    std::vector<std::string> machines;  // globs with * and ? over versioned machine types
    bool operator==(const Target&) const = default;
};

struct Descriptor {
    std::string description;
    std::vector<std::string> interface_types;  // bios, openfirmware, uboot, uefi
    Device device = Device::flash;
    FlashMode mode = FlashMode::split;           // of a flash device
    FirmwareFile executable;                     // the file of the other devices too
    std::optional<FirmwareFile> nvram_template;  // always there when split; of a memory device: in the format json
    std::vector<Target> targets;
    std::vector<std::string> features;  // acpi-s3, acpi-s4, amd-sev, enrolled-keys, requires-smm, secure-boot …
    std::vector<std::string> tags;

    bool has_interface(std::string_view type) const noexcept;
    bool has_feature(std::string_view name) const noexcept;
    bool operator==(const Descriptor&) const = default;
};

inline constexpr std::size_t max_descriptor_size = 1u << 20;  // bytes

// A descriptor from its JSON text. The error is a sentence about what is wrong with it; it does not name the file.
Result<Descriptor> parse_descriptor(std::string_view text);

}  // namespace vireo::firmware
