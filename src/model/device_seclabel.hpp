// SPDX-License-Identifier: LGPL-2.1-or-later
// How a security driver labels one file or socket of a device: <seclabel> within a <source>.
#pragma once
#include "model/kept.hpp"

#include <optional>
#include <string>

namespace vireo::model {

struct DeviceSeclabel {
    std::string model;  // "selinux", "dac"; empty: every driver's
    std::optional<bool> label_skip;
    std::optional<bool> relabel;
    std::string label;
    Kept kept;
    bool operator==(const DeviceSeclabel&) const = default;
};

}  // namespace vireo::model
