// SPDX-License-Identifier: LGPL-2.1-or-later
#include "model/validate.hpp"

#include "model/validate_parts.hpp"

#include <algorithm>
#include <set>

namespace vireo::model {
namespace {

Failure wrong(std::string what) {
    return fail(Errc::invalid_config, std::move(what));
}
Failure wrong(std::string what, std::string hint) {
    return Failure(Error(Errc::invalid_config, what).with_hint(hint));
}

Result<> validate_basics(const Domain& domain) {
    if (domain.uuid && domain.uuid->uniform())
        return wrong("the UUID " + domain.uuid->to_string() + " identifies nothing: all its digits are the same",
                     "Leave <uuid> out and Vireo makes one.");
    if (domain.title.find('\n') != std::string::npos) return wrong("the title must be one line");
    if (domain.memory == 0 && !(domain.cpu && domain.cpu->numa))
        return wrong("a domain needs memory: <memory> is not there, or 0");
    if (domain.memory && domain.current_memory && *domain.current_memory > domain.memory)
        return wrong("currentMemory (" + std::to_string(*domain.current_memory / 1024) + " KiB) is more than memory (" +
                     std::to_string(domain.memory / 1024) + " KiB)");
    const auto& vcpu = domain.vcpu;
    if (vcpu.current && *vcpu.current > vcpu.count)
        return wrong("vcpu: current (" + std::to_string(*vcpu.current) + ") is more than the maximum (" +
                     std::to_string(vcpu.count) + ")");
    const auto never = [](const auto& action) { return action && to_string(*action) == "rename-restart"; };
    if (never(domain.on_poweroff) || never(domain.on_reboot) || never(domain.on_crash))
        return wrong("the action rename-restart is not possible with QEMU");
    return check_path(domain.devices.emulator, "devices/emulator");
}

Result<> validate_cpu(const Domain& domain) {
    const Cpu& cpu = *domain.cpu;
    const auto mode = cpu.mode.value_or(Cpu::Mode::custom);
    const std::string mode_name(to_string(mode));
    const bool named = cpu.model && !cpu.model->name.empty();
    if (mode != Cpu::Mode::custom) {
        if (named)
            return wrong("cpu: a model ('" + cpu.model->name + "') contradicts mode='" + mode_name + "'",
                         "Use mode='custom', or leave the model out.");
        if (cpu.match) return wrong("cpu: match is for mode='custom', not for mode='" + mode_name + "'");
        if (!cpu.vendor.empty()) return wrong("cpu: vendor is for mode='custom', not for mode='" + mode_name + "'");
    } else if (!named && (cpu.mode || cpu.match || !cpu.features.empty() || !cpu.vendor.empty())) {
        return wrong("cpu: mode='custom' needs a model");
    }
    if (cpu.migratable && mode != Cpu::Mode::host_passthrough && mode != Cpu::Mode::maximum)
        return wrong("cpu: migratable is for the modes host-passthrough and maximum, not for '" + mode_name + "'");
    if (mode == Cpu::Mode::host_passthrough && domain.type == DomainType::qemu)
        return wrong("cpu: mode='host-passthrough' needs type='kvm': an emulated CPU is never the host's",
                     "Use mode='maximum' for all that the emulation can do.");
    std::set<std::string_view> features;
    for (const auto& feature : cpu.features)
        if (!features.insert(feature.name).second)
            return wrong("cpu: the feature '" + feature.name + "' is given twice");
    if (!cpu.topology) return {};
    const auto& t = *cpu.topology;
    const auto product = std::uint64_t{t.sockets} * t.dies * t.cores * t.threads;  // each at most 4096
    if (product != domain.vcpu.count)
        return wrong("cpu: the topology has " + std::to_string(product) + " CPUs, vcpu says " +
                     std::to_string(domain.vcpu.count));
    return {};
}

// What the hypervisor would ignore is refused.
Result<> validate_timer(const Timer& timer) {
    using enum Timer::Name;
    using Tick = Timer::TickPolicy;
    const std::string name(to_string(timer.name));
    const auto tick = timer.tick_policy;
    if (timer.track && timer.name != rtc) return wrong("clock: the timer " + name + " has no track; only rtc does");
    if (timer.track == Timer::Track::boot) return wrong("clock: the timer rtc cannot track 'boot' with QEMU");
    if (timer.name == rtc && timer.present == false) return wrong("clock: the timer rtc cannot be left out");
    const bool possible = !tick || (timer.name == rtc   ? tick == Tick::delay || tick == Tick::catchup
                                    : timer.name == pit ? tick != Tick::merge
                                                        : timer.name == hpet && tick == Tick::delay);
    if (!possible)
        return wrong("clock: the timer " + name + " cannot have tickpolicy='" + std::string(to_string(*tick)) +
                     "' with QEMU");
    return {};
}

Result<> validate_clock(const Clock& clock) {
    const bool variable = clock.offset == Clock::Offset::variable;
    if (!variable && clock.basis) return wrong("clock: basis is for offset='variable'");
    if (clock.adjustment && clock.offset != Clock::Offset::utc && clock.offset != Clock::Offset::localtime && !variable)
        return wrong("clock: adjustment is for the offsets variable, utc and localtime");
    if (variable && clock.adjustment && clock.adjustment->reset)
        return wrong("clock: adjustment='reset' is for the offsets utc and localtime");
    if ((clock.offset == Clock::Offset::absolute) != clock.start.has_value())
        return wrong("clock: offset='absolute' and the attribute start belong together");
    if ((clock.offset == Clock::Offset::timezone) != !clock.timezone.empty())
        return wrong("clock: offset='timezone' and the attribute timezone belong together");
    std::set<Timer::Name> timers;
    for (const auto& timer : clock.timers) {
        if (!timers.insert(timer.name).second)
            return wrong("clock: the timer " + std::string(to_string(timer.name)) + " is given twice");
        if (auto good = validate_timer(timer); !good) return good;
    }
    return {};
}

bool controls(char c) {
    return static_cast<unsigned char>(c) < 0x20 || c == 0x7f;
}

}  // namespace

Result<> check_path(const std::string& path, std::string_view what) {
    if (path.empty() || path.starts_with('/')) return {};
    return wrong(std::string(what) + ": '" + path + "' must be an absolute path");
}

Result<> validate_name(std::string_view name) {
    constexpr std::size_t longest = 255;
    if (name.empty() || name.find_first_not_of(" \t\r\n") == name.npos) return wrong("the name must not be empty");
    if (name.size() > longest)
        return wrong("the name has " + std::to_string(name.size()) + " bytes; at most 255 are possible");
    if (name.find('/') != name.npos) return wrong("the name '" + std::string(name) + "' must not contain '/'");
    if (name == "." || name == "..") return wrong("'" + std::string(name) + "' is not a possible name");
    if (std::ranges::any_of(name, controls)) return wrong("the name must be one line without control characters");
    return {};
}

Result<> validate(const Domain& domain) {
    if (auto good = validate_name(domain.name); !good) return good;
    const auto about = [&domain](Result<> good) {
        if (!good) good = Failure(good.error().with_object(domain.name));
        return good;
    };
    if (auto good = validate_basics(domain); !good) return about(good);
    if (auto good = validate_firmware(domain); !good) return about(good);
    if (domain.cpu)
        if (auto good = validate_cpu(domain); !good) return about(good);
    if (domain.clock)
        if (auto good = validate_clock(*domain.clock); !good) return about(good);
    if (auto good = validate_disks(domain); !good) return about(good);
    if (auto good = validate_controllers(domain); !good) return about(good);
    if (auto good = validate_devices(domain); !good) return about(good);
    return about(validate_places(domain));
}

}  // namespace vireo::model
