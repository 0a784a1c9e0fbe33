// SPDX-License-Identifier: LGPL-2.1-or-later
#include "domain/tuning.hpp"

#include <algorithm>
#include <fmt/format.h>

namespace vireo::domain {
namespace {

using model::Scheduler;

host::Policy policy_of(Scheduler scheduler) {
    switch (scheduler) {
        case Scheduler::batch:
            return host::Policy::batch;
        case Scheduler::idle:
            return host::Policy::idle;
        case Scheduler::fifo:
            return host::Policy::fifo;
        case Scheduler::round_robin:
            return host::Policy::round_robin;
    }
    return host::Policy::batch;
}

class Settings {
public:
    Settings(const model::Domain& domain, const Threads& threads, const std::vector<unsigned>& advised)
        : domain_(domain), threads_(threads), advised_(advised) {}

    std::vector<ThreadSetting> collect() {
        if (domain_.vcpu.host_cpus)
            for (auto thread : threads_.all) pin(thread, "vcpu/@cpuset", *domain_.vcpu.host_cpus);
        if (!advised_.empty())
            for (auto thread : threads_.all) pin(thread, "vcpu/@placement", advised_);
        if (domain_.cpu_tune) {
            emulator(*domain_.cpu_tune);
            vcpus(*domain_.cpu_tune);
            iothreads(*domain_.cpu_tune);
        }
        return std::move(settings_);
    }

private:
    void pin(pid_t thread, std::string what, const model::NumberSet& cpus) {
        pin(thread, std::move(what), numbers_of(cpus));
    }
    void pin(pid_t thread, std::string what, std::vector<unsigned> cpus) {
        auto& setting = settings_.emplace_back();
        setting.thread = thread;
        setting.what = std::move(what);
        setting.cpus = std::move(cpus);
    }
    void schedule(pid_t thread, std::string what, Scheduler scheduler, std::optional<std::int32_t> priority) {
        auto& setting = settings_.emplace_back();
        setting.thread = thread;
        setting.what = std::move(what);
        setting.policy = policy_of(scheduler);
        setting.priority = priority.value_or(0);
    }
    void emulator(const model::CpuTune& tune) {
        for (auto thread : threads_.emulator()) {
            if (tune.emulator_pin) pin(thread, "cputune/emulatorpin", tune.emulator_pin->cpus);
            if (auto& wish = tune.emulator_scheduler)
                schedule(thread, "cputune/emulatorsched", wish->scheduler, wish->priority);
        }
    }
    void vcpus(const model::CpuTune& tune) {
        for (auto& wish : tune.vcpu_pins)
            if (auto found = threads_.vcpus.find(wish.vcpu); found != threads_.vcpus.end())
                pin(found->second, fmt::format("cputune/vcpupin of vCPU {}", wish.vcpu), wish.cpus);
        for (auto& wish : tune.vcpu_schedulers)
            for (auto [number, thread] : threads_.vcpus)
                if (wish.vcpus.contains(number))
                    schedule(thread, fmt::format("cputune/vcpusched of vCPU {}", number), wish.scheduler,
                             wish.priority);
    }
    void iothreads(const model::CpuTune& tune) {
        for (auto& wish : tune.iothread_pins)
            if (auto found = threads_.iothreads.find(wish.iothread); found != threads_.iothreads.end())
                pin(found->second, fmt::format("cputune/iothreadpin of I/O thread {}", wish.iothread), wish.cpus);
        for (auto& wish : tune.iothread_schedulers)
            for (auto [number, thread] : threads_.iothreads)
                if (wish.iothreads.contains(number))
                    schedule(thread, fmt::format("cputune/iothreadsched of I/O thread {}", number), wish.scheduler,
                             wish.priority);
    }

