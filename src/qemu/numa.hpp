// SPDX-License-Identifier: LGPL-2.1-or-later
// What follows from a definition's memory and NUMA cells, for the machine that it is about.
#pragma once
#include "model/domain.hpp"

#include <cstdint>
#include <vector>

namespace vireo::qemu {

// Null: the guest has no NUMA cells.
const model::Numa* numa_of(const model::Domain& domain) noexcept;

struct NumberedCell {  // a cell that does not say its number has its place among them
    std::uint32_t id = 0;
    const model::NumaCell* cell = nullptr;
};
std::vector<NumberedCell> numbered_cells(const model::Numa& numa);  // by rising id
const model::NumaCell* find_cell(const model::Numa& numa, std::uint32_t id);

struct Cell {
    std::uint32_t id = 0;
    model::NumberSet cpus;     // what no cell claims is in cell 0
    std::uint64_t memory = 0;  // bytes, as the machine needs it: whole MiB
};
std::vector<Cell> numa_cells(const model::Domain& domain);  // by rising id

struct Distance {
    std::uint32_t from = 0, to = 0, value = 0;
};
// Of each cell to each, when the definition gives any: what it leaves out is as far as the way back, else 20 (10 to
// itself).
std::vector<Distance> numa_distances(const model::Numa& numa);

// The cell whose CPUs are nearest to another's memory: itself when it has some, else the one with the highest
// bandwidth, else the lowest latency, else the first with CPUs.
std::uint32_t numa_initiator(const model::Domain& domain, std::uint32_t cell);

// Bytes of a size as the machine can have them: whole MiB, on pseries whole 256 MiB.
std::uint64_t aligned_memory(const model::Domain& domain, std::uint64_t size);
// The size of a memory device as the machine can have it: whole 2 MiB, which QEMU asks of modules; on pseries 256 MiB.
std::uint64_t module_memory(const model::Domain& domain, const model::MemoryDevice& device);
// What the guest starts with, without the memory that is devices.
std::uint64_t initial_memory(const model::Domain& domain);
std::uint64_t device_memory(const model::Domain& domain);  // of the memory devices

}  // namespace vireo::qemu
