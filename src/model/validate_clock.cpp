// SPDX-License-Identifier: LGPL-2.1-or-later
#include "model/validate_parts.hpp"

#include <set>

namespace vireo::model {
namespace {

Failure wrong(std::string what) {
    return fail(Errc::invalid_config, std::move(what));
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
    if (timer.name == armvtimer && timer.present == false)
        return wrong("clock: the timer armvtimer cannot be left out");
    if (timer.name == platform) return wrong("clock: the timer platform is not one of QEMU's");
    const bool possible = !tick || timer.name == hpet ||
                          (timer.name == rtc         ? tick == Tick::delay || tick == Tick::catchup
                           : timer.name == pit       ? tick != Tick::merge
                           : timer.name == armvtimer ? tick == Tick::delay || tick == Tick::discard
                                                     : false);
    if (timer.catchup && tick != Tick::catchup)
        return wrong("clock: the timer " + name + " has <catchup>, which needs tickpolicy='catchup'");
    if ((timer.frequency || timer.mode) && timer.name != tsc)
        return wrong("clock: frequency and mode are for the timer tsc, not for " + name);
    if (!possible)
        return wrong("clock: the timer " + name + " cannot have tickpolicy='" + std::string(to_string(*tick)) +
                     "' with QEMU");
    return {};
}

Result<> validate_offset(const Clock& clock) {
    const bool variable = clock.offset == Clock::Offset::variable;
    if (!variable && clock.basis) return wrong("clock: basis is for offset='variable'");
    if (clock.adjustment && clock.offset != Clock::Offset::utc && clock.offset != Clock::Offset::localtime && !variable)
        return wrong("clock: adjustment is for the offsets variable, utc and localtime");
    if (variable && clock.adjustment && clock.adjustment->reset)
        return wrong("clock: adjustment='reset' is for the offsets utc and localtime");
    if ((clock.offset == Clock::Offset::absolute) != clock.start.has_value())
        return wrong("clock: offset='absolute' and the attribute start belong together");
    constexpr std::int64_t last = 253402300799;  // the end of the year 9999
    if (clock.start && (*clock.start < 0 || *clock.start > last))
        return wrong("clock: start is a number of seconds from 0 to 253402300799, the end of the year 9999");
    if ((clock.offset == Clock::Offset::timezone) != !clock.timezone.empty())
        return wrong("clock: offset='timezone' and the attribute timezone belong together");
    return {};
}

}  // namespace

Result<> validate_clock(const Domain& domain) {
    if (!domain.clock) return {};
    if (auto good = validate_offset(*domain.clock); !good) return good;
    std::set<Timer::Name> timers;
    for (const auto& timer : domain.clock->timers) {
        if (!timers.insert(timer.name).second)
            return wrong("clock: the timer " + std::string(to_string(timer.name)) + " is given twice");
        if (auto good = validate_timer(timer); !good) return good;
    }
    return {};
}

}  // namespace vireo::model
