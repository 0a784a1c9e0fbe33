// SPDX-License-Identifier: LGPL-2.1-or-later
// The names that newest_known() puts together; each a list separated by white space.
#pragma once
#include <string_view>

namespace vireo::qemu::newest {

// QOM types: on every architecture, and on one more beside them.
extern const std::string_view every_arch, x86, arm, ppc, s390, riscv, loongarch, others;
// CPU models.
extern const std::string_view x86_cpus, arm_cpus, ppc_cpus, s390_cpus, riscv_cpus, loongarch_cpus;
extern const std::string_view commands, options;

}  // namespace vireo::qemu::newest
