// SPDX-License-Identifier: LGPL-2.1-or-later
#include "qemu/numa.hpp"

#include "qemu/machine.hpp"

#include <algorithm>
#include <map>

namespace vireo::qemu {
using model::Domain;
using model::Numa;

const Numa* numa_of(const Domain& domain) noexcept {
    if (!domain.cpu || !domain.cpu->numa || domain.cpu->numa->cells.empty()) return nullptr;
    return &*domain.cpu->numa;
}

std::vector<NumberedCell> numbered_cells(const Numa& numa) {
    std::vector<NumberedCell> cells;
    cells.reserve(numa.cells.size());
    for (const auto& cell : numa.cells)
        cells.push_back({cell.id.value_or(static_cast<std::uint32_t>(cells.size())), &cell});
    std::ranges::sort(cells, {}, &NumberedCell::id);
    return cells;
}

const model::NumaCell* find_cell(const Numa& numa, std::uint32_t id) {
    for (const auto& cell : numbered_cells(numa))
        if (cell.id == id) return cell.cell;
    return nullptr;
}

std::uint64_t aligned_memory(const Domain& domain, std::uint64_t size) {
    constexpr std::uint64_t mebibyte = 1u << 20;
    const auto step = machine_of(domain).pseries() ? 256 * mebibyte : mebibyte;
    return (size + step - 1) / step * step;
}

std::uint64_t module_memory(const Domain& domain, const model::MemoryDevice& device) {
    constexpr std::uint64_t mebibyte = 1u << 20;
    const auto size = device.target.size;
    if (!machine_of(domain).pseries()) return (size + 2 * mebibyte - 1) / (2 * mebibyte) * 2 * mebibyte;
    constexpr auto step = 256 * mebibyte;
    // Its label comes on top of what the guest sees as memory, and what is left of that is not used.
    const auto label = device.target.label ? device.target.label->size : 0;
    if (device.model == model::MemoryDevice::Model::nvdimm && size >= label + step)
        return (size - label) / step * step + label;
    return (size + step - 1) / step * step;
}

std::vector<Cell> numa_cells(const Domain& domain) {
    std::vector<Cell> cells;
    const auto* numa = numa_of(domain);
    if (!numa) return cells;
    model::NumberSet unclaimed;
    unclaimed.add(0, domain.vcpu.count - 1);
    for (const auto& [id, cell] : numbered_cells(*numa)) {
        Cell& made = cells.emplace_back();
        made.id = id;
        if (cell->cpus) made.cpus = *cell->cpus;
        made.memory = aligned_memory(domain, cell->memory);
        for (const auto& range : made.cpus.ranges())
            for (auto cpu = range.first; cpu <= range.last; ++cpu) unclaimed.remove(cpu);
    }
    for (const auto& range : unclaimed.ranges()) cells.front().cpus.add(range.first, range.last);
    return cells;
}

std::vector<Distance> numa_distances(const Numa& numa) {
    constexpr std::uint32_t local = 10, remote = 20;
    std::map<std::pair<std::uint32_t, std::uint32_t>, std::uint32_t> given;
    const auto cells = numbered_cells(numa);
    for (const auto& [id, cell] : cells)
        for (const auto& distance : cell->distances) given[{id, distance.id}] = distance.value;
    std::vector<Distance> distances;
    if (given.empty()) return distances;
    const auto value = [&](std::uint32_t from, std::uint32_t to) {
        if (const auto found = given.find({from, to}); found != given.end()) return found->second;
        if (const auto back = given.find({to, from}); back != given.end()) return back->second;
        return from == to ? local : remote;
    };
    for (const auto& from : cells)
        for (const auto& to : cells) distances.push_back({from.id, to.id, value(from.id, to.id)});
    return distances;
}

std::uint32_t numa_initiator(const Domain& domain, std::uint32_t cell) {
    const auto cells = numa_cells(domain);
    const auto has_cpus = [&](std::uint32_t id) {
        const auto found = std::ranges::find(cells, id, &Cell::id);
        return found != cells.end() && !found->cpus.empty();
    };
    if (has_cpus(cell)) return cell;
    const auto* numa = numa_of(domain);
    if (numa && numa->interconnects) {
        const model::NumaBandwidth* widest = nullptr;
        for (const auto& b : numa->interconnects->bandwidths)
            if (b.target == cell && !b.cache && has_cpus(b.initiator) && (!widest || b.value > widest->value))
                widest = &b;
        if (widest) return widest->initiator;
        const model::NumaLatency* fastest = nullptr;
        for (const auto& l : numa->interconnects->latencies)
            if (l.target == cell && !l.cache && has_cpus(l.initiator) && (!fastest || l.value < fastest->value))
                fastest = &l;
        if (fastest) return fastest->initiator;
    }
    for (const auto& other : cells)
        if (!other.cpus.empty()) return other.id;
    return cell;
}

std::uint64_t device_memory(const Domain& domain) {
    std::uint64_t size = 0;
    for (const auto& device : domain.devices.memory_devices) size += device.target.size;
    return size;
}

std::uint64_t initial_memory(const Domain& domain) {
    std::uint64_t size = 0;
    for (const auto& cell : numa_cells(domain)) size += cell.memory;
    if (size) return size;
    const auto devices = device_memory(domain);
    return aligned_memory(domain, domain.memory > devices ? domain.memory - devices : domain.memory);
}

}  // namespace vireo::qemu
