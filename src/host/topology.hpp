// SPDX-License-Identifier: LGPL-2.1-or-later
// The processors and the memory of this machine as sysfs shows them (Linux,
// Documentation/ABI/stable/sysfs-devices-node, sysfs-devices-system-cpu): what libvirt calls the host's topology.
// Blocks for a few milliseconds.
#pragma once
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace vireo::host {

struct PagePool {
    std::uint64_t size = 0;   // bytes of one page
    std::uint64_t count = 0;  // pages of this size: of the smallest, what the node has; of the others, what is reserved
    bool operator==(const PagePool&) const = default;
};

struct HostCpu {  // one that is online
    unsigned id = 0;
    unsigned socket = 0, die = 0, core = 0;
    std::string siblings;  // the threads of its core, as a list: "0-1"
    bool operator==(const HostCpu&) const = default;
};

struct NumaNode {
    unsigned id = 0;
    std::uint64_t memory = 0;  // bytes
    std::vector<PagePool> pages;
    struct Distance {
        unsigned node = 0, value = 0;
        bool operator==(const Distance&) const = default;
    };
    std::vector<Distance> distances;  // to all nodes
    std::vector<HostCpu> cpus;
};

struct CacheBank {
    unsigned id = 0, level = 0;
    std::string type;        // both, code, data
    std::uint64_t size = 0;  // bytes
    std::string cpus;        // as a list
};

struct Topology {
    std::vector<NumaNode> nodes;  // one with everything where the kernel knows no NUMA
    std::vector<CacheBank> caches;
    unsigned sockets = 1, dies = 1, cores = 1, threads = 1;  // per package, die, core; from the first CPU of each
};

// root: in front of /sys and /proc, for tests.
Topology read_topology(const std::filesystem::path& root = "/");

struct CpuIdentity {
    std::string vendor;  // "GenuineIntel"; empty where the processor has none
    std::string model;   // for people: "Intel(R) Xeon(R) …"
    std::optional<std::uint64_t> signature_family, signature_model, signature_stepping;  // x86
    std::optional<std::uint64_t> microcode;
    std::vector<std::string> flags;  // the kernel's names
};
CpuIdentity read_cpu_identity(const std::filesystem::path& root = "/");

// "0-3,8" → {0, 1, 2, 3, 8}; what is malformed ends it. At most 16384 of them.
std::vector<unsigned> parse_cpu_list(std::string_view text);

bool has_iommu(const std::filesystem::path& root = "/");                         // are devices behind one, in groups?
std::vector<std::string> sleep_states(const std::filesystem::path& root = "/");  // suspend_mem, suspend_disk …

}  // namespace vireo::host
