// SPDX-License-Identifier: LGPL-2.1-or-later
#include "corpus/real/findings.hpp"
#include "qemu/numa.hpp"

#include <boost/json/array.hpp>
#include <boost/json/value_to.hpp>

#include <algorithm>
#include <fmt/format.h>
#include <set>

namespace vireo::corpus {
namespace {
using namespace model;

class MachineCheck {
public:
    MachineCheck(const Domain& domain, const Answers& answers) : domain_(domain), answers_(answers) {}

    Findings compare() {
        identity();
        processors();
        memory();
        memory_devices();
        io_threads();
        return std::move(findings_);
    }

private:
    std::string answer(const std::string& command, std::string_view key) const {
        const auto* said = answers_.get(command);
        const auto* value = said ? said->as_object().if_contains(key) : nullptr;
        return value && value->is_string() ? std::string(value->get_string()) : std::string();
    }

    void identity() {
        findings_.same(answer("query-name", "name"), domain_.name, "name", "the domain");
        findings_.same(answer("query-uuid", "UUID"), domain_.uuid->to_string(), "UUID", "the domain");
        findings_.same(answer("query-status", "status"), "prelaunch", "state", "the domain");
        if (domain_.generation_id && domain_.generation_id->uuid)
            findings_.same(answer("query-vm-generation-id", "guid"), domain_.generation_id->uuid->to_string(),
                           "generation id", "the domain");
    }

    // ── processors ──
    std::uint32_t at_start() const {
        if (domain_.vcpus.empty()) return domain_.vcpu.current.value_or(domain_.vcpu.count);
        return static_cast<std::uint32_t>(
            std::ranges::count_if(domain_.vcpus, [](const auto& vcpu) { return vcpu.enabled; }));
    }
    void processors() {
        const auto* now = answers_.get("query-cpus-fast");
        if (!now) return;
        findings_.same(now->as_array().size(), at_start(), "number of vCPUs", "the domain");
        for (const auto& one : now->as_array()) cell_of(one.as_object());
        const auto* most = answers_.get("query-hotpluggable-cpus");
        if (!most) return;
        std::uint32_t count = 0;
        std::map<std::string, std::set<std::int64_t>> ids;
        for (const auto& one : most->as_array()) {
            count += one.at("vcpus-count").to_number<std::uint32_t>();
            for (const auto& [name, value] : one.at("props").as_object())
                ids[name].insert(value.to_number<std::int64_t>());
        }
        findings_.same(count, domain_.vcpu.count, "most vCPUs", "the domain");
        topology(ids);
        if (domain_.cpu && domain_.cpu->mode.value_or(Cpu::Mode::custom) == Cpu::Mode::custom && domain_.cpu->model)
            for (const auto& one : most->as_array()) {
                const auto type = json::value_to<std::string>(one.at("type"));
                findings_.check(type.starts_with(domain_.cpu->model->name + "-"), "CPU model",
                                fmt::format("a vCPU is a {}, not a {}", type, domain_.cpu->model->name));
            }
    }

    void cell_of(const json::object& cpu) {
        const auto* props = cpu.if_contains("props");
        const auto* node = props ? props->as_object().if_contains("node-id") : nullptr;
        const auto index = cpu.at("cpu-index").to_number<std::uint32_t>();
        if (!node) return;
        for (const auto& cell : qemu::numa_cells(domain_))
            if (cell.cpus.contains(index))
                findings_.same(node->to_number<std::uint32_t>(), cell.id, "NUMA cell", fmt::format("vCPU {}", index));
    }

    void topology(const std::map<std::string, std::set<std::int64_t>>& ids) {
        CpuTopology wanted;
        wanted.sockets = domain_.vcpu.count;
        if (domain_.cpu && domain_.cpu->topology) wanted = *domain_.cpu->topology;
        const std::pair<const char*, std::uint32_t> parts[] = {{"socket-id", wanted.sockets},
                                                               {"die-id", wanted.dies},
                                                               {"core-id", wanted.cores},
                                                               {"thread-id", wanted.threads}};
        for (const auto& [name, count] : parts)
            if (const auto found = ids.find(name); found != ids.end())
                findings_.same(found->second.size(), count, "topology", name);
    }

    // ── memory ──
    void memory() {
        const auto* size = answers_.get("query-memory-size-summary");
        if (size)
            findings_.same(size->at("base-memory").to_number<std::uint64_t>(),
                           qemu::aligned_memory(domain_, qemu::initial_memory(domain_)), "memory", "the domain");
        const auto* objects = answers_.get("query-memdev");
        for (const auto& cell : qemu::numa_cells(domain_)) {
            if (!cell.memory) continue;
            const auto id = fmt::format("ram-node{}", cell.id);
            for (const auto& object : objects ? objects->as_array() : json::array()) {
                const auto* name = object.as_object().if_contains("id");
                if (!name || name->as_string() != id) continue;
                findings_.same(object.at("size").to_number<std::uint64_t>(), cell.memory, "size", id);
            }
        }
    }

    void memory_devices() {
        const auto* all = answers_.get("query-memory-devices");
        for (const auto& memory : domain_.devices.memory_devices) {
            bool found = false;
            for (const auto& one : all ? all->as_array() : json::array()) {
                const auto& data = one.at("data").as_object();
                const auto* id = data.if_contains("id");
                if (!id || id->as_string() != memory.info.alias) continue;
                found = true;
                one_memory_device(memory, data);
            }
            findings_.check(found, "memory device", "query-memory-devices has no " + memory.info.alias);
        }
    }
    void one_memory_device(const MemoryDevice& memory, const json::object& data) {
        const auto& alias = memory.info.alias;
        const auto number = [&](const char* key) {
            const auto* value = data.if_contains(key);
            return value ? value->to_number<std::int64_t>() : -1;
        };
        const auto whole = qemu::module_memory(domain_, memory);
        const bool label = memory.target.label.has_value();  // is not the guest's
        const auto* size = data.if_contains("size");
        if (memory.model == MemoryDevice::Model::virtio_mem) {
            findings_.same(number("max-size"), whole, "size", alias);
            findings_.same(number("requested-size"), memory.target.requested.value_or(0), "requested size", alias);
        } else if (size && !label) {
            findings_.same(number("size"), whole, "size", alias);
        }
        if (memory.target.node && data.contains("node"))
            findings_.same(number("node"), *memory.target.node, "NUMA cell", alias);
        if (const auto* at = memory.info.at<DimmAddress>()) {
            if (at->slot && data.contains("slot")) findings_.same(number("slot"), *at->slot, "memory slot", alias);
            if (at->base && data.contains("addr")) findings_.same(number("addr"), *at->base, "memory base", alias);
        }
    }

    void io_threads() {
        const auto* all = answers_.get("query-iothreads");
        std::set<std::string> wanted, found;
        for (const auto& thread : domain_.iothread_ids) wanted.insert(fmt::format("iothread{}", thread.id));
        for (std::uint32_t id = 1; wanted.size() < domain_.iothreads.value_or(0); ++id)
            wanted.insert(fmt::format("iothread{}", id));
        for (const auto& thread : all ? all->as_array() : json::array())
            found.insert(json::value_to<std::string>(thread.at("id")));
        findings_.check(found == wanted, "I/O threads",
                        fmt::format("{} I/O threads, not {}", found.size(), wanted.size()));
    }

    const Domain& domain_;
    const Answers& answers_;
    Findings findings_;
};

}  // namespace

Findings compare_machine(const Domain& domain, const Answers& answers) {
    return MachineCheck(domain, answers).compare();
}

}  // namespace vireo::corpus
