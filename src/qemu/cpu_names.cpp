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
