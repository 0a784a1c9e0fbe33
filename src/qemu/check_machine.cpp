// SPDX-License-Identifier: LGPL-2.1-or-later
// What a machine cannot be, outside its devices.
#include "qemu/assign_parts.hpp"

#include <algorithm>
#include <string_view>
#include <utility>

namespace vireo::qemu {

Result<> check_machine(const Assignment& assignment) {
    const auto& domain = assignment.domain;
    const auto& machine = assignment.machine;
    const auto& power = domain.pm;
    const std::pair<bool, std::string_view> of_x86[] = {
        {domain.cpu && domain.cpu->cache, "cpu/cache"},
        {domain.cpu && domain.cpu->address_size, "cpu/maxphysaddr"},
        {power && (power->suspend_to_mem || power->suspend_to_disk), "pm"},
        {domain.os.bios && domain.os.bios->use_serial == true, "os/bios with useserial"},
    };
    for (const auto& [given, name] : of_x86)
        if (given && !machine.x86())
            return fail(Errc::invalid_config, name, " is for x86, not for the architecture ", domain.os.type.arch);
    if (domain.features.pmu == false && machine.ppc64())
        return fail(Errc::invalid_config, "features/pmu: POWER processors always have one; leave it out");
    constexpr std::uint32_t most_without_eim = 255;
    const auto many = [](const model::Iommu& iommu) {
        return iommu.driver && (iommu.driver->eim == true || iommu.driver->xtsup == true);
    };
    const bool eim = std::ranges::any_of(domain.devices.iommus, many);
    if (machine.x86() && domain.vcpu.count > most_without_eim && !(machine.q35() && eim))
        return fail(Errc::invalid_config, "vcpu: more than 255 of them need a machine of the type q35 with ",
                    "<iommu model='intel'> and <driver eim='on'/>");
    return {};
}

}  // namespace vireo::qemu
