// SPDX-License-Identifier: LGPL-2.1-or-later
// How the host serves the guest: scheduling, placement and limits of its threads and memory (<cputune>, <numatune>,
// <memtune>, <blkiotune>, <resource>), and what is counted (<perf>). The guest sees nothing of it.
#pragma once
#include "model/kept.hpp"
#include "model/names.hpp"
#include "model/number_set.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace vireo::model {

// ── cputune ──
struct VcpuPin {
    std::uint32_t vcpu = 0;
    NumberSet cpus;
    Kept kept;
    bool operator==(const VcpuPin&) const = default;
};

struct EmulatorPin {
    NumberSet cpus;
    Kept kept;
    bool operator==(const EmulatorPin&) const = default;
};

struct IoThreadPin {
    std::uint32_t iothread = 1;
    NumberSet cpus;
    Kept kept;
    bool operator==(const IoThreadPin&) const = default;
};

enum class Scheduler { batch, idle, fifo, round_robin };
template <>
inline constexpr auto names<Scheduler> = words("batch", "idle", "fifo", "rr");

struct VcpuScheduler {
    NumberSet vcpus;
    Scheduler scheduler = Scheduler::batch;
    std::optional<std::int32_t> priority;  // fifo and rr: they need one
    Kept kept;
    bool operator==(const VcpuScheduler&) const = default;
};

struct IoThreadScheduler {
    NumberSet iothreads;
    Scheduler scheduler = Scheduler::batch;
    std::optional<std::int32_t> priority;
    Kept kept;
    bool operator==(const IoThreadScheduler&) const = default;
};

struct EmulatorScheduler {
    Scheduler scheduler = Scheduler::batch;
    std::optional<std::int32_t> priority;
    Kept kept;
    bool operator==(const EmulatorScheduler&) const = default;
};

struct CacheShare {
    enum class Type { both, code, data };
    std::uint32_t id = 0;  // of the host's cache
    std::uint32_t level = 3;
    Type type = Type::both;
    std::uint64_t size = 0;  // bytes
    Kept kept;
    bool operator==(const CacheShare&) const = default;
};
template <>
inline constexpr auto names<CacheShare::Type> = words("both", "code", "data");

struct CacheMonitor {
    std::uint32_t level = 3;
    NumberSet vcpus;
    Kept kept;
    bool operator==(const CacheMonitor&) const = default;
};

struct CacheTune {                  // a part of the host's cache for some of the vCPUs
    std::optional<std::string> id;  // of the resctrl group
    NumberSet vcpus;
    std::vector<CacheShare> caches;
    std::vector<CacheMonitor> monitors;
    Kept kept;
    bool operator==(const CacheTune&) const = default;
};

struct BandwidthShare {
    std::uint32_t id = 0;         // of the host's memory controller
    std::uint32_t bandwidth = 0;  // percent
    Kept kept;
    bool operator==(const BandwidthShare&) const = default;
};

struct BandwidthMonitor {
    NumberSet vcpus;
    Kept kept;
    bool operator==(const BandwidthMonitor&) const = default;
};

struct MemoryTune {  // a part of the host's memory bandwidth for some of the vCPUs
    NumberSet vcpus;
    std::vector<BandwidthShare> nodes;
    std::vector<BandwidthMonitor> monitors;
    Kept kept;
    bool operator==(const MemoryTune&) const = default;
};

struct CpuTune {
    std::optional<std::uint64_t> shares;  // relative weight
    // Of each thread: in a period (microseconds, 1000 … 1000000) it runs for quota (microseconds, 1000 …) at most;
    // -1 or 0: without limit.
    std::optional<std::uint64_t> period, global_period, emulator_period, iothread_period;
    std::optional<std::int64_t> quota, global_quota, emulator_quota, iothread_quota;
    std::vector<VcpuPin> vcpu_pins;
    std::optional<EmulatorPin> emulator_pin;
    std::vector<IoThreadPin> iothread_pins;
    std::vector<VcpuScheduler> vcpu_schedulers;
    std::vector<IoThreadScheduler> iothread_schedulers;
    std::optional<EmulatorScheduler> emulator_scheduler;
    std::vector<CacheTune> cache_tunes;
    std::vector<MemoryTune> memory_tunes;
    Kept kept;
    bool operator==(const CpuTune&) const = default;
};

