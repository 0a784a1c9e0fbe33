// SPDX-License-Identifier: LGPL-2.1-or-later
#include "model/validate_parts.hpp"

#include <set>

namespace vireo::model {
namespace {

Failure wrong(std::string what) {
    return fail(Errc::invalid_config, std::move(what));
}
Failure wrong(std::string what, std::string hint) {
    return Failure(Error(Errc::invalid_config, what).with_hint(hint));
}

Result<> validate_mode(const Domain& domain, const Cpu& cpu) {
    const auto mode = cpu.mode.value_or(Cpu::Mode::custom);
    const std::string mode_name(to_string(mode));
    const bool named = cpu.model && !cpu.model->name.empty();
    if (mode != Cpu::Mode::custom) {
        // With host-model it is what the guest is compatible with (POWER).
        if (named && mode != Cpu::Mode::host_model)
            return wrong("cpu: a model ('" + cpu.model->name + "') contradicts mode='" + mode_name + "'",
                         "Use mode='custom', or leave the model out.");
        if (cpu.match) return wrong("cpu: match is for mode='custom', not for mode='" + mode_name + "'");
        if (!cpu.vendor.empty()) return wrong("cpu: vendor is for mode='custom', not for mode='" + mode_name + "'");
    } else if (!named && (cpu.mode || cpu.match || cpu.check || !cpu.features.empty() || !cpu.vendor.empty())) {
        return wrong("cpu: mode='custom' needs a model");
    }
    if (cpu.migratable && mode != Cpu::Mode::host_passthrough && mode != Cpu::Mode::maximum)
        return wrong("cpu: migratable is for the modes host-passthrough and maximum, not for '" + mode_name + "'");
    if (mode == Cpu::Mode::host_passthrough && domain.type == DomainType::qemu)
        return wrong("cpu: mode='host-passthrough' needs type='kvm': an emulated CPU is never the host's",
                     "Use mode='maximum' for all that the emulation can do.");
    return {};
}

bool is_host(const Cpu& cpu) {
    return cpu.mode == Cpu::Mode::host_passthrough || cpu.mode == Cpu::Mode::maximum;
}

Result<> validate_topology(const Domain& domain, const CpuTopology& t) {
    const auto product = [](std::uint64_t a, std::uint64_t b) {  // of at most 16384 each, so three of them fit
        return b && a > ~std::uint64_t{0} / b ? ~std::uint64_t{0} : a * b;
    };
    const auto cpus = product(product(product(product(t.sockets, t.dies), t.clusters.value_or(1)), t.cores), t.threads);
    if (cpus != domain.vcpu.count)
        return wrong("cpu: the topology has " + std::to_string(cpus) + " CPUs, vcpu says " +
                     std::to_string(domain.vcpu.count));
    return {};
}

Result<> validate_cache(const Cpu& cpu, const CpuCache& cache) {
    switch (cache.mode) {
        case CpuCache::Mode::emulate:
            if (cache.level != 3u) return wrong("cpu/cache: mode='emulate' is for level='3' only");
            break;
        case CpuCache::Mode::passthrough:
            if (cache.level) return wrong("cpu/cache: mode='passthrough' is for all levels: leave level out");
            if (!is_host(cpu))
                return wrong("cpu/cache: mode='passthrough' needs a CPU of mode='host-passthrough' or 'maximum'");
            break;
        case CpuCache::Mode::disable:
            if (cache.level && *cache.level != 3)
                return wrong("cpu/cache: mode='disable' is for level='3', or without level");
            break;
    }
    return {};
}

Result<> validate_address_size(const Cpu& cpu, const CpuAddressSize& size) {
    if (size.mode == CpuAddressSize::Mode::emulate) {
        if (!size.bits) return wrong("cpu/maxphysaddr: mode='emulate' needs bits");
        if (size.limit) return wrong("cpu/maxphysaddr: limit is for mode='passthrough'");
        return {};
    }
    if (size.bits) return wrong("cpu/maxphysaddr: bits is for mode='emulate'; use limit with 'passthrough'");
    if (!is_host(cpu))
        return wrong("cpu/maxphysaddr: mode='passthrough' needs a CPU of mode='host-passthrough' or 'maximum'");
    return {};
}

}  // namespace

Result<> validate_cpu(const Domain& domain) {
    if (!domain.cpu) return {};
    const Cpu& cpu = *domain.cpu;
    if (auto good = validate_mode(domain, cpu); !good) return good;
    std::set<std::string_view> features;
    for (const auto& feature : cpu.features) {
        if (!features.insert(feature.name).second)
            return wrong("cpu: the feature '" + feature.name + "' is given twice");
        if (feature.name.empty()) return wrong("cpu: a feature has an empty name");
    }
    constexpr std::size_t vendor_length = 12;
    if (cpu.model && !cpu.model->vendor_id.empty()) {
        if (cpu.model->vendor_id.size() != vendor_length)
            return wrong("cpu/model: vendor_id has exactly 12 characters, as CPUID has");
        if (cpu.model->vendor_id.find(',') != std::string::npos)
            return wrong("cpu/model: vendor_id cannot have a comma");
    }
    if (cpu.cache)
        if (auto good = validate_cache(cpu, *cpu.cache); !good) return good;
    if (cpu.address_size)
        if (auto good = validate_address_size(cpu, *cpu.address_size); !good) return good;
    return cpu.topology ? validate_topology(domain, *cpu.topology) : Result<>();
}

}  // namespace vireo::model
