// SPDX-License-Identifier: LGPL-2.1-or-later
// PCI devices of this machine for guests: QEMU reaches them through VFIO, which wants the whole IOMMU group to be free
// of the host's drivers. Sources: Linux, Documentation/driver-api/vfio.rst, Documentation/ABI/testing/sysfs-bus-pci.
// All of it blocks; root stands in front of /sys and /dev, for tests.
#pragma once
#include "host/sysfs.hpp"
#include "support/error.hpp"

#include <compare>
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace vireo::host {

struct PciPlace {
    std::uint32_t domain = 0, bus = 0, slot = 0, function = 0;
    std::string text() const;  // "0000:01:00.0"
    auto operator<=>(const PciPlace&) const = default;
};

struct PciRequest {
    PciRequest() = default;
    PciPlace place;
    bool managed = false;  // may be taken from the host's driver
    std::string driver;    // which of VFIO's; empty: vfio-pci
};

struct PciPlan {
    PciPlan() = default;
    std::string place;
    std::string group;    // the number of its IOMMU group
    std::string bind_to;  // the driver that it has to be bound to; empty: it is with VFIO already
    std::string driver;   // the one that has it now; empty: none
};

// What has to be done so that a guest can have the device. companions: what the same guest takes besides; of those the
// group may have any that are managed. Errors name the device, what is missing and what to do: not_found, unsupported
// (the IOMMU is off, a bridge), invalid_state (a driver of the host has it, or another device of its group).
Result<PciPlan> plan_pci(const PciRequest& request, const std::vector<PciRequest>& companions,
                         const std::filesystem::path& root = "/");

// Takes it from its driver and binds it to plan.bind_to; nothing to do when that is empty. A failure may come halfway:
// release_pci() then puts right what was done. Error(system_failed), with what the kernel said.
Result<> bind_pci(const PciPlan& plan, const std::filesystem::path& root = "/",
                  const AttributeWriter& write = write_attribute);

// Undoes bind_pci(): back to the driver that the kernel chooses for it, when it had one (had_driver), else to none.
// Only what bind_pci() did is undone: a device whose driver_override is no longer bound_to is somebody else's by now.
Result<> release_pci(const std::string& place, const std::string& bound_to, bool had_driver,
                     const std::filesystem::path& root = "/", const AttributeWriter& write = write_attribute);

// Of a network card with virtual functions: the link of the physical one, and which of its functions this is.
struct VirtualFunction {
    std::string link;
    std::uint32_t number = 0;
};
// Error(unsupported): the device is no virtual function, or its physical one is no network card of the host's.
Result<VirtualFunction> find_virtual_function(const std::string& place, const std::filesystem::path& root = "/");

bool has_pci_driver(const std::string& driver, const std::filesystem::path& root = "/");  // is its module loaded?

// The files that QEMU opens for a device of this group: /dev/vfio/vfio, /dev/vfio/7. Error(unsupported, access_denied)
// when one is missing or cannot be opened by us. There are none before a device of the group is with VFIO.
Result<std::vector<std::string>> vfio_nodes(const std::string& group, const std::filesystem::path& root = "/");

// Is there this node, and may we read and write it? what: "the USB device 1-2"; hint: for when it is missing.
Result<> check_node(const std::string& node, const std::string& what, const std::string& hint,
                    const std::filesystem::path& root = "/");

}  // namespace vireo::host
