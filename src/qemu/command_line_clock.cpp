// SPDX-License-Identifier: LGPL-2.1-or-later
// The guest's clock, its timers, and its sleep states.
#include "qemu/command_line_builder.hpp"

#include <ctime>
#include <fmt/format.h>

namespace vireo::qemu {
using model::Clock;
using model::Timer;

namespace {

std::string iso_time(std::time_t when, bool local) {
    std::tm parts{};
    local ? ::localtime_r(&when, &parts) : ::gmtime_r(&when, &parts);
    return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}", parts.tm_year + 1900, parts.tm_mon + 1, parts.tm_mday,
                       parts.tm_hour, parts.tm_min, parts.tm_sec);
}

}  // namespace

std::string CommandLineBuilder::clock_base(const Clock& clock) {
    const auto now = std::chrono::system_clock::to_time_t(resources_.now);
    // An offset that was carried from a start to the next makes a variable clock of the other two as well.
    const auto adjusted = [&](bool local) {
        return iso_time(now + static_cast<std::time_t>(clock.adjustment->seconds), local);
    };
    const bool set_off = clock.adjustment && !clock.adjustment->reset;
    switch (clock.offset) {
        case Clock::Offset::utc:
            return set_off ? adjusted(false) : "utc";
        case Clock::Offset::localtime:
            return set_off ? adjusted(true) : "localtime";
        case Clock::Offset::timezone:
            line_.env.push_back("TZ=" + clock.timezone);
            return "localtime";
        case Clock::Offset::absolute:
            return iso_time(static_cast<std::time_t>(clock.start.value_or(0)), false);
        case Clock::Offset::variable:
            break;
    }
    const auto seconds = clock.adjustment ? clock.adjustment->seconds : 0;
    return iso_time(now + static_cast<std::time_t>(seconds), clock.basis == Clock::Basis::localtime);
}

void CommandLineBuilder::add_clock() {
    const Clock clock = domain_.clock.value_or(Clock());
    std::string rtc = "base=" + clock_base(clock);
    for (const auto& timer : clock.timers) {
        if (timer.name == Timer::Name::rtc) {
            if (timer.track == Timer::Track::guest) rtc += ",clock=vm";
            if (timer.track == Timer::Track::wall) rtc += ",clock=host";
            if (timer.track == Timer::Track::realtime) rtc += ",clock=rt";
            if (timer.tick_policy == Timer::TickPolicy::catchup && x86()) rtc += ",driftfix=slew";
        }
        // The emulated PIT of TCG has one policy, which is this one.
        if (timer.name == Timer::Name::pit && timer.tick_policy && kvm() && x86())
            add("-global", fmt::format("kvm-pit.lost_tick_policy={}",
                                       timer.tick_policy == Timer::TickPolicy::discard ? "discard" : "delay"));
    }
    add("-rtc", std::move(rtc));
}

void CommandLineBuilder::add_power() {
    if (domain_.pm) {
        const std::string_view chip = machine_.q35() ? "ICH9-LPC" : "PIIX4_PM";
        auto disable = [&](std::optional<bool> enabled, std::string_view state) {
            if (enabled && x86()) add("-global", fmt::format("{}.disable_{}={}", chip, state, *enabled ? 0 : 1));
        };
        disable(domain_.pm->suspend_to_mem, "s3");
        disable(domain_.pm->suspend_to_disk, "s4");
        const bool any = domain_.pm->suspend_to_mem == true || domain_.pm->suspend_to_disk == true;
        if (!x86() && any)
            problem(Errc::unsupported,
                    "<pm> is not supported on machines of the type '" + domain_.os.type.machine + "'");
    }
    using enum model::LifecycleAction;
    if (domain_.on_reboot == destroy || domain_.on_reboot == preserve) add("-action", "reboot=shutdown");
    for (const auto& watchdog : domain_.devices.watchdogs) {
        auto action = watchdog.action.value_or(model::Watchdog::Action::reset);
        if (action == model::Watchdog::Action::dump)
            action = model::Watchdog::Action::pause;  // then the daemon dumps it
        add("-action", fmt::format("watchdog={}", to_string(action)));
    }
}

}  // namespace vireo::qemu