// ── numatune ──
struct NumaMemory {
    enum class Mode { strict, preferred, interleave, restrictive };
    enum class Placement { fixed, automatic };
    std::optional<Mode> mode;            // strict when absent
    std::optional<Placement> placement;  // fixed when there is a set of nodes, else vcpu.placement
    std::optional<NumberSet> nodes;      // of the host
    Kept kept;
    bool operator==(const NumaMemory&) const = default;
};
template <>
inline constexpr auto names<NumaMemory::Mode> = words("strict", "preferred", "interleave", "restrictive");
template <>
inline constexpr auto names<NumaMemory::Placement> = words("static", "auto");

struct NumaNode {  // where one of the guest's cells gets its memory
    std::uint32_t cell = 0;
    std::optional<NumaMemory::Mode> mode;
    NumberSet nodes;  // of the host
    Kept kept;
    bool operator==(const NumaNode&) const = default;
};

struct NumaTune {
    std::optional<NumaMemory> memory;
    std::vector<NumaNode> nodes;
    Kept kept;
    bool operator==(const NumaTune&) const = default;
};

// ── memtune, blkiotune, resource ──
struct MemTune {  // bytes, of the whole of QEMU; libvirt's 9007199254740991 KiB is "no limit"
    std::optional<std::uint64_t> hard_limit, soft_limit, min_guarantee, swap_hard_limit;
    Kept kept;
    bool operator==(const MemTune&) const = default;
};

struct BlkioDevice {
    std::string path;                                      // of a block device of the host
    std::optional<std::uint32_t> weight;                   // 100 … 1000 (10 … 1000 with newer kernels)
    std::optional<std::uint32_t> read_iops, write_iops;    // a second
    std::optional<std::uint64_t> read_bytes, write_bytes;  // a second
    Kept kept;
    bool operator==(const BlkioDevice&) const = default;
};

struct BlkioTune {
    std::optional<std::uint32_t> weight;  // as a device's
    std::vector<BlkioDevice> devices;
    Kept kept;
    bool operator==(const BlkioTune&) const = default;
};

struct Resource {
    std::string partition;  // of the cgroups: an absolute path
    std::string app_id;     // by which Fibre Channel switches know the guest
    Kept kept;
    bool operator==(const Resource&) const = default;
};

// ── perf ──
struct PerfEvent {
    enum class Name {
        cmt,
        mbmt,
        mbml,
        cpu_cycles,
        instructions,
        cache_references,
        cache_misses,
        branch_instructions,
        branch_misses,
        bus_cycles,
        stalled_cycles_frontend,
        stalled_cycles_backend,
        ref_cpu_cycles,
        cpu_clock,
        task_clock,
        page_faults,
        context_switches,
        cpu_migrations,
        page_faults_min,
        page_faults_maj,
        alignment_faults,
        emulation_faults,
    };
    Name name = Name::cmt;
    bool enabled = false;
    Kept kept;
    bool operator==(const PerfEvent&) const = default;
};
template <>
inline constexpr auto names<PerfEvent::Name> =
    words("cmt", "mbmt", "mbml", "cpu_cycles", "instructions", "cache_references", "cache_misses",
          "branch_instructions", "branch_misses", "bus_cycles", "stalled_cycles_frontend", "stalled_cycles_backend",
          "ref_cpu_cycles", "cpu_clock", "task_clock", "page_faults", "context_switches", "cpu_migrations",
          "page_faults_min", "page_faults_maj", "alignment_faults", "emulation_faults");

}  // namespace vireo::model
