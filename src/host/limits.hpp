// SPDX-License-Identifier: LGPL-2.1-or-later
// What a guest may take of this machine, set in its control groups (cgroup.hpp): weights and limits of processors,
// memory and block devices. Sources: Linux, Documentation/admin-guide/cgroup-v2.rst and cgroup-v1/.
#pragma once
#include "support/error.hpp"

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <sys/types.h>
#include <vector>

namespace vireo::host {

struct DeviceLimits {
    std::string path;  // of a block device
    std::optional<std::uint32_t> weight;
    std::optional<std::uint64_t> read_bytes, write_bytes, read_operations, write_operations;  // a second; 0: no limit
};

struct Limits {
    std::optional<std::uint64_t> cpu_weight;  // "shares": 1024 is usual with version 1, 100 with version 2
    std::optional<std::uint64_t> cpu_period;  // microseconds
    std::optional<std::int64_t> cpu_quota;    // microseconds in each period; 0 and less: no limit
    std::optional<std::uint64_t> memory_hard, memory_soft, swap_hard;  // bytes; swap_hard: of memory and swap together
    std::optional<std::uint32_t> io_weight;
    std::vector<DeviceLimits> devices;

    bool empty() const noexcept;
};

// folders: GuestCgroup::folders. Blocks. Failure(unsupported): none of them has the controller that a limit needs (the
// limit is named); Failure(not_found, invalid_argument): a device; else what the kernel said. Limits that were set
// before the failure stay: the group goes with the start that fails.
Result<> apply_limits(const std::vector<std::filesystem::path>& folders, const Limits& limits);

struct ThreadLimits {  // of threads that share one limit
    std::string name;  // of their control group, below the guest's: "vcpu0"
    std::string what;  // for messages: "cputune/quota"
    std::vector<pid_t> threads;
    std::optional<std::uint64_t> period;  // microseconds
    std::int64_t quota = -1;              // microseconds in each period; 0 and less: no limit
};

// Moves the threads into groups below the guest's (version 2: threaded ones), in the hierarchy that has the controller
// of processors. The guest's process must be in the guest's group. Blocks. Failure(unsupported): no such hierarchy.
Result<> limit_threads(const std::vector<std::filesystem::path>& folders, const std::vector<ThreadLimits>& limits);

}  // namespace vireo::host
