// SPDX-License-Identifier: LGPL-2.1-or-later
// Mediated devices: a share of a device that its driver hands out (Linux,
// Documentation/driver-api/vfio-mediated-device.rst). Blocks; root stands in front of /sys, for tests.
#pragma once
#include "support/error.hpp"

#include <filesystem>
#include <string>
#include <string_view>

namespace vireo::host {

// The IOMMU group of the device with this UUID. interface: how the guest is to see it ("vfio-pci", "vfio-ccw",
// "vfio-ap"). Error(not_found, invalid_config: it has another interface, unsupported).
Result<std::string> find_mediated_device(const std::string& uuid, std::string_view interface,
                                         const std::filesystem::path& root = "/");

}  // namespace vireo::host
