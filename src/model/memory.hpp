// SPDX-License-Identifier: LGPL-2.1-or-later
// The guest's memory: how much of it there may be, and what it is made of on the host.
#pragma once
#include "model/kept.hpp"
#include "model/names.hpp"
#include "model/numa.hpp"
#include "model/number_set.hpp"

#include <cstdint>
#include <optional>
#include <vector>

namespace vireo::model {

struct MaxMemory {            // with what is plugged in while it runs
    std::uint64_t size = 0;   // bytes
    std::uint32_t slots = 0;  // for how many modules there is room
    Kept kept;
    bool operator==(const MaxMemory&) const = default;
};

struct HugePage {
    std::uint64_t size = 0;          // bytes; the host must have a hugetlbfs of it
    std::optional<NumberSet> nodes;  // the guest's cells; all the others when absent
    Kept kept;
    bool operator==(const HugePage&) const = default;
};

struct HugePages {  // no page size: the host's default
    std::vector<HugePage> pages;
    Kept kept;
    bool operator==(const HugePages&) const = default;
};

enum class MemorySource { file, anonymous, memfd };
template <>
inline constexpr auto names<MemorySource> = words("file", "anonymous", "memfd");

struct MemoryAllocation {
    enum class Mode { immediate, ondemand };
    std::optional<Mode> mode;
    std::optional<std::uint32_t> threads;  // that allocate it; needs immediate
    Kept kept;
    bool operator==(const MemoryAllocation&) const = default;
};
template <>
inline constexpr auto names<MemoryAllocation::Mode> = words("immediate", "ondemand");

struct MemoryBacking {
    std::optional<HugePages> huge_pages;
    bool no_share_pages = false;  // not merged with equal pages of others (KSM)
    bool locked = false;          // never swapped out
    std::optional<MemorySource> source;
    std::optional<MemoryAccess> access;  // shared: another process (vhost-user) can map it
    std::optional<MemoryAllocation> allocation;
    bool discard = false;  // what is in it is thrown away when the guest ends
    Kept kept;
    bool operator==(const MemoryBacking&) const = default;
};

}  // namespace vireo::model
