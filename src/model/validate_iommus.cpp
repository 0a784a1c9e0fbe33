// SPDX-License-Identifier: LGPL-2.1-or-later
#include "model/validate_parts.hpp"

#include <algorithm>
#include <set>
#include <utility>

namespace vireo::model {
namespace {
using Model = Iommu::Model;

Failure wrong(const Iommu& iommu, std::string_view what) {
    return fail(Errc::invalid_config, "iommu of the model '", to_string(iommu.model), "': ", what);
}

Result<> validate_granule(const Iommu& iommu, const IommuGranule& granule) {
    if (granule.size.has_value() == granule.mode.has_value())
        return wrong(iommu, "the granule has either a size or mode='host'");
    constexpr std::uint64_t kibibyte = 1024;
    const auto size = granule.size.value_or(4 * kibibyte);
    if (size != 4 * kibibyte && size != 8 * kibibyte && size != 16 * kibibyte && size != 64 * kibibyte)
        return wrong(iommu, "the size of the granule is 4, 8, 16 or 64 KiB");
    return {};
}

// Each option is that of the models it is listed for.
Result<> validate_driver(const Iommu& iommu, const IommuDriver& driver) {
    struct Option {
        bool given;
        std::string_view name;
        bool possible;
    };
    const bool intel = iommu.model == Model::intel, amd = iommu.model == Model::amd;
    for (const auto& [given, name, possible] : {
             Option{driver.intremap.has_value(), "intremap", intel || amd},
             Option{driver.iotlb.has_value(), "iotlb", intel || amd},
             Option{driver.caching_mode.has_value(), "caching_mode", intel},
             Option{driver.eim.has_value(), "eim", intel},
             Option{driver.aw_bits.has_value(), "aw_bits", intel},
             Option{driver.dma_translation.has_value(), "dma_translation", intel},
             Option{driver.passthrough.has_value(), "passthrough", amd},
             Option{driver.xtsup.has_value(), "xtsup", amd},
             Option{driver.pci_bus.has_value(), "pciBus", iommu.model == Model::smmuv3},
             Option{driver.granule.has_value(), "granule", iommu.model == Model::virtio},
         })
        if (given && !possible) return wrong(iommu, "it has no driver options '" + std::string(name) + "'");
    if (driver.eim == true && driver.intremap != true) return wrong(iommu, "eim needs intremap='on'");
    return driver.granule ? validate_granule(iommu, *driver.granule) : Result<>();
}

Result<> validate_iommu(const Iommu& iommu, const Features& features) {
    if (iommu.driver)
        if (auto good = validate_driver(iommu, *iommu.driver); !good) return good;
    const bool on_pci = iommu.model == Model::virtio || iommu.model == Model::amd;
    if (!on_pci && iommu.info.address) return wrong(iommu, "it has no address");
    const bool remaps = iommu.driver && iommu.driver->intremap == true;
    if (iommu.model == Model::intel && remaps && features.ioapic != IoapicDriver::qemu)
        return wrong(iommu, "intremap='on' needs <features><ioapic driver='qemu'/></features>");
    if (iommu.model == Model::virtio && !features.acpi)
        return wrong(iommu, "it needs ACPI: <features><acpi/></features>");
    return {};
}

std::optional<std::uint32_t> pci_bus(const Iommu& iommu) {
    return iommu.driver ? iommu.driver->pci_bus : std::nullopt;
}

}  // namespace

Result<> validate_iommus(const Domain& domain) {
    const auto& devices = domain.devices;
    std::set<std::uint32_t> buses;
    for (const auto& iommu : devices.iommus) {
        if (auto good = validate_iommu(iommu, domain.features); !good) return good;
        const auto bus = pci_bus(iommu);
        if (!bus && devices.iommus.size() > 1)
            return wrong(iommu, "with several of them each is a smmuv3 with the pciBus that it serves");
        if (!bus) continue;
        if (!buses.insert(*bus).second) return wrong(iommu, "two of them have the pciBus " + std::to_string(*bus));
        const auto serves = [&](const Controller& c) { return c.type == Controller::Type::pci && c.index == *bus; };
        const auto served = std::ranges::find_if(devices.controllers, serves);
        if (served == devices.controllers.end() && *bus != 0)
            return wrong(iommu, "there is no PCI controller of the index " + std::to_string(*bus) + ", its pciBus");
        using enum Controller::Model;
        if (served != devices.controllers.end() && served->model && served->model != pcie_root &&
            served->model != pcie_expander_bus)
            return wrong(iommu, "its pciBus is a pcie-root or a pcie-expander-bus");
    }
    return {};
}

}  // namespace vireo::model
