// SPDX-License-Identifier: LGPL-2.1-or-later
// <clock>: the time that the guest sees, and its timers.
#pragma once
#include "model/kept.hpp"
#include "model/names.hpp"
#include "model/scalar.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace vireo::model {

struct TimerCatchup {  // how lost ticks are made up for
    std::optional<std::uint32_t> threshold, slew, limit;
    Kept kept;
    bool operator==(const TimerCatchup&) const = default;
};

struct Timer {
    enum class Name { platform, pit, rtc, hpet, tsc, kvmclock, hypervclock, armvtimer };
    enum class TickPolicy { delay, catchup, merge, discard };
    enum class Track { boot, guest, wall, realtime };
    enum class Mode { automatic, native, emulate, paravirt, smpsafe };
    Name name = Name::rtc;
    std::optional<bool> present;
    std::optional<TickPolicy> tick_policy;
    std::optional<Track> track;
    std::optional<std::uint64_t> frequency;  // Hz; tsc only
    std::optional<Mode> mode;                // tsc only
    std::optional<TimerCatchup> catchup;     // with the tick policy catchup
    Kept kept;
    bool operator==(const Timer&) const = default;
};
template <>
inline constexpr auto names<Timer::Name> =
    words("platform", "pit", "rtc", "hpet", "tsc", "kvmclock", "hypervclock", "armvtimer");
template <>
inline constexpr auto names<Timer::TickPolicy> = words("delay", "catchup", "merge", "discard");
template <>
inline constexpr auto names<Timer::Track> = words("boot", "guest", "wall", "realtime");
template <>
inline constexpr auto names<Timer::Mode> = words("auto", "native", "emulate", "paravirt", "smpsafe");

// How far the guest's clock was set off: seconds, or "reset" for no more than the offset itself at each start.
struct ClockAdjustment {
    bool reset = false;
    std::int64_t seconds = 0;
    ClockAdjustment() = default;
    ClockAdjustment(std::int64_t value) : seconds(value) {}
    bool operator==(const ClockAdjustment&) const = default;
    static const Scalar& scalar();
};

struct Clock {
    enum class Offset { utc, localtime, variable, timezone, absolute };
    enum class Basis { utc, localtime };
    Offset offset = Offset::utc;
    std::optional<ClockAdjustment> adjustment;  // variable; with utc and localtime "reset" or a number as well
    std::optional<Basis> basis;                 // utc when absent; variable only
    std::string timezone;                       // "Europe/Paris"; timezone only
    std::optional<std::int64_t> start;          // seconds since the epoch; absolute only
    std::vector<Timer> timers;
    Kept kept;
    bool operator==(const Clock&) const = default;
};
template <>
inline constexpr auto names<Clock::Offset> = words("utc", "localtime", "variable", "timezone", "absolute");
template <>
inline constexpr auto names<Clock::Basis> = words("utc", "localtime");

}  // namespace vireo::model
