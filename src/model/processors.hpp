// SPDX-License-Identifier: LGPL-2.1-or-later
// How many virtual CPUs and I/O threads there are (<vcpu>, <vcpus>, <iothreads>, <iothreadids>).
#pragma once
#include "model/kept.hpp"
#include "model/names.hpp"
#include "model/number_set.hpp"

#include <cstdint>
#include <optional>
#include <vector>

namespace vireo::model {

struct Vcpu {  // <vcpu placement='static' cpuset='0-3' current='1'>2</vcpu>
    enum class Placement { fixed, automatic };
    std::uint32_t count = 1;               // the most the guest can have: 1 … 16384
    std::optional<std::uint32_t> current;  // online at start; all when absent
    std::optional<Placement> placement;    // fixed when absent; automatic: on the nodes that numad advises
    std::optional<NumberSet> host_cpus;    // where they run, unless <cputune> says otherwise; not with automatic
    Kept kept;
    bool operator==(const Vcpu&) const = default;
};
template <>
inline constexpr auto names<Vcpu::Placement> = words("static", "auto");

struct VcpuState {  // one of them
    std::uint32_t id = 0;
    bool enabled = true;                 // online at start
    std::optional<bool> hotpluggable;    // can be taken away; no for all that are in the machine from the start
    std::optional<std::uint32_t> order;  // in which the enabled ones are plugged in, 1 …
    Kept kept;
    bool operator==(const VcpuState&) const = default;
};

struct IoThreadPoll {                                 // how long it asks for requests instead of sleeping
    std::optional<std::uint64_t> most, grow, shrink;  // nanoseconds; factors
    Kept kept;
    bool operator==(const IoThreadPoll&) const = default;
};

struct IoThread {
    std::uint32_t id = 0;                            // 1 …
    std::optional<std::int32_t> pool_min, pool_max;  // threads for work that blocks
    std::optional<IoThreadPoll> poll;
    Kept kept;
    bool operator==(const IoThread&) const = default;
};

struct DefaultIoThread {  // QEMU's main loop
    std::optional<std::int32_t> pool_min, pool_max;
    Kept kept;
    bool operator==(const DefaultIoThread&) const = default;
};

}  // namespace vireo::model
