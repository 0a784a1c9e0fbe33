// SPDX-License-Identifier: LGPL-2.1-or-later
#include "model/taints.hpp"

namespace vireo::model {

std::vector<Taint> taints(const Domain& domain) {
    std::vector<Taint> found;
    if (domain.qemu_command_line) found.push_back(Taint::custom_argv);
    if (domain.qemu_capabilities) found.push_back(Taint::custom_hypervisor_feature);
    if (domain.qemu_override) found.push_back(Taint::custom_device);
    if (domain.qemu_deprecation == DeprecationBehavior::crash) found.push_back(Taint::deprecated_config);
    if (domain.cpu && domain.cpu->mode == Cpu::Mode::host_passthrough) found.push_back(Taint::host_cpu);
    if (!domain.os.dtb.empty()) found.push_back(Taint::custom_dtb);
    return found;
}

}  // namespace vireo::model
