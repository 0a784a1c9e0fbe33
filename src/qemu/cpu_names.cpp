// SPDX-License-Identifier: LGPL-2.1-or-later
#include "qemu/cpu_names.hpp"

#include <algorithm>
#include <array>
#include <cctype>

namespace vireo::qemu {
namespace {

constexpr std::array<std::string_view, 6> beyond_qemu = {"cmt",     "mbm_total", "mbm_local",
                                                         "osxsave", "ospke",     "pconfig"};

constexpr std::array<std::string_view, 75> arm_features = {"aarch64",
                                                           "aes",
                                                           "asimd",
                                                           "asimddp",
                                                           "asimdfhm",
                                                           "asimdhp",
                                                           "asimdrdm",
                                                           "atomics",
                                                           "bf16",
                                                           "cpuid",
                                                           "crc32",
                                                           "dcpodp",
                                                           "dcpop",
                                                           "dgh",
                                                           "dit",
                                                           "evtstrm",
                                                           "fcma",
                                                           "flagm",
                                                           "flagm2",
                                                           "fp",
                                                           "fphp",
                                                           "frint",
                                                           "i8mm",
                                                           "ilrcpc",
                                                           "jscvt",
                                                           "kvm-no-adjvtime",
                                                           "kvm-steal-time",
                                                           "lpa2",
                                                           "lrcpc",
                                                           "paca",
                                                           "pacg",
                                                           "pauth",
                                                           "pauth-impdef",
                                                           "pauth-qarma3",
                                                           "pmu",
                                                           "pmull",
                                                           "rng",
                                                           "sb",
                                                           "sha1",
                                                           "sha2",
                                                           "sha3",
                                                           "sha512",
                                                           "sm3",
                                                           "sm4",
                                                           "sme",
                                                           "sme_fa64",
                                                           "ssbs",
                                                           "sve",
                                                           "sve2",
                                                           "sveaes",
                                                           "svebf16",
                                                           "svebitperm",
                                                           "svef32mm",
                                                           "svef64mm",
                                                           "svei8mm",
                                                           "svepmull",
                                                           "svesha3",
                                                           "svesm4",
                                                           "uscat",
                                                           "sve128",
                                                           "sve256",
                                                           "sve384",
                                                           "sve512",
                                                           "sve640",
                                                           "sve768",
                                                           "sve896",
                                                           "sve1024",
                                                           "sve1152",
                                                           "sve1280",
                                                           "sve1408",
                                                           "sve1536",
                                                           "sve1664",
                                                           "sve1792",
                                                           "sve1920",
                                                           "sve2048"};

// Switches of QEMU's processors that are not about the processor: how QEMU counts, fills in and migrates, what it tells
// about caches and the hypervisor.
bool is_processor_feature(std::string_view name) {
    constexpr std::array<std::string_view, 22> others = {"check",
                                                         "cpuid-0xb",
                                                         "enforce",
                                                         "fill-mtrr-mask",
                                                         "full-cpuid-auto-level",
                                                         "host-cache-info",
                                                         "host-phys-bits",
                                                         "hotpluggable",
                                                         "hotplugged",
                                                         "hypervisor",
                                                         "kvm",
                                                         "l3-cache",
                                                         "legacy-cache",
                                                         "lmce",
                                                         "migratable",
                                                         "pmu",
                                                         "realized",
                                                         "start-powered-off",
                                                         "svme-addr-chk",
                                                         "tcg-cpuid",
                                                         "vmware-cpuid-freq",
                                                         "xen-vapic"};
    for (std::string_view family : {"kvm-", "kvmclock", "hv-", "x-"})
        if (name.starts_with(family)) return false;
    return std::ranges::find(others, name) == others.end();
}

bool equal_letters(std::string_view a, std::string_view b) {
    return std::ranges::equal(a, b,
                              [](unsigned char x, unsigned char y) { return std::tolower(x) == std::tolower(y); });
}

}  // namespace

std::string qemu_feature(std::string_view libvirt_name) {
    if (libvirt_name == "pclmuldq") return "pclmulqdq";
    std::string name(libvirt_name);
    std::ranges::replace(name, '_', '-');
    return name;
}

std::string libvirt_feature(std::string_view qemu_name) {
    constexpr std::array<std::string_view, 8> with_underscore = {
        "ds_cpl", "tsc_adjust", "fxsr_opt", "lahf_lm", "cmp_legacy", "nodeid_msr", "perfctr_core", "perfctr_nb"};
    if (qemu_name == "pclmulqdq") return "pclmuldq";
    for (auto name : with_underscore)
        if (qemu_feature(name) == qemu_name) return std::string(name);
    return std::string(qemu_name);
}

// QEMU lists a feature under each of its names.
std::string usual_feature(std::string_view name) {
    constexpr std::array<std::pair<std::string_view, std::string_view>, 6> second_names = {{{"i64", "lm"},
                                                                                            {"xd", "nx"},
                                                                                            {"ffxsr", "fxsr-opt"},
                                                                                            {"sse3", "pni"},
                                                                                            {"sse4-1", "sse4.1"},
                                                                                            {"sse4-2", "sse4.2"}}};
    auto first = qemu_feature(name);
    for (auto& [second, usual] : second_names)
        if (first == second) return std::string(usual);
    return first;
}

std::set<std::string> processor_features(const CpuExpansion& cpu) {
    std::set<std::string> all;
    for (std::size_t i = 0; i < cpu.on.size(); ++i)
        if (auto name = usual_feature(cpu.on[i]); is_processor_feature(name)) all.insert(std::move(name));
    return all;
}

bool is_beyond_qemu(std::string_view feature) noexcept {
    return std::ranges::find(beyond_qemu, feature) != beyond_qemu.end();
}

bool knows_cpu(const Capabilities& capabilities, std::string_view model) {
    if (capabilities.cpus.empty() || capabilities.cpu(model)) return true;
    if (!capabilities.arch.starts_with("ppc")) return false;
    return std::ranges::any_of(capabilities.cpus,
                               [&](const CpuModel& known) { return equal_letters(known.name, model); });
}

bool is_arm_feature(std::string_view name) noexcept {
    return std::ranges::find(arm_features, name) != arm_features.end();
}

}  // namespace vireo::qemu
