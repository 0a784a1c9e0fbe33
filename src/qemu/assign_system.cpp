// SPDX-License-Identifier: LGPL-2.1-or-later
// What is outside the devices: what is filled in, and what the machine cannot have.
#include "qemu/assign_parts.hpp"
#include "qemu/cpu_names.hpp"
#include "qemu/numa.hpp"

#include <algorithm>
#include <fmt/format.h>

namespace vireo::qemu {
namespace {
using model::Domain;
using model::Timer;

Failure wrong(std::string message) {
    return fail(Errc::invalid_config, std::move(message));
}

class Check {
public:
    explicit Check(const Assignment& assignment)
        : domain_(assignment.domain), machine_(assignment.machine), capabilities_(assignment.capabilities) {}

    Result<> run() {
        for (auto part : {&Check::processors, &Check::cpu, &Check::memory, &Check::pseries_features,
                          &Check::other_features, &Check::timers, &Check::security})
            if (auto good = (this->*part)(); !good) return good;
        return {};
    }

private:
    std::string elsewhere(std::string_view what) const {
        return fmt::format("{} does not exist for the architecture {} and machines of the type '{}'", what,
                           domain_.os.type.arch, domain_.os.type.machine);
    }
    bool kvm() const { return domain_.type == model::DomainType::kvm; }

    Result<> processors() {
        const auto* type = capabilities_.machine(domain_.os.type.machine);
        if (type && type->cpu_max && domain_.vcpu.count > type->cpu_max)
            return wrong(
                fmt::format("vcpu: machines of the type '{}' have at most {} of them", type->name, type->cpu_max));
        const auto threads = domain_.cpu && domain_.cpu->topology ? domain_.cpu->topology->threads : 1;
        if (!machine_.pseries()) return {};
        const auto current = domain_.vcpu.current.value_or(domain_.vcpu.count);
        if (current % threads)
            return wrong(fmt::format("vcpu: this machine plugs in whole cores: current is a multiple of {}", threads));
        for (const auto& vcpu : domain_.vcpus) {
            const auto first = std::ranges::find(domain_.vcpus, vcpu.id / threads * threads, &model::VcpuState::id);
            if (first != domain_.vcpus.end() && first->enabled != vcpu.enabled)
                return wrong(
                    fmt::format("vcpus: {} and {} are of one core: both are enabled, or none", first->id, vcpu.id));
        }
        return {};
    }

    Result<> cpu() {
        if (!domain_.cpu || !machine_.arm()) return {};
        bool sve = true, lengths = false;
        for (const auto& feature : domain_.cpu->features) {
            if (!is_arm_feature(feature.name))
                return wrong(fmt::format("cpu: Arm processors have no feature '{}'", feature.name));
            const auto policy = feature.policy.value_or(model::CpuFeature::Policy::require);
            const bool on = policy != model::CpuFeature::Policy::disable && policy != model::CpuFeature::Policy::forbid;
            if (feature.name == "sve") sve = on;
            const std::string_view name = feature.name;
            if (name.starts_with("sve") && name.size() > 3 && name[3] >= '0' && name[3] <= '9' && on) lengths = true;
            if (name.starts_with("sve") && name.size() > 5 && name[3] >= '1' && name[3] <= '9' && !on) lengths = true;
        }
        if (!sve && lengths) return wrong("cpu: lengths of SVE vectors are given, and the feature sve is disabled");
        return {};
    }

    Result<> memory() {
        if (!domain_.max_memory) return {};
        if (!machine_.hotpluggable_memory()) return wrong(elsewhere("memory that is plugged in (<maxMemory>)"));
        if (!machine_.ppc64() && !numa_of(domain_))
            return wrong("maxMemory: plugging in memory needs NUMA cells: <cpu><numa><cell …/></numa></cpu>");
        return {};
    }

