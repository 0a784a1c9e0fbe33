// SPDX-License-Identifier: LGPL-2.1-or-later
// Whether an accelerator can give a guest the processor that its definition asks for (<cpu check='partial|full'>),
// judged by what the binary said once about its models, not by asking the running guest.
#pragma once
#include "model/domain.hpp"
#include "qemu/capabilities.hpp"
#include "support/error.hpp"

#include <string>

namespace vireo::qemu {

enum class CpuChecks {
    none,
    features,   // those that the definition names: required ones can be had, forbidden ones cannot
    everything  // and what the model has by itself
};
// x86 only: QEMU does not list what its other processors could have.
CpuChecks cpu_checks(const model::Domain& domain);

// available: fullest_cpu() (host_model.hpp) expanded. model: the definition's, for CpuChecks::everything; may be null.
// Failure(unsupported) names all features that are missing.
Result<> check_cpu(const model::Domain& domain, const CpuExpansion& available, const CpuExpansion* model);

}  // namespace vireo::qemu
