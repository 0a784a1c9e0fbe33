// SPDX-License-Identifier: LGPL-2.1-or-later
// What makes a domain depend on more than its definition means: on arguments that go to QEMU as they are, on the very
// host. Whoever looks into a problem of such a guest wants to know.
#pragma once
#include "model/domain.hpp"

#include <vector>

namespace vireo::model {

enum class Taint {              // libvirt's words
    custom_argv,                // <qemu:commandline>
    custom_hypervisor_feature,  // <qemu:capabilities>
    custom_device,              // <qemu:override>
    deprecated_config,          // <qemu:deprecation> that ends a guest for what QEMU deprecates
    host_cpu,                   // the host's own processor: no two hosts are alike
    custom_dtb,                 // a device tree of the user's
};
template <>
inline constexpr auto names<Taint> =
    words("custom-argv", "custom-hypervisor-feature", "custom-device", "deprecated-config", "host-cpu", "custom-dtb");

std::vector<Taint> taints(const Domain& domain);  // in the order of the enumeration

}  // namespace vireo::model
