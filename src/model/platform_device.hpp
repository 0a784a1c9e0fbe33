// SPDX-License-Identifier: LGPL-2.1-or-later
// Devices of the board rather than of a bus, and the socket between host and guest.
#pragma once
#include "model/address.hpp"
#include "model/kept.hpp"
#include "model/names.hpp"
#include "model/virtio.hpp"

#include <cstdint>
#include <optional>
#include <string>

namespace vireo::model {

struct NvramDevice {  // <nvram> among the devices: pseries' non-volatile memory
    DeviceInfo info;
    Kept kept;
    bool operator==(const NvramDevice&) const = default;
};

struct IommuGranule {  // the smallest page that the guest can map
    enum class Mode { host };
    std::optional<std::uint64_t> size;  // bytes: 4, 8, 16 or 64 KiB
    std::optional<Mode> mode;           // instead of a size: that of the host's pages
    Kept kept;
    bool operator==(const IommuGranule&) const = default;
};
template <>
inline constexpr auto names<IommuGranule::Mode> = words("host");

struct IommuDriver {
    std::optional<bool> intremap;
    std::optional<bool> caching_mode;
    std::optional<bool> eim;
    std::optional<bool> iotlb;
    std::optional<std::uint32_t> aw_bits;  // 39 or 48
    std::optional<bool> dma_translation;
    std::optional<bool> passthrough;  // amd
    std::optional<bool> xtsup;        // amd: x2APIC
    std::optional<std::uint32_t>
        pci_bus;  // smmuv3: index of the PCI controller that it serves; the whole machine's when absent
    std::optional<IommuGranule> granule;  // virtio
    Kept kept;
    bool operator==(const IommuDriver&) const = default;
};

struct Iommu {
    enum class Model { intel, smmuv3, virtio, amd };
    Model model = Model::intel;
    std::optional<IommuDriver> driver;
    DeviceInfo info;
    Kept kept;
    bool operator==(const Iommu&) const = default;
};
template <>
inline constexpr auto names<Iommu::Model> = words("intel", "smmuv3", "virtio", "amd");

struct VsockCid {
    std::optional<bool> automatic;         // chosen when the domain starts
    std::optional<std::uint32_t> address;  // 3 …
    Kept kept;
    bool operator==(const VsockCid&) const = default;
};

struct Vsock {
    std::optional<VirtioModel> model;
    std::optional<VsockCid> cid;
    std::optional<VirtioDriver> driver;
    DeviceInfo info;
    Kept kept;
    bool operator==(const Vsock&) const = default;
};

struct Pstore {  // where a crashing guest leaves its last words
    enum class Backend { acpi_erst };
    Backend backend = Backend::acpi_erst;
    std::string path;        // of a file; chosen when empty
    std::uint64_t size = 0;  // bytes
    DeviceInfo info;
    Kept kept;
    bool operator==(const Pstore&) const = default;
};
template <>
inline constexpr auto names<Pstore::Backend> = words("acpi-erst");

}  // namespace vireo::model
