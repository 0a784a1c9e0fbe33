// SPDX-License-Identifier: LGPL-2.1-or-later
#include "qemu/host_model.hpp"

#include "qemu/cpu_names.hpp"
#include "qemu/machine.hpp"

#include <algorithm>
#include <array>
#include <set>
#include <tuple>

namespace vireo::qemu {
namespace {
using model::Cpu;
using model::CpuFeature;

std::string_view value(const CpuExpansion& cpu, std::string_view name) {
    for (auto& [key, text] : cpu.values)
        if (key == name) return text;
    return {};
}

bool same(const CpuExpansion& a, const CpuExpansion& b, std::string_view name) {
    return value(a, name) == value(b, name);
}

bool has_version(std::string_view model) {  // "Haswell-v2"
    auto at = model.rfind("-v");
    return at != model.npos && at + 2 < model.size() && model.find_first_not_of("0123456789", at + 2) == model.npos;
}

std::string vendor_word(std::string_view id) {
    constexpr std::array<std::pair<std::string_view, std::string_view>, 3> words = {
        {{"GenuineIntel", "Intel"}, {"AuthenticAMD", "AMD"}, {"HygonGenuine", "Hygon"}}};
    for (auto& [known, word] : words)
        if (id == known) return std::string(word);
    return {};
}

std::vector<std::string> beyond(const std::set<std::string>& wanted, const std::set<std::string>& there) {
    std::vector<std::string> out;
    std::ranges::set_difference(wanted, there, std::back_inserter(out));
    return out;
}

bool is_minimum(const Cpu& cpu) {
    return cpu.mode.value_or(Cpu::Mode::custom) == Cpu::Mode::custom && cpu.match == Cpu::Match::minimum && cpu.model;
}

}  // namespace

std::string_view fullest_cpu(Accelerator accelerator) noexcept {
    return accelerator == Accelerator::kvm ? "host" : "max";
}

bool is_host_model_candidate(const CpuModel& cpu) noexcept {
    return !cpu.deprecated && cpu.name != "host" && cpu.name != "max" && cpu.name != "base";
}

Result<HostModel> choose_host_model(const CpuExpansion& fullest, std::span<const CpuExpansion> named) {
    const bool real = fullest.accelerator == Accelerator::kvm;  // TCG's processor is nobody's
    const auto all = processor_features(fullest);
    using Rank = std::tuple<bool, std::size_t, std::size_t, bool, std::string_view>;
    std::optional<std::pair<Rank, HostModel>> best;
    for (auto& candidate : named) {
        if (real && !same(candidate, fullest, "vendor")) continue;
        const auto own = processor_features(candidate);
        HostModel host;
        host.model = candidate.model;
        host.vendor = vendor_word(value(candidate, "vendor"));
        host.required = beyond(all, own);
        host.disabled = beyond(own, all);
        const bool other_chip = real && !(same(candidate, fullest, "family") && same(candidate, fullest, "model"));
        Rank rank(other_chip, host.required.size() + host.disabled.size(), host.disabled.size(),
                  has_version(candidate.model), candidate.model);
        if (!best || rank < best->first) best.emplace(rank, std::move(host));
    }
    if (!best)
        return fail(Errc::unsupported, "none of QEMU's CPU models is of this host's vendor, '",
                    value(fullest, "vendor"), "'");
    return std::move(best->second);
}

bool needs_host_model(const model::Domain& domain) {
    if (!domain.cpu || !machine_of(domain).x86()) return false;
    return domain.cpu->mode == Cpu::Mode::host_model || is_minimum(*domain.cpu);
}

void expand_host_model(model::Domain& domain, const HostModel& host) {
    auto& cpu = *domain.cpu;
    std::set<std::string> decided;
    for (auto& feature : cpu.features) decided.insert(usual_feature(feature.name));
    auto add = [&](const std::vector<std::string>& names, CpuFeature::Policy policy) {
        for (auto& name : names) {
            if (decided.contains(name)) continue;
            auto& feature = cpu.features.emplace_back();
            feature.name = libvirt_feature(name);
            feature.policy = policy;
        }
    };
    cpu.mode = Cpu::Mode::custom;
    cpu.match = Cpu::Match::exact;
    if (cpu.check.value_or(Cpu::Check::none) == Cpu::Check::none) cpu.check = Cpu::Check::partial;
    cpu.vendor = host.vendor;
    auto vendor_id = cpu.model ? cpu.model->vendor_id : std::string();  // what the guest is told all the same
    cpu.model.emplace();
    cpu.model->name = host.model;
    cpu.model->fallback = model::CpuModel::Fallback::forbid;
    cpu.model->vendor_id = std::move(vendor_id);
    add(host.required, CpuFeature::Policy::require);
    add(host.disabled, CpuFeature::Policy::disable);
}

}  // namespace vireo::qemu