    const model::Domain& domain_;
    const Threads& threads_;
    const std::vector<unsigned>& advised_;
    std::vector<ThreadSetting> settings_;
};

void add_devices(host::Limits& limits, const model::BlkioTune& tune) {
    for (auto& wish : tune.devices) {
        auto& device = limits.devices.emplace_back();
        device.path = wish.path;
        device.weight = wish.weight;
        device.read_bytes = wish.read_bytes;
        device.write_bytes = wish.write_bytes;
        if (wish.read_iops) device.read_operations = *wish.read_iops;
        if (wish.write_iops) device.write_operations = *wish.write_iops;
    }
}

bool limited(const std::optional<std::int64_t>& quota) {
    return quota.value_or(-1) > 0;
}

}  // namespace

std::vector<unsigned> numbers_of(const model::NumberSet& set) {
    std::vector<unsigned> numbers;
    for (auto& range : set.ranges())
        for (auto number = range.first; number <= range.last; ++number) numbers.push_back(number);
    return numbers;
}

std::vector<pid_t> Threads::emulator() const {
    std::vector<pid_t> others;
    const auto is = [](const std::map<std::uint32_t, pid_t>& known, pid_t thread) {
        return std::ranges::any_of(known, [thread](auto& entry) { return entry.second == thread; });
    };
    for (auto thread : all)
        if (!is(vcpus, thread) && !is(iothreads, thread)) others.push_back(thread);
    return others;
}

host::Limits limits_of(const model::Domain& domain) {
    host::Limits limits;
    if (auto& tune = domain.cpu_tune) {
        limits.cpu_weight = tune->shares;
        limits.cpu_period = tune->global_period;
        limits.cpu_quota = tune->global_quota;
    }
    if (auto& tune = domain.mem_tune) {
        limits.memory_hard = tune->hard_limit;
        limits.memory_soft = tune->soft_limit;
        limits.swap_hard = tune->swap_hard_limit;
    }
    if (auto& tune = domain.blkio_tune) {
        limits.io_weight = tune->weight;
        add_devices(limits, *tune);
    }
    return limits;
}

bool tunes_threads(const model::Domain& domain) {
    if (domain.vcpu.host_cpus || domain.vcpu.placement == model::Vcpu::Placement::automatic) return true;
    if (!domain.cpu_tune) return false;
    auto& tune = *domain.cpu_tune;
    return !tune.vcpu_pins.empty() || tune.emulator_pin || !tune.iothread_pins.empty() || tune.emulator_scheduler ||
           !tune.vcpu_schedulers.empty() || !tune.iothread_schedulers.empty() || limited(tune.quota) ||
           limited(tune.emulator_quota) || limited(tune.iothread_quota);
}

std::vector<ThreadSetting> thread_settings(const model::Domain& domain, const Threads& threads,
                                           const std::vector<unsigned>& advised) {
    return Settings(domain, threads, advised).collect();
}

std::vector<host::ThreadLimits> thread_limits(const model::Domain& domain, const Threads& threads) {
    std::vector<host::ThreadLimits> limits;
    if (!domain.cpu_tune) return limits;
    auto& tune = *domain.cpu_tune;
    auto add = [&](std::string name, std::string what, std::vector<pid_t> members, auto& period, auto& quota) {
        auto& limit = limits.emplace_back();
        limit.name = std::move(name);
        limit.what = std::move(what);
        limit.threads = std::move(members);
        limit.period = period;
        limit.quota = *quota;
    };
    if (limited(tune.emulator_quota))
        add("emulator", "cputune/emulator_quota", threads.emulator(), tune.emulator_period, tune.emulator_quota);
    if (limited(tune.quota))
        for (auto [number, thread] : threads.vcpus)
            add(fmt::format("vcpu{}", number), "cputune/quota", {thread}, tune.period, tune.quota);
    if (limited(tune.iothread_quota))
        for (auto [number, thread] : threads.iothreads)
            add(fmt::format("iothread{}", number), "cputune/iothread_quota", {thread}, tune.iothread_period,
                tune.iothread_quota);
    return limits;
}

bool memory_is_advised(const model::Domain& domain) {
    using Placement = model::NumaMemory::Placement;
    return domain.numa_tune && domain.numa_tune->memory && domain.numa_tune->memory->placement == Placement::automatic;
}

bool binds_process(const model::Domain& domain) {
    using Mode = model::NumaMemory::Mode;
    return domain.numa_tune && domain.numa_tune->memory && domain.numa_tune->memory->mode == Mode::restrictive &&
           domain.numa_tune->memory->nodes && !memory_is_advised(domain);
}

bool asks_for_advice(const model::Domain& domain) {
    return domain.vcpu.placement == model::Vcpu::Placement::automatic || memory_is_advised(domain);
}

}  // namespace vireo::domain
