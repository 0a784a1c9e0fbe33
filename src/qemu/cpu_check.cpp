// SPDX-License-Identifier: LGPL-2.1-or-later
#include "qemu/cpu_check.hpp"

#include "qemu/cpu_names.hpp"
#include "qemu/machine.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <set>

namespace vireo::qemu {
namespace {
using model::Cpu;
using Policy = model::CpuFeature::Policy;

bool custom(const Cpu& cpu) {
    return cpu.mode.value_or(Cpu::Mode::custom) == Cpu::Mode::custom;
}

// What the definition says about its whole processor, not only about the features it names.
bool compares_whole(const Cpu& cpu) {
    return cpu.match == Cpu::Match::minimum || cpu.match == Cpu::Match::strict;
}

// match='strict': the host has that and no more.
Result<> check_strict(const CpuExpansion& available, const CpuExpansion& model, const std::set<std::string>& decided) {
    const auto own = processor_features(model);
    std::set<std::string> more;
    for (auto& name : processor_features(available))
        if (!own.contains(name) && !decided.contains(name)) more.insert(name);
    if (more.empty()) return {};
    return Failure(Error(Errc::unsupported, fmt::format("cpu: match='strict', and the host has more than the "
                                                        "definition says: {}",
                                                        fmt::join(more, ", ")))
                       .with_hint("Use match='exact' or 'minimum', or name these features"));
}

}  // namespace

CpuChecks cpu_checks(const model::Domain& domain) {
    if (!domain.cpu || !machine_of(domain).x86()) return CpuChecks::none;
    const auto& cpu = *domain.cpu;
    const bool forbids = std::ranges::any_of(
        cpu.features, [](const model::CpuFeature& feature) { return feature.policy == Policy::forbid; });
    if (custom(cpu) && cpu.model && (cpu.check == Cpu::Check::full || compares_whole(cpu)))
        return CpuChecks::everything;
    if (cpu.check.value_or(Cpu::Check::none) != Cpu::Check::none || forbids) return CpuChecks::features;
    return CpuChecks::none;
}

Result<> check_cpu(const model::Domain& domain, const CpuExpansion& available, const CpuExpansion* model) {
    const auto& cpu = *domain.cpu;
    std::set<std::string> missing, decided;
    for (const auto& feature : cpu.features) {
        const auto name = usual_feature(feature.name);
        const auto policy = feature.policy.value_or(Policy::require);
        decided.insert(name);
        const bool there = available.on.contains(name);
        if (policy == Policy::forbid && there)
            return Failure(Error(Errc::unsupported, fmt::format("cpu: the feature '{}' is forbidden, and can be had "
                                                                "here",
                                                                feature.name))
                               .with_hint("Use policy='disable' for a guest without it wherever it runs"));
        if (policy == Policy::require && !there && cpu.check.value_or(Cpu::Check::none) != Cpu::Check::none)
            missing.insert(feature.name);
    }
    if (model)
        for (std::size_t i = 0; i < model->on.size(); ++i) {
            const std::string name(model->on[i]);
            // Switches that are about QEMU itself are in no processor.
            const bool known = available.on.contains(name) || available.off.contains(name);
            if (known && !available.on.contains(name) && !decided.contains(name)) missing.insert(name);
        }
    if (missing.empty()) {
        if (model && cpu.match == Cpu::Match::strict) return check_strict(available, *model, decided);
        return {};
    }
    return Failure(Error(Errc::unsupported,
                         fmt::format("cpu: {} cannot give a guest the features {}",
                                     domain.type == model::DomainType::kvm ? "this host" : "the emulation (TCG)",
                                     fmt::join(missing, ", ")))
                       .with_hint("Choose another model, disable them, or use check='none'"));
}

}  // namespace vireo::qemu
