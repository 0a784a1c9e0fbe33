// SPDX-License-Identifier: LGPL-2.1-or-later
// The guest's NUMA cells: which CPUs and how much memory each has, and how far they are from each other
// (<cpu><numa>, ACPI's SRAT, SLIT and HMAT).
#pragma once
#include "model/kept.hpp"
#include "model/names.hpp"
#include "model/number_set.hpp"

#include <cstdint>
#include <optional>
#include <vector>

namespace vireo::model {

enum class MemoryAccess { shared, exclusive };
template <>
inline constexpr auto names<MemoryAccess> = words("shared", "private");

struct NumaDistance {
    std::uint32_t id = 0;      // the other cell
    std::uint32_t value = 10;  // 10 (the cell itself) … 255 (not reachable)
    Kept kept;
    bool operator==(const NumaDistance&) const = default;
};

struct NumaCache {  // a cache in front of a cell's memory
    enum class Associativity { none, direct, full };
    enum class Policy { none, writeback, writethrough };
    std::uint32_t level = 1;
    Associativity associativity = Associativity::none;
    Policy policy = Policy::none;
    std::uint64_t size = 0;  // bytes
    std::uint64_t line = 0;  // bytes
    Kept kept;
    bool operator==(const NumaCache&) const = default;
};
template <>
inline constexpr auto names<NumaCache::Associativity> = words("none", "direct", "full");
template <>
inline constexpr auto names<NumaCache::Policy> = words("none", "writeback", "writethrough");

struct NumaCell {
    std::optional<std::uint32_t> id;     // its place among the cells when absent
    std::optional<NumberSet> cpus;       // none when absent: a cell of memory only
    std::uint64_t memory = 0;            // bytes; all cells together are the domain's memory
    std::optional<MemoryAccess> access;  // memory_backing.access when absent
    std::optional<bool> discard;         // memory_backing.discard when absent
    std::vector<NumaDistance> distances;
    std::vector<NumaCache> caches;
    Kept kept;
    bool operator==(const NumaCell&) const = default;
};

enum class NumaTraffic { access, read, write };
template <>
inline constexpr auto names<NumaTraffic> = words("access", "read", "write");

struct NumaLatency {
    std::uint32_t initiator = 0, target = 0;  // cells
    std::optional<std::uint32_t> cache;       // of the target: its level; the memory itself when absent
    NumaTraffic type = NumaTraffic::access;
    std::uint32_t value = 0;  // nanoseconds, 1 …
    Kept kept;
    bool operator==(const NumaLatency&) const = default;
};

struct NumaBandwidth {
    std::uint32_t initiator = 0, target = 0;
    std::optional<std::uint32_t> cache;
    NumaTraffic type = NumaTraffic::access;
    std::uint64_t value = 0;  // bytes a second
    Kept kept;
    bool operator==(const NumaBandwidth&) const = default;
};

struct NumaInterconnects {
    std::vector<NumaLatency> latencies;
    std::vector<NumaBandwidth> bandwidths;
    Kept kept;
    bool operator==(const NumaInterconnects&) const = default;
};

struct Numa {
    std::vector<NumaCell> cells;
    std::optional<NumaInterconnects> interconnects;
    Kept kept;
    bool operator==(const Numa&) const = default;
};

}  // namespace vireo::model
