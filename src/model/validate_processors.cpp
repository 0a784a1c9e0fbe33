// SPDX-License-Identifier: LGPL-2.1-or-later
// How many virtual CPUs and I/O threads there are, and how they are scheduled.
#include "model/validate_parts.hpp"

#include <algorithm>
#include <set>

namespace vireo::model {
namespace {

Failure wrong(std::string what) {
    return fail(Errc::invalid_config, std::move(what));
}

// Those that are there from the start come first, as they do in the machine.
Result<> validate_each_vcpu(const Domain& domain) {
    std::set<std::uint32_t> ids, orders;
    std::uint32_t enabled = 0;
    for (const auto& vcpu : domain.vcpus) {
        const std::string name = "vcpus/vcpu " + std::to_string(vcpu.id);
        if (vcpu.id >= domain.vcpu.count)
            return wrong(name + ": there are " + std::to_string(domain.vcpu.count) + " of them, numbered from 0");
        if (!ids.insert(vcpu.id).second) return wrong(name + " is given twice");
        if (vcpu.order && !orders.insert(*vcpu.order).second)
            return wrong(name + ": another one has the order " + std::to_string(*vcpu.order));
        if (!vcpu.enabled && vcpu.order) return wrong(name + ": one that is not enabled has no order");
        if (!vcpu.enabled && vcpu.hotpluggable == false)
            return wrong(name + ": one that is not enabled must be hotpluggable, or it could never be used");
        if (vcpu.id == 0 && (!vcpu.enabled || vcpu.hotpluggable == true))
            return wrong(name + ": the guest boots on it: it is enabled and not hotpluggable");
        if (vcpu.enabled) ++enabled;
    }
    const auto current = domain.vcpu.current.value_or(domain.vcpu.count);
    if (domain.vcpus.size() == domain.vcpu.count && enabled != current)
        return wrong("vcpus: " + std::to_string(enabled) + " are enabled, vcpu says " + std::to_string(current));
    return {};
}

Result<> validate_io_threads(const Domain& domain) {
    std::set<std::uint32_t> ids;
    const auto pool = [](const auto& of, const std::string& name) -> Result<> {
        if (of.pool_max == 0) return wrong(name + ": thread_pool_max is at least 1");
        if (of.pool_min.value_or(-1) > of.pool_max.value_or(-1))
            return wrong(name + ": thread_pool_min is more than thread_pool_max");
        return {};
    };
    for (const auto& thread : domain.iothread_ids) {
        const std::string name = "iothreadids/iothread " + std::to_string(thread.id);
        if (!ids.insert(thread.id).second) return wrong(name + " is given twice");
        if (auto good = pool(thread, name); !good) return good;
    }
    return domain.default_iothread ? pool(*domain.default_iothread, "defaultiothread") : Result<>();
}

template <class Schedulers, class Set>
Result<> validate_schedulers(const Schedulers& schedulers, Set set, std::string_view what) {
    NumberSet claimed;
    for (const auto& scheduler : schedulers) {
        const bool real_time = scheduler.scheduler == Scheduler::fifo || scheduler.scheduler == Scheduler::round_robin;
        if (real_time && !scheduler.priority)
            return wrong(std::string(what) + ": the schedulers fifo and rr need a priority");
        const NumberSet& numbers = scheduler.*set;
        if (claimed.overlaps(numbers)) return wrong(std::string(what) + ": two of them are for the same threads");
        for (const auto& range : numbers.ranges()) claimed.add(range.first, range.last);
    }
    return {};
}

Result<> validate_pins(const Domain& domain, const CpuTune& tune) {
    std::set<std::uint32_t> vcpus, threads;
    const auto there = io_threads(domain);
    for (const auto& pin : tune.vcpu_pins)
        if (!vcpus.insert(pin.vcpu).second)
            return wrong("cputune/vcpupin: vcpu " + std::to_string(pin.vcpu) + " is pinned twice");
    for (const auto& pin : tune.iothread_pins) {
        if (!threads.insert(pin.iothread).second)
            return wrong("cputune/iothreadpin: iothread " + std::to_string(pin.iothread) + " is pinned twice");
        if (!there.contains(pin.iothread))
            return wrong("cputune/iothreadpin: there is no iothread " + std::to_string(pin.iothread));
    }
    return {};
}

Result<> validate_quotas(const CpuTune& tune) {
    constexpr std::uint64_t least = 1000;
    constexpr std::int64_t most = 17592186044415;
    for (const auto& period : {tune.period, tune.global_period, tune.emulator_period, tune.iothread_period})
        if (period && *period && *period < least)
            return wrong("cputune: a period has 1000 to 1000000 microseconds, or 0 for none");
    for (const auto& quota : {tune.quota, tune.global_quota, tune.emulator_quota, tune.iothread_quota})
        if (quota && *quota > 0 && (*quota < static_cast<std::int64_t>(least) || *quota > most))
            return wrong("cputune: a quota has 1000 to 17592186044415 microseconds; -1 or 0: no limit");
    return {};
}

Result<> validate_monitors(const std::vector<CacheMonitor>& monitors, bool shares, const std::string& name) {
    for (std::size_t i = 0; i < monitors.size(); ++i) {
        constexpr std::uint32_t last_level = 3;
        if (monitors[i].level != last_level) return wrong(name + ": only caches of level 3 are monitored");
        for (std::size_t n = 0; n < i; ++n) {
            if (monitors[i].vcpus == monitors[n].vcpus) return wrong(name + ": two monitors are for the same vcpus");
            if (!shares && monitors[i].vcpus.overlaps(monitors[n].vcpus))
                return wrong(name + ": two monitors are for some of the same vcpus");
        }
    }
    return {};
}

// One part of a cache is given once: as a whole, or as code and data.
Result<> validate_shares(const CacheTune& tune, const std::string& name) {
    using Type = CacheShare::Type;
    for (std::size_t i = 0; i < tune.caches.size(); ++i)
        for (std::size_t n = 0; n < i; ++n) {
            const auto &one = tune.caches[i], &two = tune.caches[n];
            if (one.id != two.id || one.level != two.level) continue;
            if (one.type == two.type || one.type == Type::both || two.type == Type::both)
                return wrong(name + ": cache " + std::to_string(one.id) + " of level " + std::to_string(one.level) +
                             " is given twice, as '" + std::string(to_string(two.type)) + "' and as '" +
                             std::string(to_string(one.type)) + "'");
        }
    return validate_monitors(tune.monitors, !tune.caches.empty(), name);
}

Result<> validate_shares(const MemoryTune& tune, const std::string& name) {
    constexpr std::uint32_t whole = 100;
    std::set<std::uint32_t> nodes;
    for (const auto& node : tune.nodes) {
        if (!nodes.insert(node.id).second)
            return wrong(name + ": the bandwidth of node " + std::to_string(node.id) + " is given twice");
        if (node.bandwidth > whole) return wrong(name + ": a bandwidth is at most 100 (per cent)");
    }
    return {};
}

template <class Tunes>
Result<> validate_groups(const Domain& domain, const Tunes& tunes, std::string_view what) {
    NumberSet claimed;
    for (const auto& tune : tunes) {
        const std::string name = "cputune/" + std::string(what) + " for the vcpus " + tune.vcpus.to_string();
        if (tune.vcpus.last() >= domain.vcpu.count) return wrong(name + ": there are not that many");
        if (claimed.overlaps(tune.vcpus)) return wrong(name + ": another one is for some of them");
        for (const auto& range : tune.vcpus.ranges()) claimed.add(range.first, range.last);
        for (const auto& monitor : tune.monitors)
            for (const auto& range : monitor.vcpus.ranges())
                if (!tune.vcpus.contains(range.first) || !tune.vcpus.contains(range.last))
                    return wrong(name + ": a monitor is for others");
        if (auto good = validate_shares(tune, name); !good) return good;
    }
    return {};
}

// Both are one group of the kernel's: the same vcpus, or none in common.
Result<> validate_resource_control(const Domain& domain, const CpuTune& tune) {
    if (auto good = validate_groups(domain, tune.cache_tunes, "cachetune"); !good) return good;
    if (auto good = validate_groups(domain, tune.memory_tunes, "memorytune"); !good) return good;
    if ((!tune.cache_tunes.empty() || !tune.memory_tunes.empty()) && domain.type != DomainType::kvm)
        return wrong("cputune: cachetune and memorytune need type='kvm'");
    for (const auto& cache : tune.cache_tunes)
        for (const auto& memory : tune.memory_tunes)
            if (cache.vcpus != memory.vcpus && cache.vcpus.overlaps(memory.vcpus))
                return wrong("cputune: a cachetune for the vcpus " + cache.vcpus.to_string() +
                             " and a memorytune for the vcpus " + memory.vcpus.to_string() +
                             " have some in common: make them the same");
    return {};
}

}  // namespace

NumberSet io_threads(const Domain& domain) {
    NumberSet ids;
    for (const auto& thread : domain.iothread_ids) ids.add(thread.id, thread.id);
    // The others are numbered from 1 on, past those that are taken.
    const auto named = domain.iothread_ids.size();
    std::size_t more = domain.iothreads.value_or(0) > named ? *domain.iothreads - named : 0;
    for (std::uint32_t id = 1; more; ++id) {
        if (ids.contains(id)) continue;
        ids.add(id, id);
        --more;
    }
    return ids;
}

Result<> check_io_threads(const Domain& domain, const std::vector<std::uint32_t>& used, std::string_view what) {
    const auto there = io_threads(domain);
    for (const auto id : used)
        if (!there.contains(id))
            return Failure(Error(Errc::invalid_config, std::string(what) + " uses the iothread " + std::to_string(id) +
                                                           ", which does not exist")
                               .with_hint("<iothreads> says how many there are; they are numbered from 1."));
    return {};
}

Result<> validate_processors(const Domain& domain) {
    const auto& vcpu = domain.vcpu;
    if (vcpu.current && *vcpu.current > vcpu.count)
        return wrong("vcpu: current (" + std::to_string(*vcpu.current) + ") is more than the maximum (" +
                     std::to_string(vcpu.count) + ")");
    if (auto good = validate_each_vcpu(domain); !good) return good;
    return validate_io_threads(domain);
}

Result<> validate_cpu_tune(const Domain& domain) {
    if (!domain.cpu_tune) return {};
    const auto& tune = *domain.cpu_tune;
    if (auto good = validate_quotas(tune); !good) return good;
    if (auto good = validate_pins(domain, tune); !good) return good;
    if (auto good = validate_schedulers(tune.vcpu_schedulers, &VcpuScheduler::vcpus, "cputune/vcpusched"); !good)
        return good;
    if (auto good =
            validate_schedulers(tune.iothread_schedulers, &IoThreadScheduler::iothreads, "cputune/iothreadsched");
        !good)
        return good;
    for (const auto& scheduler : tune.vcpu_schedulers)
        if (scheduler.vcpus.last() >= domain.vcpu.count)
            return wrong("cputune/vcpusched: there is no vcpu " + std::to_string(scheduler.vcpus.last()));
    const auto there = io_threads(domain);
    for (const auto& scheduler : tune.iothread_schedulers)
        for (const auto& range : scheduler.iothreads.ranges())
            for (auto id = range.first; id <= range.last; ++id)
                if (!there.contains(id))
                    return wrong("cputune/iothreadsched: there is no iothread " + std::to_string(id));
    if (tune.emulator_scheduler && !tune.emulator_scheduler->priority &&
        (tune.emulator_scheduler->scheduler == Scheduler::fifo ||
         tune.emulator_scheduler->scheduler == Scheduler::round_robin))
        return wrong("cputune/emulatorsched: the schedulers fifo and rr need a priority");
    return validate_resource_control(domain, tune);
}

}  // namespace vireo::model
