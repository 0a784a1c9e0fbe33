// SPDX-License-Identifier: LGPL-2.1-or-later
#include "model/validate_parts.hpp"

#include <algorithm>
#include <set>

namespace vireo::model {
namespace {

Failure wrong(std::string what) {
    return fail(Errc::invalid_config, std::move(what));
}

std::string cell_name(std::size_t id) {
    return "cpu/numa/cell " + std::to_string(id);
}

Result<> validate_cell(const Numa& numa, const NumaCell& cell, std::uint32_t id) {
    std::set<std::uint32_t> siblings, levels;
    for (const auto& distance : cell.distances) {
        constexpr std::uint32_t local = 10;
        if (distance.id >= numa.cells.size())
            return wrong(cell_name(id) + ": there is no cell " + std::to_string(distance.id) +
                         " that it could be distant from");
        if (!siblings.insert(distance.id).second)
            return wrong(cell_name(id) + ": its distance to cell " + std::to_string(distance.id) + " is given twice");
        if ((distance.id == id) != (distance.value == local))
            return wrong(cell_name(id) + ": the distance 10 is that of a cell to itself, and no other");
    }
    for (const auto& cache : cell.caches)
        if (!levels.insert(cache.level).second)
            return wrong(cell_name(id) + ": two caches have the level " + std::to_string(cache.level));
    return {};
}

template <class Traffic>
Result<> validate_traffic(const Numa& numa, const Traffic& traffic) {
    if (traffic.initiator >= numa.cells.size() || traffic.target >= numa.cells.size())
        return wrong("cpu/numa/interconnects: initiator and target are cells of the guest");
    if (!traffic.value) return wrong("cpu/numa/interconnects: a value of 0 says nothing");
    if (!traffic.cache) return {};
    for (const auto& cell : numa.cells)
        for (const auto& cache : cell.caches)
            if (cell.id.value_or(static_cast<std::uint32_t>(&cell - numa.cells.data())) == traffic.target &&
                cache.level == *traffic.cache)
                return {};
    return wrong("cpu/numa/interconnects: cell " + std::to_string(traffic.target) + " has no cache of level " +
                 std::to_string(*traffic.cache));
}

Result<> validate_numbers(const Numa& numa) {
    std::set<std::uint32_t> ids;
    for (std::size_t i = 0; i < numa.cells.size(); ++i) {
        const auto id = numa.cells[i].id.value_or(static_cast<std::uint32_t>(i));
        if (id >= numa.cells.size() || !ids.insert(id).second)
            return wrong("cpu/numa: the cells are numbered from 0 to " + std::to_string(numa.cells.size() - 1) +
                         ", each number once");
    }
    return {};
}

}  // namespace

Result<> validate_numa(const Domain& domain) {
    if (!domain.cpu || !domain.cpu->numa) return {};
    const auto& numa = *domain.cpu->numa;
    if (auto good = validate_numbers(numa); !good) return good;
    NumberSet claimed;
    std::size_t count = 0;
    for (std::size_t i = 0; i < numa.cells.size(); ++i) {
        const auto& cell = numa.cells[i];
        const auto id = cell.id.value_or(static_cast<std::uint32_t>(i));
        if (cell.cpus) {
            if (claimed.overlaps(*cell.cpus)) return wrong(cell_name(id) + ": another cell has some of its CPUs");
            for (const auto& range : cell.cpus->ranges()) claimed.add(range.first, range.last);
            count += cell.cpus->count();
        }
        if (auto good = validate_cell(numa, cell, id); !good) return good;
    }
    if (count > domain.vcpu.count || (!claimed.empty() && claimed.last() >= domain.vcpu.count))
        return wrong("cpu/numa: the cells have CPUs that are not there: vcpu says " +
                     std::to_string(domain.vcpu.count));
    if (!numa.interconnects) return {};
    for (const auto& latency : numa.interconnects->latencies)
        if (auto good = validate_traffic(numa, latency); !good) return good;
    for (const auto& bandwidth : numa.interconnects->bandwidths)
        if (auto good = validate_traffic(numa, bandwidth); !good) return good;
    return {};
}

Result<> validate_numa_tune(const Domain& domain) {
    if (!domain.numa_tune) return {};
    const auto& tune = *domain.numa_tune;
    using Mode = NumaMemory::Mode;
    using Placement = NumaMemory::Placement;
    bool automatic = false;
    if (tune.memory) {
        automatic =
            tune.memory->placement == Placement::automatic ||
            (!tune.memory->placement && !tune.memory->nodes && domain.vcpu.placement == Vcpu::Placement::automatic);
        if (!automatic && !tune.memory->nodes) return wrong("numatune/memory: placement='static' needs a nodeset");
    }
    const auto cells = domain.cpu && domain.cpu->numa ? domain.cpu->numa->cells.size() : 0;
    if (!tune.nodes.empty() && !cells)
        return wrong("numatune/memnode: the guest has no NUMA cells (<cpu><numa>) that it could be about");
    if (!tune.nodes.empty() && automatic)
        return wrong("numatune: <memnode> contradicts the automatic placement of <memory>");
    std::set<std::uint32_t> met;
    for (const auto& node : tune.nodes) {
        const std::string name = "numatune/memnode for cell " + std::to_string(node.cell);
        if (node.cell >= cells) return wrong(name + ": the guest has no such NUMA cell");
        if (!met.insert(node.cell).second) return wrong(name + " is given twice");
        const bool all = tune.memory && tune.memory->mode == Mode::restrictive;
        if (tune.memory && all != (node.mode == Mode::restrictive))
            return wrong(name + ": the mode restrictive is for <memory> and each <memnode>, or for none of them");
    }
    return {};
}

}  // namespace vireo::model
