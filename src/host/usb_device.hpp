// SPDX-License-Identifier: LGPL-2.1-or-later
// USB devices of this machine (Linux, Documentation/ABI/stable/sysfs-bus-usb). Blocks; root stands in front of /sys
// and /dev, for tests.
#pragma once
#include "support/error.hpp"

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

namespace vireo::host {

struct UsbRequest {
    UsbRequest() = default;
    std::optional<std::uint32_t> vendor, product;  // both or neither
    std::optional<std::uint32_t> bus, device;      // the place: bus with device or with port
    std::string port;                              // "1.4"
    std::string text() const;                      // "1d6b:0002 at bus 1, device 4"
};

struct UsbDevice {
    std::uint32_t bus = 0, device = 0;
    std::string node;  // "/dev/bus/usb/001/004"
};

// The one device that fits. Error(not_found), or Error(invalid_config): several fit, and the definition must say which.
Result<UsbDevice> find_usb_device(const UsbRequest& request, const std::filesystem::path& root = "/");

}  // namespace vireo::host
