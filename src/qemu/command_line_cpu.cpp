// SPDX-License-Identifier: LGPL-2.1-or-later
// Processors and time.
#include "qemu/command_line_builder.hpp"

#include <algorithm>
#include <ctime>
#include <fmt/format.h>

namespace vireo::qemu {
using model::Clock;
using model::Cpu;
using model::CpuFeature;
using model::Timer;

namespace {

// What QEMU's list of features cannot be broken with.
bool is_word(std::string_view text) {
    return !text.empty() && std::ranges::all_of(text, [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_' ||
               c == '.' || c == '+';
    });
}

std::string iso_time(std::time_t when, bool local) {
    std::tm parts{};
    local ? ::localtime_r(&when, &parts) : ::gmtime_r(&when, &parts);
    return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}", parts.tm_year + 1900, parts.tm_mon + 1, parts.tm_mday,
                       parts.tm_hour, parts.tm_min, parts.tm_sec);
}

}  // namespace

void CommandLineBuilder::add_cpu() {
    const auto* machine = capabilities_.machine(domain_.os.type.machine);
    std::string cpu = machine ? machine->default_cpu : std::string();
    // virt's own default is a 32-bit processor.
    if (domain_.os.type.arch == "aarch64") cpu = kvm() ? "host" : "cortex-a57";
    if (domain_.cpu) {
        switch (domain_.cpu->mode.value_or(Cpu::Mode::custom)) {
            case Cpu::Mode::custom:
                if (domain_.cpu->model && !domain_.cpu->model->name.empty()) cpu = domain_.cpu->model->name;
                break;
            case Cpu::Mode::host_model:
            case Cpu::Mode::host_passthrough:
                cpu = kvm() ? "host" : "max";
                break;  // TCG has no host to pass through
            case Cpu::Mode::maximum:
                cpu = "max";
                break;
        }
        if (!cpu.empty() && (!is_word(cpu) || (!capabilities_.cpus.empty() && !capabilities_.cpu(cpu))))
            return problem(Errc::unsupported, fmt::format("{} knows no CPU model '{}'", capabilities_.binary, cpu),
                           "Its models: " + capabilities_.binary + " -cpu help");
    }
    add_cpu_features(cpu);
    if (!cpu.empty()) add("-cpu", std::move(cpu));
}

void CommandLineBuilder::add_cpu_features(std::string& cpu) {
    std::string features;
    auto switched = [&](std::string_view name, bool on) { features += fmt::format(",{}={}", name, on ? "on" : "off"); };
    if (domain_.cpu) {
        if (domain_.cpu->migratable && kvm() && x86()) switched("migratable", *domain_.cpu->migratable);
        for (const auto& feature : domain_.cpu->features) {
            if (!is_word(feature.name))
                return problem(Errc::invalid_config,
                               fmt::format("'{}' is not the name of a CPU feature", feature.name));
            const auto policy = feature.policy.value_or(CpuFeature::Policy::require);
            switched(feature.name, policy != CpuFeature::Policy::disable && policy != CpuFeature::Policy::forbid);
        }
        if (domain_.cpu->check == Cpu::Check::full) features += ",enforce";  // QEMU refuses what it cannot give
    }
    if (domain_.features.pmu) switched("pmu", *domain_.features.pmu);
    for (const auto& timer : domain_.clock ? domain_.clock->timers : std::vector<Timer>()) {
        if (timer.name == Timer::Name::kvmclock && timer.present) switched("kvmclock", *timer.present);
        if (timer.name == Timer::Name::hypervclock && timer.present) switched("hv-time", *timer.present);
    }
    if (cpu.empty() && !features.empty())
        return problem(Errc::invalid_config,
                       "this machine has no default CPU, and its features need one: <cpu><model>");
    cpu += features;
}

void CommandLineBuilder::add_smp() {
    const auto most = domain_.vcpu.count, now = domain_.vcpu.current.value_or(most);
    std::string smp = std::to_string(now);
    if (now != most) smp += fmt::format(",maxcpus={}", most);
    model::CpuTopology topology;
    topology.sockets = most;
    if (domain_.cpu && domain_.cpu->topology) topology = *domain_.cpu->topology;
    smp += fmt::format(",sockets={}", topology.sockets);
    if (topology.dies != 1) smp += fmt::format(",dies={}", topology.dies);
    smp += fmt::format(",cores={},threads={}", topology.cores, topology.threads);
    add("-smp", std::move(smp));
}

void CommandLineBuilder::add_clock() {
    const Clock clock = domain_.clock.value_or(Clock());
    std::string rtc = "base=";
    switch (clock.offset) {
        case Clock::Offset::utc:
            rtc += "utc";
            break;
        case Clock::Offset::localtime:
            rtc += "localtime";
            break;
        case Clock::Offset::timezone:
            rtc += "localtime";
            line_.env.push_back("TZ=" + clock.timezone);
            break;
        case Clock::Offset::absolute:
            rtc += iso_time(clock.start.value_or(0), false);
            break;
        case Clock::Offset::variable: {
            const auto now = std::chrono::system_clock::to_time_t(resources_.now);
            rtc += iso_time(now + clock.adjustment.value_or(0).seconds, clock.basis == Clock::Basis::localtime);
            break;
        }
    }
    for (const auto& timer : clock.timers) {
        if (timer.name == Timer::Name::rtc) {
            if (timer.present == false) problem(Errc::unsupported, "a domain without the timer 'rtc' is not supported");
            if (timer.track == Timer::Track::guest) rtc += ",clock=vm";
            if (timer.track == Timer::Track::wall) rtc += ",clock=host";
            if (timer.tick_policy == Timer::TickPolicy::catchup && x86()) rtc += ",driftfix=slew";
        }
        // The emulated PIT of TCG has one policy, which is this one.
        if (timer.name == Timer::Name::pit && timer.tick_policy && kvm() && x86())
            add("-global", fmt::format("kvm-pit.lost_tick_policy={}",
                                       timer.tick_policy == Timer::TickPolicy::delay ? "delay" : "discard"));
    }
    add("-rtc", std::move(rtc));
}

}  // namespace vireo::qemu
