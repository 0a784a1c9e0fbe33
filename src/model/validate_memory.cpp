// SPDX-License-Identifier: LGPL-2.1-or-later
#include "model/validate_parts.hpp"

#include <algorithm>
#include <bit>

namespace vireo::model {
namespace {

Failure wrong(std::string what) {
    return fail(Errc::invalid_config, std::move(what));
}

std::string kib(std::uint64_t bytes) {
    return std::to_string(bytes / 1024) + " KiB";
}

const Numa* numa_of(const Domain& domain) {
    return domain.cpu && domain.cpu->numa && !domain.cpu->numa->cells.empty() ? &*domain.cpu->numa : nullptr;
}

// With what is plugged in.
Result<std::uint64_t> total_memory(const Domain& domain) {
    std::uint64_t devices = 0, cells = 0;
    const auto add = [](std::uint64_t& to, std::uint64_t size) {
        to = size > ~std::uint64_t{0} - to ? ~std::uint64_t{0} : to + size;
    };
    for (const auto& device : domain.devices.memory_devices) add(devices, device.target.size);
    if (const auto* numa = numa_of(domain)) {
        for (const auto& cell : numa->cells) add(cells, cell.memory);
        add(cells, devices);
        return cells;
    }
    if (devices > domain.memory)
        return wrong("the memory devices have " + kib(devices) + ", more than the domain's memory (" +
                     kib(domain.memory) + "), of which they are part");
    return domain.memory;
}

Result<> validate_hotplug(const Domain& domain, std::uint64_t total) {
    const auto cells = numa_of(domain) ? numa_of(domain)->cells.size() : 0;
    const auto slotted = [](const MemoryDevice& device) {
        return device.model == MemoryDevice::Model::dimm || device.model == MemoryDevice::Model::nvdimm;
    };
    const std::uint32_t slots = domain.max_memory ? domain.max_memory->slots : 0;
    std::size_t modules = 0;
    for (const auto& device : domain.devices.memory_devices) {
        if (device.target.node && *device.target.node >= cells)
            return wrong("a memory device is for NUMA cell " + std::to_string(*device.target.node) +
                         ", and the guest has no such cell");
        if (!domain.max_memory && device.model != MemoryDevice::Model::sgx_epc)
            return Failure(Error(Errc::invalid_config, "a memory device needs <maxMemory>: up to where there is room")
                               .with_hint("Add <maxMemory slots='16' unit='GiB'>…</maxMemory>."));
        if (!slotted(device)) continue;
        ++modules;
        if (const auto* at = device.info.at<DimmAddress>(); at && at->slot.value_or(0) >= slots)
            return wrong("a memory device is in slot " + std::to_string(at->slot.value_or(0)) +
                         ", and maxMemory has slots for " + std::to_string(slots));
    }
    if (domain.max_memory && modules > slots)
        return wrong("there are " + std::to_string(modules) + " memory devices, and maxMemory has slots for " +
                     std::to_string(slots));
    if (!domain.max_memory) return {};
    const auto& most = *domain.max_memory;
    if (!most.slots) return wrong("maxMemory needs slots: for how many memory devices there is room");
    if (most.size < total)
        return wrong("maxMemory (" + kib(most.size) + ") is less than the memory (" + kib(total) + ")");
    return {};
}

Result<> validate_huge_pages(const Domain& domain, const HugePages& pages) {
    const auto* numa = numa_of(domain);
    const HugePage* rest = nullptr;
    NumberSet claimed;
    for (const auto& page : pages.pages) {
        if (!std::has_single_bit(page.size))
            return wrong("memoryBacking/hugepages: pages of " + kib(page.size) + " do not exist: it is a power of two");
        // Without cells the guest is one, with the number 0.
        if (!page.nodes || (!numa && *page.nodes == NumberSet::of(0, 0))) {
            if (rest)
                return wrong("memoryBacking/hugepages: two sizes (" + kib(rest->size) + " and " + kib(page.size) +
                             ") are for all cells that have no other");
            rest = &page;
            continue;
        }
        const auto cells = numa ? numa->cells.size() : 1;
        if (page.nodes->last() >= cells)
            return wrong("memoryBacking/hugepages: the guest has no NUMA cell " + std::to_string(page.nodes->last()));
        if (claimed.overlaps(*page.nodes))
            return wrong("memoryBacking/hugepages: a NUMA cell has two sizes of pages: nodesets overlap");
        for (const auto& range : page.nodes->ranges()) claimed.add(range.first, range.last);
    }
    return {};
}

Result<> validate_backing(const Domain& domain, const MemoryBacking& backing) {
    if (backing.allocation && backing.allocation->threads == 0u)
        return wrong("memoryBacking/allocation: threads is at least 1");
    if (!backing.huge_pages) return {};
    if (backing.allocation && backing.allocation->mode == MemoryAllocation::Mode::ondemand)
        return wrong("memoryBacking: huge pages are allocated at once: <allocation mode='ondemand'/> contradicts them");
    if (backing.source == MemorySource::anonymous)
        return wrong("memoryBacking: huge pages contradict <source type='anonymous'/>");
    return validate_huge_pages(domain, *backing.huge_pages);
}

}  // namespace

Result<> need_shared_memory(const Domain& domain, std::string_view what) {
    const auto refuse = [&](const std::string& why) {
        return Failure(
            Error(Errc::invalid_config, std::string(what) + " needs shared memory" + why)
                .with_hint("Add <memoryBacking><source type='memfd'/><access mode='shared'/></memoryBacking>."));
    };
    const auto usual = domain.memory_backing ? domain.memory_backing->access : std::nullopt;
    const auto* numa = numa_of(domain);
    if (!numa && usual != MemoryAccess::shared) return refuse("");
    for (std::size_t i = 0; numa && i < numa->cells.size(); ++i) {
        const auto access = numa->cells[i].access ? numa->cells[i].access : usual;
        if (access != MemoryAccess::shared) return refuse(": that of NUMA cell " + std::to_string(i) + " is private");
    }
    return {};
}

Result<> validate_memory(const Domain& domain) {
    if (domain.mem_tune && domain.mem_tune->min_guarantee)
        return wrong("memtune/min_guarantee: QEMU's memory cannot be guaranteed; use memoryBacking/locked");
    if (domain.memory == 0 && !numa_of(domain)) return wrong("a domain needs memory: <memory> is not there, or 0");
    const auto total = total_memory(domain);
    if (!total) return Failure(total.error());
    if (*total == 0) return wrong("a domain needs memory: its NUMA cells have none");
    if (auto good = validate_hotplug(domain, *total); !good) return good;
    return domain.memory_backing ? validate_backing(domain, *domain.memory_backing) : Result<>();
}

}  // namespace vireo::model
