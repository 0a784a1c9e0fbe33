// SPDX-License-Identifier: LGPL-2.1-or-later
// <clock>: the time that the guest sees, and its timers.
#pragma once
#include "model/kept.hpp"
#include "model/names.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace vireo::model {

struct Timer {
    enum class Name { rtc, pit, hpet, kvmclock, hypervclock };
    enum class TickPolicy { delay, catchup, merge, discard };
    enum class Track { boot, guest, wall };
    Name name = Name::rtc;
    std::optional<bool> present;
    std::optional<TickPolicy> tick_policy;
    std::optional<Track> track;
    Kept kept;
    bool operator==(const Timer&) const = default;
};
template <>
inline constexpr auto names<Timer::Name> = words("rtc", "pit", "hpet", "kvmclock", "hypervclock");
template <>
inline constexpr auto names<Timer::TickPolicy> = words("delay", "catchup", "merge", "discard");
template <>
inline constexpr auto names<Timer::Track> = words("boot", "guest", "wall");

struct Clock {
    enum class Offset { utc, localtime, variable, timezone };
    enum class Basis { utc, localtime };
    Offset offset = Offset::utc;
    std::optional<std::int64_t> adjustment;  // seconds from the basis; variable only
    std::optional<Basis> basis;              // utc when absent; variable only
    std::string timezone;                    // "Europe/Paris"; timezone only
    std::vector<Timer> timers;
    Kept kept;
    bool operator==(const Clock&) const = default;
};
template <>
inline constexpr auto names<Clock::Offset> = words("utc", "localtime", "variable", "timezone");
template <>
inline constexpr auto names<Clock::Basis> = words("utc", "localtime");

}  // namespace vireo::model
