// SPDX-License-Identifier: LGPL-2.1-or-later
// CPU models and features by libvirt's names and by QEMU's.
#pragma once
#include "qemu/capabilities.hpp"

#include <set>
#include <string>
#include <string_view>

namespace vireo::qemu {

// "ds_cpl" → "ds-cpl", "pclmuldq" → "pclmulqdq"; of x86.
std::string qemu_feature(std::string_view libvirt_name);

// And back, to the spelling that definitions have.
std::string libvirt_feature(std::string_view qemu_name);

// Features of x86 processors that libvirt's descriptions of hosts name and QEMU has no word for: about the host's own
// resources or its operating system.
bool is_beyond_qemu(std::string_view feature) noexcept;

// What a model has switched on, of x86: each feature once, by QEMU's usual name; without the switches that are about
// QEMU and not about the processor.
std::set<std::string> processor_features(const CpuExpansion&);
std::string usual_feature(std::string_view name);  // of several names of QEMU's or libvirt's for the same

// A binary whose models are not known takes any. POWER's are written in either case.
bool knows_cpu(const Capabilities& capabilities, std::string_view model);

// Whether an Arm processor of QEMU could have such a feature.
bool is_arm_feature(std::string_view name) noexcept;

}  // namespace vireo::qemu
