// SPDX-License-Identifier: LGPL-2.1-or-later
// What virtio devices of every kind have in common.
#pragma once
#include "model/kept.hpp"
#include "model/names.hpp"

#include <optional>

namespace vireo::model {

// Which generations of the specification the device speaks: transitional ones both, non-transitional ones only 1.0;
// plain `virtio` what suits its bus.
enum class VirtioModel { virtio, transitional, non_transitional };
template <>
inline constexpr auto names<VirtioModel> = words("virtio", "virtio-transitional", "virtio-non-transitional");

struct VirtioOptions {  // attributes of <driver>
    std::optional<bool> iommu;
    std::optional<bool> ats;
    std::optional<bool> packed;
    std::optional<bool> page_per_vq;
    bool operator==(const VirtioOptions&) const = default;
};

struct VirtioDriver {  // a <driver> that has nothing else
    VirtioOptions virtio;
    Kept kept;
    bool operator==(const VirtioDriver&) const = default;
};

}  // namespace vireo::model
