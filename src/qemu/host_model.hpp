// SPDX-License-Identifier: LGPL-2.1-or-later
// <cpu mode='host-model'/>: the named model of QEMU's that is nearest to what an accelerator can give, with the
// differences as features. From QEMU's own expansions of its models (query-cpu-model-expansion), so that what is chosen
// is always what this QEMU, this kernel and this processor can do together. x86 only: the other architectures' models
// are not described by features. No I/O; capabilities_cache.hpp remembers the result.
#pragma once
#include "model/domain.hpp"
#include "qemu/capabilities.hpp"
#include "support/error.hpp"

#include <span>
#include <string_view>

namespace vireo::qemu {

// The model that has all that the accelerator can give: "host", "max".
std::string_view fullest_cpu(Accelerator) noexcept;

// Neither those that stand for something else ("host", "max", "base") nor those that QEMU will drop.
bool is_host_model_candidate(const CpuModel&) noexcept;

// The first that holds decides: the same vendor (KVM only; a must), the same family and model (KVM only), the fewest
// features to switch, the fewest to switch off, a name without a version. Failure(unsupported): there is none.
Result<HostModel> choose_host_model(const CpuExpansion& fullest, std::span<const CpuExpansion> named);

// Whether the definition's processor depends on what the host has: mode='host-model', or match='minimum'.
bool needs_host_model(const model::Domain&);

// Writes the model and its features into the definition: a custom processor afterwards, exactly that. What the
// definition says about a feature itself stays. With match='minimum' the definition's own model gave way to the
// nearest one; that the host has all of it is check_cpu()'s matter.
void expand_host_model(model::Domain&, const HostModel&);

}  // namespace vireo::qemu
