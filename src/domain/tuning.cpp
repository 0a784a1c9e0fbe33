// SPDX-License-Identifier: LGPL-2.1-or-later
#include "domain/tuning.hpp"

#include <algorithm>
#include <fmt/format.h>

namespace vireo::domain {
namespace {

using model::Scheduler;

std::vector<unsigned> numbers_of(const model::NumberSet& set) {
    std::vector<unsigned> numbers;
    for (auto& range : set.ranges())
        for (auto number = range.first; number <= range.last; ++number) numbers.push_back(number);
    return numbers;
}

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
    Settings(const model::Domain& domain, const Threads& threads) : domain_(domain), threads_(threads) {}

    std::vector<ThreadSetting> collect() {
        if (domain_.vcpu.host_cpus)
            for (auto thread : threads_.all) pin(thread, "vcpu/@cpuset", *domain_.vcpu.host_cpus);
        if (domain_.cpu_tune) {
            emulator(*domain_.cpu_tune);
            vcpus(*domain_.cpu_tune);
            iothreads(*domain_.cpu_tune);
        }
        return std::move(settings_);
    }

private:
    void pin(pid_t thread, std::string what, const model::NumberSet& cpus) {
        auto& setting = settings_.emplace_back();
        setting.thread = thread;
        setting.what = std::move(what);
        setting.cpus = numbers_of(cpus);
    }
    void schedule(pid_t thread, std::string what, Scheduler scheduler, std::optional<std::int32_t> priority) {
        auto& setting = settings_.emplace_back();
        setting.thread = thread;
        setting.what = std::move(what);
        setting.policy = policy_of(scheduler);
        setting.priority = priority.value_or(0);
    }
    // What is neither a vCPU's nor an I/O thread's.
    std::vector<pid_t> emulator_threads() const {
        std::vector<pid_t> others;
        const auto is = [](const std::map<std::uint32_t, pid_t>& known, pid_t thread) {
            return std::ranges::any_of(known, [thread](auto& entry) { return entry.second == thread; });
        };
        for (auto thread : threads_.all)
            if (!is(threads_.vcpus, thread) && !is(threads_.iothreads, thread)) others.push_back(thread);
        return others;
    }
    void emulator(const model::CpuTune& tune) {
        for (auto thread : emulator_threads()) {
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

}  // namespace

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
    if (domain.vcpu.host_cpus) return true;
    if (!domain.cpu_tune) return false;
    auto& tune = *domain.cpu_tune;
    return !tune.vcpu_pins.empty() || tune.emulator_pin || !tune.iothread_pins.empty() || tune.emulator_scheduler ||
           !tune.vcpu_schedulers.empty() || !tune.iothread_schedulers.empty();
}

std::vector<ThreadSetting> thread_settings(const model::Domain& domain, const Threads& threads) {
    return Settings(domain, threads).collect();
}

}  // namespace vireo::domain