    Result<> pseries_features() {
        const auto& f = domain_.features;
        const std::pair<bool, std::string_view> features[] = {
            {f.hpt.has_value(), "hpt"},
            {f.htm.has_value(), "htm"},
            {f.nested_hv.has_value(), "nested-hv"},
            {f.ccf_assist.has_value(), "ccf-assist"},
            {f.cfpc.has_value(), "cfpc"},
            {f.sbbc.has_value(), "sbbc"},
            {f.ibs.has_value(), "ibs"},
        };
        for (const auto& [given, name] : features)
            if (given && !machine_.pseries()) return wrong(elsewhere(fmt::format("features/{}", name)));
        return {};
    }

    Result<> other_features() {
        const auto& f = domain_.features;
        const auto on = [](const std::optional<bool>& state) { return state == true; };
        const std::tuple<bool, bool, std::string_view> features[] = {
            {f.gic.has_value(), machine_.arm_virt(), "gic"},
            {f.ioapic.has_value(), machine_.x86(), "ioapic"},
            {f.apic && f.apic->eoi, machine_.x86(), "apic with eoi"},
            {f.pvspinlock.has_value(), machine_.x86(), "pvspinlock"},
            {f.hyperv.has_value(), machine_.x86() || machine_.arm_virt(), "hyperv"},
            {on(f.vmport), machine_.x86(), "vmport"},
            {f.ps2.has_value(), machine_.q35() || machine_.i440fx(), "ps2"},
            {on(f.ras), machine_.arm_virt(), "ras"},
            {f.aia.has_value(), machine_.riscv_virt(), "aia"},
            {f.smm && f.smm->tseg, machine_.q35(), "smm with tseg"},
        };
        for (const auto& [given, possible, name] : features)
            if (given && !possible) return wrong(elsewhere(fmt::format("features/{}", name)));
        if (f.kvm && f.kvm->dirty_ring && f.kvm->dirty_ring->on && !kvm())
            return wrong("features/kvm/dirty-ring needs type='kvm'");
        return {};
    }

    Result<> timers() {
        if (!domain_.clock) return {};
        for (const auto& timer : domain_.clock->timers) {
            const auto name = fmt::format("clock: the timer {}", to_string(timer.name));
            switch (timer.name) {
                case Timer::Name::tsc:
                case Timer::Name::kvmclock:
                case Timer::Name::pit:
                case Timer::Name::hpet:
                    if (!machine_.x86() && timer.present != false) return wrong(elsewhere(name));
                    break;
                case Timer::Name::hypervclock:
                    if (!machine_.x86() && !machine_.arm_virt()) return wrong(elsewhere(name));
                    break;
                case Timer::Name::armvtimer:
                    if (!machine_.arm_virt() || !kvm()) return wrong(name + " needs Arm's virt machine and type='kvm'");
                    break;
                case Timer::Name::rtc:
                case Timer::Name::platform:
                    break;
            }
        }
        return {};
    }

    Result<> security() {
        if (!domain_.key_wrap.empty() && !machine_.s390()) return wrong(elsewhere("keywrap"));
        if (!domain_.launch_security) return {};
        const bool pv = std::holds_alternative<model::S390PvLaunch>(*domain_.launch_security);
        if (pv != machine_.s390() || (!pv && machine_.arch != Arch::x86_64))
            return wrong(elsewhere("that type of launchSecurity"));
        return {};
    }

    const Domain& domain_;
    const Machine& machine_;
    const Capabilities& capabilities_;
};

}  // namespace

Result<> assign_system(Assignment& assignment) {
    auto& domain = assignment.domain;
    if (domain.generation_id && !domain.generation_id->uuid) domain.generation_id->uuid = model::Uuid::random();
    return Check(assignment).run();
}

void assign_memory(model::Domain& domain) {
    if (domain.memory || !numa_of(domain)) return;
    for (const auto& cell : domain.cpu->numa->cells) domain.memory += cell.memory;
    domain.memory += device_memory(domain);
}

}  // namespace vireo::qemu
