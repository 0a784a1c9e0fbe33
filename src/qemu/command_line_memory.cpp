// SPDX-License-Identifier: LGPL-2.1-or-later
// The guest's memory and its NUMA cells.
#include "qemu/command_line_builder.hpp"
#include "qemu/numa.hpp"

#include <boost/json/array.hpp>

#include <algorithm>
#include <fmt/format.h>

namespace vireo::qemu {
using model::MemoryAccess;
using model::NumaCell;
using model::NumaMemory;

namespace {

constexpr std::uint64_t kibibyte = 1024, mebibyte = kibibyte * 1024, gibibyte = mebibyte * 1024;

std::string page_folder(std::uint64_t size) {
    if (size % gibibyte == 0) return fmt::format("/dev/hugepages{}G/vireo", size / gibibyte);
    if (size % mebibyte == 0) return fmt::format("/dev/hugepages{}M/vireo", size / mebibyte);
    return fmt::format("/dev/hugepages{}K/vireo", size / kibibyte);
}

json::array numbers(const model::NumberSet& set) {
    json::array array;
    for (const auto& range : set.ranges())
        for (auto number = range.first; number <= range.last; ++number) array.push_back(number);
    return array;
}

std::string_view policy(NumaMemory::Mode mode) {
    switch (mode) {
        case NumaMemory::Mode::preferred:
            return "preferred";
        case NumaMemory::Mode::interleave:
            return "interleave";
        case NumaMemory::Mode::strict:
        case NumaMemory::Mode::restrictive:
            break;
    }
    return "bind";
}

}  // namespace

const NumaCell* CommandLineBuilder::cell(std::optional<std::uint32_t> id) const {
    const auto* numa = numa_of(domain_);
    return numa && id ? find_cell(*numa, *id) : nullptr;
}

// ── what a piece of memory is made of on the host ──
std::optional<std::uint64_t> CommandLineBuilder::huge_page_for(const MemoryWish& wish) const {
    if (wish.page_size) return *wish.page_size;
    if (!domain_.memory_backing || !domain_.memory_backing->huge_pages) return std::nullopt;
    const auto& pages = domain_.memory_backing->huge_pages->pages;
    if (pages.empty()) return 0;  // the host's default
    // Pages of the host's own size are no huge ones.
    constexpr std::uint64_t ordinary = 4 * kibibyte;
    const auto huge = [](std::uint64_t size) { return size > ordinary ? std::optional(size) : std::nullopt; };
    const model::HugePage* others = nullptr;
    for (const auto& page : pages) {
        if (!page.nodes)
            others = &page;
        else if (page.nodes->contains(wish.cell.value_or(0)))
            return huge(page.size);
    }
    if (others) return huge(others->size);
    return std::nullopt;
}

// The host's nodes, and how strictly.
std::optional<std::pair<model::NumberSet, NumaMemory::Mode>> CommandLineBuilder::host_nodes(
    const MemoryWish& wish) const {
    auto mode = NumaMemory::Mode::strict;
    std::optional<model::NumberSet> nodes;
    if (domain_.numa_tune) {
        const auto& tune = *domain_.numa_tune;
        if (tune.memory) {
            mode = tune.memory->mode.value_or(NumaMemory::Mode::strict);
            const bool automatic = tune.memory->placement == NumaMemory::Placement::automatic;
            nodes = automatic ? resources_.advised_nodes : tune.memory->nodes;
        }
        for (const auto& node : tune.nodes)
            if (wish.cell == node.cell) {
                nodes = node.nodes;
                mode = node.mode.value_or(NumaMemory::Mode::strict);
            }
    }
    if (wish.host_nodes && !wish.host_nodes->empty()) nodes = *wish.host_nodes;
    if (!nodes || mode == NumaMemory::Mode::restrictive) return std::nullopt;
    return std::pair(*nodes, mode);
}

std::string CommandLineBuilder::huge_page_path(std::uint64_t size) {
    const auto found = resources_.huge_pages.find(size);
    if (found != resources_.huge_pages.end()) return found->second;
    if (!resources_.display)
        problem(Errc::unsupported,
                size ? fmt::format("the host has no hugetlbfs mounted for pages of {} KiB", size / kibibyte)
                     : std::string("the host has no hugetlbfs mounted"),
                "Mount one: mount -t hugetlbfs -o pagesize=SIZE hugetlbfs /dev/hugepagesSIZE");
    return size ? page_folder(size) : "/dev/hugepages/vireo";
}

std::string CommandLineBuilder::memory_file(const std::string& id) {
    if (resources_.memory_folder >= 0) {
        if (!memory_folder_) memory_folder_ = table_.add(resources_.memory_folder);
        return fmt::format("/proc/self/fd/{}/{}", *memory_folder_, id);
    }
    if (!resources_.display) problem(Errc::internal, "no folder was prepared for the memory's files");
    return fmt::format("/var/lib/vireo/ram/{}/{}", domain_.uuid->to_string(), id);
}

void CommandLineBuilder::add_memory_backend(const MemoryWish& wish) {
    const auto* of = cell(wish.cell);
    const auto* backing = domain_.memory_backing ? &*domain_.memory_backing : nullptr;
    auto access = wish.access;
    if (!access && of) access = of->access;
    if (!access && backing) access = backing->access;
    auto discard = wish.discard;
    if (!discard && of) discard = of->discard;
    if (!discard && backing && backing->discard) discard = true;
    const auto page = wish.path.empty() ? huge_page_for(wish) : std::nullopt;
    const auto source = backing ? backing->source : std::nullopt;
    bool allocate = wish.allocate || (backing && backing->allocation &&
                                      backing->allocation->mode == model::MemoryAllocation::Mode::immediate);

    json::object object;
    const auto type = [&](std::string_view name) {
        if (!capabilities_.has_object(name))
            problem(Errc::unsupported,
                    fmt::format("{} has no object '{}', which <memoryBacking> needs", capabilities_.binary, name));
        object["qom-type"] = name;
        object["id"] = wish.id;
    };
    if (wish.enclave) {
        type("memory-backend-epc");
        allocate = true;
    } else if (wish.path.empty() && source == model::MemorySource::memfd) {
        type("memory-backend-memfd");
        if (page) object["hugetlb"] = true;
        if (page && *page) object["hugetlbsize"] = *page;
    } else if (access && !page && wish.path.empty() && source != model::MemorySource::file && !resources_.display &&
               capabilities_.has_object("memory-backend-memfd")) {
        // What libvirt makes a file for; nothing but the sharing counts, and that needs no file.
        type("memory-backend-memfd");
    } else if (page || !wish.path.empty() || access || source == model::MemorySource::file) {
        type("memory-backend-file");
        object["mem-path"] = !wish.path.empty() ? wish.path : page ? huge_page_path(*page) : memory_file(wish.id);
        if (discard) object["discard-data"] = *discard;
        if (page) allocate = true;
    } else {
        type("memory-backend-ram");
    }
    if (access && !wish.enclave) object["share"] = *access == MemoryAccess::shared;
    finish_memory_backend(std::move(object), wish, allocate);
}

void CommandLineBuilder::finish_memory_backend(json::object object, const MemoryWish& wish, bool allocate) {
    const auto* backing = domain_.memory_backing ? &*domain_.memory_backing : nullptr;
    const auto nodes = host_nodes(wish);
    if (allocate && !wish.reserve_only) {
        object["prealloc"] = true;
        if (backing && backing->allocation && backing->allocation->threads)
            object["prealloc-threads"] = *backing->allocation->threads;
    }
    object["size"] = wish.size;
    if (nodes) {
        object["host-nodes"] = numbers(nodes->first);
        object["policy"] = policy(nodes->second);
        // The threads that allocate it run where it is to be.
        if (allocate && !wish.enclave && capabilities_.has_object("thread-context")) {
            json::object context;
            context["qom-type"] = "thread-context";
            context["id"] = "tc-" + wish.id;
            context["node-affinity"] = numbers(nodes->first);
            object["prealloc-context"] = context["id"];
            add("-object", context);
        }
    }
    for (const auto& [name, value] : wish.extra) object[name] = value;
    add("-object", object);
}

// ── the memory that the guest starts with ──
// Which object is the machine's memory as a whole; none: the NUMA cells have theirs, or QEMU makes it.
void CommandLineBuilder::plan_memory() {
    main_memory_.clear();
    const auto* machine = capabilities_.machine(domain_.os.type.machine);
    if (numa_of(domain_) || !machine || machine->default_ram_id.empty()) return;
    main_memory_ = machine->default_ram_id;
}

void CommandLineBuilder::add_memory() {
    const auto size = initial_memory(domain_);
    std::string memory = fmt::format("size={}k", size / kibibyte);
    if (domain_.max_memory)
        memory += fmt::format(",slots={},maxmem={}k", domain_.max_memory->slots,
                              aligned_memory(domain_, domain_.max_memory->size) / kibibyte);
    add("-m", std::move(memory));
    if (!main_memory_.empty()) {
        MemoryWish wish;
        wish.id = main_memory_;
        wish.size = size;
        add_memory_backend(wish);
    } else if (!numa_of(domain_) && domain_.memory_backing && domain_.memory_backing->huge_pages) {
        add("-mem-prealloc");
        const auto page = huge_page_for(MemoryWish());
        add("-mem-path", huge_page_path(page.value_or(0)));
    }
    add("-overcommit",
        fmt::format("mem-lock={}", domain_.memory_backing && domain_.memory_backing->locked ? "on" : "off"));
}

// ── NUMA ──
bool CommandLineBuilder::has_hmat() const {
    const auto* numa = numa_of(domain_);
    return numa && (numa->interconnects ||
                    std::ranges::any_of(numa->cells, [](const NumaCell& of) { return !of.caches.empty(); }));
}

void CommandLineBuilder::add_numa() {
    const auto* numa = numa_of(domain_);
    if (!numa) return;
    const bool hmat = has_hmat();
    const auto cells = numa_cells(domain_);
    for (const auto& of : cells) {
        MemoryWish wish;
        wish.id = fmt::format("ram-node{}", of.id);
        wish.size = of.memory;
        wish.cell = of.id;
        if (of.memory) add_memory_backend(wish);
    }
    for (const auto& of : cells) {
        std::string node = fmt::format("node,nodeid={}", of.id);
        for (const auto& range : of.cpus.ranges())
            node += range.first == range.last ? fmt::format(",cpus={}", range.first)
                                              : fmt::format(",cpus={}-{}", range.first, range.last);
        if (hmat) node += fmt::format(",initiator={}", numa_initiator(domain_, of.id));
        if (of.memory) node += fmt::format(",memdev=ram-node{}", of.id);
        add("-numa", std::move(node));
    }
    for (const auto& distance : numa_distances(*numa))
        add("-numa", fmt::format("dist,src={},dst={},val={}", distance.from, distance.to, distance.value));
    if (hmat) add_hmat(*numa);
}

void CommandLineBuilder::add_hmat(const model::Numa& numa) {
    constexpr std::string_view levels[] = {"memory", "first-level", "second-level", "third-level"};
    const auto level = [&](const std::optional<std::uint32_t>& cache) {
        return levels[std::min<std::uint32_t>(cache.value_or(0), 3)];
    };
    if (numa.interconnects) {
        for (const auto& l : numa.interconnects->latencies)
            add("-numa", fmt::format("hmat-lb,initiator={},target={},hierarchy={},data-type={}-latency,latency={}",
                                     l.initiator, l.target, level(l.cache), to_string(l.type), l.value));
        for (const auto& b : numa.interconnects->bandwidths)
            add("-numa", fmt::format("hmat-lb,initiator={},target={},hierarchy={},data-type={}-bandwidth,bandwidth={}K",
                                     b.initiator, b.target, level(b.cache), to_string(b.type), b.value / kibibyte));
    }
    for (const auto& of : numbered_cells(numa))
        for (const auto& cache : of.cell->caches) {
            using Policy = model::NumaCache::Policy;
            using Associativity = model::NumaCache::Associativity;
            const std::string_view write = cache.policy == Policy::writeback      ? "write-back"
                                           : cache.policy == Policy::writethrough ? "write-through"
                                                                                  : "none";
            const std::string_view ways = cache.associativity == Associativity::full     ? "complex"
                                          : cache.associativity == Associativity::direct ? "direct"
                                                                                         : "none";
            add("-numa", fmt::format("hmat-cache,node-id={},size={}K,level={},associativity={},policy={},line={}",
                                     of.id, cache.size / kibibyte, cache.level, ways, write, cache.line));
        }
}

}  // namespace vireo::qemu
