// SPDX-License-Identifier: LGPL-2.1-or-later
// IOMMUs of the guest. Those that are devices come before what they serve, but for the smmuv3 of one PCI controller,
// which names it.
#include "qemu/command_line_builder.hpp"

#include <fmt/format.h>

namespace vireo::qemu {
using model::Iommu;
using model::IommuDriver;

namespace {

constexpr QemuVersion with_granule{9, 0, 0};
constexpr QemuVersion with_amd_xtsup{9, 2, 0};
constexpr QemuVersion with_amd_place{10, 1, 0};  // amd-iommu takes the PCI device that it is seen as
constexpr QemuVersion with_plugged_smmu{10, 2, 0};

const IommuDriver& driver_of(const Iommu& iommu) {
    static const IommuDriver none;
    return iommu.driver ? *iommu.driver : none;
}

std::string granule_word(const model::IommuGranule& granule) {
    return granule.size ? fmt::format("{}k", *granule.size / 1024) : "host";
}

}  // namespace

// What is only to be shown is for any QEMU that has it.
bool CommandLineBuilder::needs_version(const QemuVersion& version, const std::string& what) {
    if (capabilities_.version >= version || resources_.display) return true;
    problem(Errc::unsupported, fmt::format("{} is {}, and {} needs QEMU {}", capabilities_.binary,
                                           capabilities_.version.text(), what, version.text()));
    return false;
}

void CommandLineBuilder::add_intel_iommu(const Iommu& iommu) {
    const auto& driver = driver_of(iommu);
    auto object = device("intel-iommu", iommu.info, describe(iommu));
    if (driver.intremap) object["intremap"] = *driver.intremap ? "on" : "off";
    if (driver.caching_mode) object["caching-mode"] = *driver.caching_mode;
    if (driver.eim) object["eim"] = *driver.eim ? "on" : "off";
    if (driver.iotlb) object["device-iotlb"] = *driver.iotlb;
    if (driver.aw_bits) object["aw-bits"] = *driver.aw_bits;
    if (driver.dma_translation) object["dma-translation"] = *driver.dma_translation;
    add("-device", object);
}

// Two devices: what the guest finds on PCI, and the one that does the work.
void CommandLineBuilder::add_amd_iommu(const Iommu& iommu) {
    const auto owner = describe(iommu);
    const auto& driver = driver_of(iommu);
    if (!needs_version(with_amd_place, "a place on PCI for " + owner)) return;
    if (driver.xtsup && !needs_version(with_amd_xtsup, "xtsup of " + owner)) return;
    auto seen = device("AMDVI-PCI", iommu.info, owner);
    add_address(seen, iommu.info, owner);
    add("-device", seen);
    json::object object;
    object["driver"] = "amd-iommu";
    object["pci-id"] = iommu.info.alias;
    if (driver.intremap) object["intremap"] = *driver.intremap ? "on" : "off";
    if (driver.passthrough) object["pt"] = *driver.passthrough;
    if (driver.xtsup) object["xtsup"] = *driver.xtsup;
    if (driver.iotlb) object["device-iotlb"] = *driver.iotlb;
    add("-device", object);
}

void CommandLineBuilder::add_iommus() {
    for (const auto& iommu : domain_.devices.iommus) {
        const auto owner = describe(iommu);
        if (iommu.model == Iommu::Model::intel) add_intel_iommu(iommu);
        if (iommu.model == Iommu::Model::amd) add_amd_iommu(iommu);
        if (iommu.model != Iommu::Model::virtio) continue;
        auto object = device("virtio-iommu-pci", iommu.info, owner);
        object["driver"] = "virtio-iommu";  // its other name, which libvirt writes
        if (const auto& granule = driver_of(iommu).granule) {
            if (!needs_version(with_granule, "the granule of " + owner)) return;
            object["granule"] = granule_word(*granule);
        }
        add_address(object, iommu.info, owner);
        add("-device", object);
    }
}

// That of the whole machine is one of its options.
void CommandLineBuilder::add_smmus() {
    for (const auto& iommu : domain_.devices.iommus) {
        const auto& bus = driver_of(iommu).pci_bus;
        if (iommu.model != Iommu::Model::smmuv3 || !bus) continue;
        const auto owner = describe(iommu);
        if (!needs_version(with_plugged_smmu, "pciBus of " + owner)) return;
        auto object = device("arm-smmuv3", iommu.info, owner);
        object["primary-bus"] = bus_name(model::Controller::Type::pci, *bus, owner);
        add("-device", object);
    }
}

}  // namespace vireo::qemu
