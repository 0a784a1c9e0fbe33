// SPDX-License-Identifier: LGPL-2.1-or-later
// What happens when the guest ends, and the sleep states it knows.
#pragma once
#include "model/kept.hpp"
#include "model/names.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace vireo::model {

enum class LifecycleAction { destroy, restart, rename_restart, preserve };
template <>
inline constexpr auto names<LifecycleAction> = words("destroy", "restart", "rename-restart", "preserve");
enum class CrashAction { destroy, restart, rename_restart, preserve, coredump_destroy, coredump_restart };
template <>
inline constexpr auto names<CrashAction> =
    words("destroy", "restart", "rename-restart", "preserve", "coredump-destroy", "coredump-restart");

enum class LockFailureAction { poweroff, restart, pause, ignore };
template <>
inline constexpr auto names<LockFailureAction> = words("poweroff", "restart", "pause", "ignore");

struct PowerManagement {                  // does the guest see the sleep states?
    std::optional<bool> suspend_to_mem;   // ACPI S3
    std::optional<bool> suspend_to_disk;  // ACPI S4
    Kept kept;
    bool operator==(const PowerManagement&) const = default;
};

}  // namespace vireo::model
