// SPDX-License-Identifier: LGPL-2.1-or-later
#include "host/topology.hpp"

#include "host/sysfs.hpp"

#include <algorithm>
#include <map>
#include <set>
#include <unistd.h>

namespace vireo::host {
namespace fs = std::filesystem;
namespace {

constexpr unsigned most_cpus = 16384;
constexpr std::uint64_t kib = 1024;

unsigned small_number(const fs::path& path) {
    return static_cast<unsigned>(read_number(read_text(path)).value_or(0));
}

template <class Each>
void each_line(std::string_view text, Each each) {
    while (!text.empty()) {
        auto end = text.find('\n');
        each(text.substr(0, end));
        if (end == text.npos) return;
        text.remove_prefix(end + 1);
    }
}

// "Node 0 MemTotal:  24689636 kB", or "MemTotal: …"
std::uint64_t memory_total(const std::string& meminfo) {
    std::uint64_t bytes = 0;
    each_line(meminfo, [&](std::string_view line) {
        constexpr std::string_view name = "MemTotal:";
        if (auto at = line.find(name); at != line.npos && !bytes)
            bytes = read_number(line.substr(at + name.size())).value_or(0) * kib;
    });
    return bytes;
}

// <folder>/hugepages-2048kB/nr_hugepages …, smallest first; before them the pages that are left.
std::vector<PagePool> page_pools(const fs::path& folder, std::uint64_t memory) {
    std::map<std::uint64_t, std::uint64_t> sizes;
    std::error_code error;
    for (auto& entry : fs::directory_iterator(folder, error)) {
        auto name = entry.path().filename().string();
        constexpr std::string_view prefix = "hugepages-";
        if (!name.starts_with(prefix)) continue;
        if (auto size = read_number(std::string_view(name).substr(prefix.size())))
            sizes[*size * kib] = read_number(read_text(entry.path() / "nr_hugepages")).value_or(0);
    }
    std::uint64_t huge = 0;
    for (auto [size, count] : sizes) huge += size * count;
    const auto page = static_cast<std::uint64_t>(std::max(1L, ::sysconf(_SC_PAGESIZE)));
    std::vector<PagePool> pools{{page, (memory > huge ? memory - huge : 0) / page}};
    for (auto [size, count] : sizes) pools.push_back({size, count});
    return pools;
}

HostCpu read_cpu(const fs::path& cpus, unsigned id) {
    auto topology = cpus / ("cpu" + std::to_string(id)) / "topology";
    HostCpu cpu;
    cpu.id = id;
    cpu.socket = small_number(topology / "physical_package_id");
    cpu.die = small_number(topology / "die_id");
    cpu.core = small_number(topology / "core_id");
    cpu.siblings = read_text(topology / "thread_siblings_list");
    if (cpu.siblings.empty()) cpu.siblings = std::to_string(id);
    return cpu;
}

std::vector<unsigned> online_cpus(const fs::path& cpus) {
    auto list = parse_cpu_list(read_text(cpus / "online"));
    if (list.empty()) list.push_back(0);
    return list;
}

NumaNode read_node(const fs::path& folder, unsigned id, const fs::path& cpus, const std::vector<unsigned>& online) {
    NumaNode node;
    node.id = id;
    node.memory = memory_total(read_text(folder / "meminfo"));
    node.pages = page_pools(folder / "hugepages", node.memory);
    for (auto cpu : parse_cpu_list(read_text(folder / "cpulist")))
        if (std::ranges::binary_search(online, cpu)) node.cpus.push_back(read_cpu(cpus, cpu));
    return node;
}

// "10 21": to each node that is online, in their order.
void read_distances(NumaNode& node, const fs::path& folder, const std::vector<unsigned>& nodes) {
    auto text = read_text(folder / "distance");
    std::string_view rest = text;
    for (auto other : nodes) {
        rest = trim(rest);
        auto value = read_number(rest);
        if (!value) return;
        node.distances.push_back({other, static_cast<unsigned>(*value)});
        rest.remove_prefix(std::min(rest.find(' '), rest.size()));
    }
}

std::uint64_t scaled_size(const std::string& text) {
    auto value = read_number(text).value_or(0);
    if (text.ends_with('K')) return value * kib;
    if (text.ends_with('M')) return value * kib * kib;
    return value;
}

// Banks of the last level that has an id, as libvirt shows them; each once, whichever CPU names it.
std::vector<CacheBank> read_caches(const fs::path& cpus, const std::vector<unsigned>& online) {
    std::map<std::pair<unsigned, unsigned>, CacheBank> banks;  // by level and id
    for (auto cpu : online) {
        std::error_code error;
        for (auto& entry : fs::directory_iterator(cpus / ("cpu" + std::to_string(cpu)) / "cache", error)) {
            if (!entry.path().filename().string().starts_with("index")) continue;
            auto id = read_number(read_text(entry.path() / "id"));
            if (!id) continue;
            CacheBank bank;
            bank.id = static_cast<unsigned>(*id);
            bank.level = small_number(entry.path() / "level");
            auto type = read_text(entry.path() / "type");
            bank.type = type == "Data" ? "data" : type == "Instruction" ? "code" : "both";
            bank.size = scaled_size(read_text(entry.path() / "size"));
            bank.cpus = read_text(entry.path() / "shared_cpu_list");
            if (bank.level >= 3) banks.emplace(std::pair(bank.level, bank.id), bank);
        }
    }
    std::vector<CacheBank> list;
    for (auto& [key, bank] : banks) list.push_back(bank);
    return list;
}

void count_levels(Topology& topology) {
    std::set<unsigned> sockets;
    std::set<std::pair<unsigned, unsigned>> dies;
    std::set<std::tuple<unsigned, unsigned, unsigned>> cores;
    std::size_t threads = 1;
    for (auto& node : topology.nodes)
        for (auto& cpu : node.cpus) {
            sockets.insert(cpu.socket);
            dies.insert({cpu.socket, cpu.die});
            cores.insert({cpu.socket, cpu.die, cpu.core});
            threads = std::max(threads, parse_cpu_list(cpu.siblings).size());
        }
    const auto share = [](std::size_t part, std::size_t whole) {
        return static_cast<unsigned>(std::max<std::size_t>(1, whole ? part / whole : 1));
    };
    topology.sockets = share(sockets.size(), 1);
    topology.dies = share(dies.size(), sockets.size());
    topology.cores = share(cores.size(), dies.size());
    topology.threads = static_cast<unsigned>(threads);
}

}  // namespace

std::vector<unsigned> parse_cpu_list(std::string_view text) {
    std::vector<unsigned> list;
    while (!(text = trim(text)).empty()) {
        auto part = text.substr(0, text.find(','));
        auto first = read_number(part);
        auto dash = part.find('-');
        auto last = dash == part.npos ? first : read_number(part.substr(dash + 1));
        if (!first || !last || *last < *first || *last >= most_cpus) break;
        for (auto cpu = *first; cpu <= *last; ++cpu) list.push_back(static_cast<unsigned>(cpu));
        text.remove_prefix(std::min(part.size() + 1, text.size()));
    }
    std::ranges::sort(list);
    return list;
}

Topology read_topology(const fs::path& root) {
    const auto cpus = root / "sys/devices/system/cpu", nodes = root / "sys/devices/system/node";
    const auto online = online_cpus(cpus);
    const auto ids = parse_cpu_list(read_text(nodes / "online"));
    Topology topology;
    for (auto id : ids) {
        auto folder = nodes / ("node" + std::to_string(id));
        topology.nodes.push_back(read_node(folder, id, cpus, online));
        read_distances(topology.nodes.back(), folder, ids);
    }
    if (topology.nodes.empty()) {
        auto& node = topology.nodes.emplace_back();
        node.memory = memory_total(read_text(root / "proc/meminfo"));
        node.pages = page_pools(root / "sys/kernel/mm/hugepages", node.memory);
        for (auto cpu : online) node.cpus.push_back(read_cpu(cpus, cpu));
    }
    topology.caches = read_caches(cpus, online);
    count_levels(topology);
    return topology;
}

CpuIdentity read_cpu_identity(const fs::path& root) {
    CpuIdentity identity;
    bool first = true;  // of the processors
    each_line(read_text(root / "proc/cpuinfo"), [&](std::string_view line) {
        auto colon = line.find(':');
        if (colon == line.npos) {
            first = first && (identity.vendor.empty() && identity.flags.empty());
            return;
        }
        if (!first) return;
        auto name = trim(line.substr(0, colon)), value = trim(line.substr(colon + 1));
        if (name == "vendor_id") identity.vendor = value;
        if (name == "model name") identity.model = value;
        if (name == "cpu family") identity.signature_family = read_number(value);
        if (name == "model") identity.signature_model = read_number(value);
        if (name == "stepping") identity.signature_stepping = read_number(value);
        if (name == "microcode") identity.microcode = read_number(value, 16);
        if (name != "flags" && name != "Features") return;
        while (!value.empty()) {
            auto flag = value.substr(0, value.find(' '));
            if (!flag.empty()) identity.flags.emplace_back(flag);
            value.remove_prefix(std::min(flag.size() + 1, value.size()));
        }
    });
    return identity;
}

bool has_iommu(const fs::path& root) {
    std::error_code error;
    fs::directory_iterator groups(root / "sys/kernel/iommu_groups", error);
    return !error && groups != fs::directory_iterator();
}

std::vector<std::string> sleep_states(const fs::path& root) {
    std::vector<std::string> states;
    auto kernel = " " + read_text(root / "sys/power/state") + " ";
    if (kernel.find(" mem ") != kernel.npos) states.emplace_back("suspend_mem");
    if (kernel.find(" disk ") != kernel.npos) states.emplace_back("suspend_disk");
    auto deep = read_text(root / "sys/power/disk");
    if (deep.find("suspend") != deep.npos) states.emplace_back("suspend_hybrid");
    return states;
}

}  // namespace vireo::host
