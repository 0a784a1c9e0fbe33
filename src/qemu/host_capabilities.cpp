// SPDX-License-Identifier: LGPL-2.1-or-later
#include "qemu/host_capabilities.hpp"

#include <algorithm>
#include <set>

namespace vireo::qemu {
namespace {

constexpr std::uint64_t kib = 1024;

void add_pages(Node& parent, const host::NumaNode& node) {
    for (auto& pool : node.pages) {
        auto& pages = parent.append("pages");
        pages.set("unit", "KiB").set("size", pool.size / kib);
        pages.set("count", pool.count);
    }
}

void add_cell(Node& cells, const host::NumaNode& node) {
    auto& cell = cells.append("cell");
    cell.set("id", node.id);
    cell.add("memory").set("unit", "KiB").set("size", node.memory / kib);
    add_pages(cell, node);
    auto& distances = cell.add("distances");
    for (auto& distance : node.distances)
        distances.append("sibling").set("id", distance.node).set("value", distance.value);
    auto& cpus = cell.add("cpus");
    cpus.set("num", static_cast<unsigned>(node.cpus.size()));
    for (auto& cpu : node.cpus)
        cpus.append("cpu")
            .set("id", cpu.id)
            .set("socket_id", cpu.socket)
            .set("die_id", cpu.die)
            .set("core_id", cpu.core)
            .set("siblings", cpu.siblings);
}

void add_topology(Node& host, const host::Topology& topology) {
    auto& cells = host.add("topology").add("cells");
    cells.set("num", static_cast<unsigned>(topology.nodes.size()));
    for (auto& node : topology.nodes) add_cell(cells, node);
    if (topology.caches.empty()) return;
    auto& cache = host.add("cache");
    for (auto& bank : topology.caches)
        cache.append("bank")
            .set("id", bank.id)
            .set("level", bank.level)
            .set("type", bank.type)
            .set("size", bank.size / kib)
            .set("unit", "KiB")
            .set("cpus", bank.cpus);
}

void add_cpu(Node& host, const HostDescription& description) {
    auto& cpu = host.add("cpu");
    cpu.text("arch", description.architecture);
    if (!description.cpu.model.empty()) cpu.text("description", description.cpu.model);
    if (!description.cpu.vendor.empty()) cpu.text("vendor", description.cpu.vendor);
    if (description.cpu.microcode) cpu.add("microcode").set("version", *description.cpu.microcode);
    if (auto& id = description.cpu; id.signature_family && id.signature_model && id.signature_stepping)
        cpu.add("signature")
            .set("family", *id.signature_family)
            .set("model", *id.signature_model)
            .set("stepping", *id.signature_stepping);
    auto& topology = description.topology;
    cpu.add("topology")
        .set("sockets", topology.sockets)
        .set("dies", topology.dies)
        .set("cores", topology.cores)
        .set("threads", topology.threads);
    for (auto& flag : description.cpu.flags) cpu.append("feature").set("name", flag);
    std::set<std::uint64_t> sizes;
    for (auto& node : topology.nodes)
        for (auto& pool : node.pages) sizes.insert(pool.size);
    for (auto size : sizes) cpu.append("pages").set("unit", "KiB").set("size", size / kib);
}

void add_machines(Node& arch, const Capabilities& binary) {
    for (auto& machine : binary.machines) {
        auto& entry = arch.append_text("machine", machine.name);
        entry.set("maxCpus", machine.cpu_max);
        if (machine.deprecated) entry.set("deprecated", true);
    }
    for (auto& machine : binary.machines) {
        if (machine.alias.empty()) continue;
        arch.append_text("machine", machine.alias).set("canonical", machine.name).set("maxCpus", machine.cpu_max);
    }
}

unsigned word_size(std::string_view arch) {
    for (auto narrow : {"i686", "armv7l", "armv6l", "riscv32", "ppc", "mips", "mipsel", "m68k", "sparc", "cris", "lm32",
                        "microblaze", "microblazeel", "or32", "sh4", "sh4eb", "unicore32", "xtensa", "xtensaeb"})
        if (arch == narrow) return 32;
    return 64;
}

void add_guest(Node& capabilities, const Capabilities& binary) {
    auto& guest = capabilities.append("guest");
    guest.text("os_type", "hvm");
    auto& arch = guest.add("arch");
    arch.set("name", binary.arch);
    arch.text("wordsize", Value(std::uint64_t{word_size(binary.arch)}));
    arch.text("emulator", binary.binary);
    add_machines(arch, binary);
    if (binary.tcg) arch.append("domain").set("type", "qemu");
    if (binary.kvm_enabled) arch.append("domain").set("type", "kvm");
    auto& features = guest.add("features");
    const bool x86 = binary.arch == "x86_64" || binary.arch == "i686";
    if (x86 || binary.arch == "aarch64") features.add("acpi").set("default", "on").set("toggle", true);
    if (x86) features.add("apic").set("default", "on").set("toggle", false);
    if (binary.arch == "i686") {
        features.add("pae");
        features.add("nonpae");
    }
    features.add("cpuselection");
    features.add("deviceboot");
}

}  // namespace

Node host_capabilities(const HostDescription& description,
                       const std::vector<std::shared_ptr<const Capabilities>>& binaries) {
    Node capabilities("capabilities");
    auto& host = capabilities.add("host");
    if (!description.uuid.empty()) host.text("uuid", description.uuid);
    add_cpu(host, description);
    auto& power = host.add("power_management");
    for (auto& state : description.sleep_states) power.add(state);
    host.add("iommu").set("support", description.iommu);
    add_topology(host, description.topology);
    if (!description.user.empty()) {
        auto& model = host.append("secmodel");
        model.text("model", "dac");
        model.text("doi", "0");
        for (auto* type : {"kvm", "qemu"})
            model.append_text("baselabel", description.user + ":" + description.group).set("type", type);
    }
    std::set<std::string_view> seen;
    for (auto& binary : binaries)
        if (seen.insert(binary->arch).second) add_guest(capabilities, *binary);
    return capabilities;
}

}  // namespace vireo::qemu
