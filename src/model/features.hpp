// SPDX-License-Identifier: LGPL-2.1-or-later
// <features>: what the machine has beyond its processors and devices.
#pragma once
#include "model/kept.hpp"
#include "model/names.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace vireo::model {

struct Features {
    bool acpi = false;
    bool apic = false;
    bool pae = false;
    std::optional<bool> pmu;
    std::optional<bool> vmport;
    std::optional<bool> smm;
    Kept kept;
    bool operator==(const Features&) const = default;
};

}  // namespace vireo::model
