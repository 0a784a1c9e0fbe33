// SPDX-License-Identifier: LGPL-2.1-or-later
#include "model/schemas.hpp"

// clang-format off: one line, one element or attribute
namespace vireo::model {

template <>
const Element& schema<Clock>() {
    static const Element element = Declare<Clock>()
        .attribute("offset", &Clock::offset).decides()
        .attribute("adjustment", &Clock::adjustment)
        .attribute("basis", &Clock::basis)
        .attribute("timezone", &Clock::timezone)
        .attribute("start", &Clock::start)
        .child("timer", &Clock::timers)
        .kept(&Clock::kept)
        .build();
    return element;
}

template <>
const Element& schema<Timer>() {
    static const Element element = Declare<Timer>()
        .attribute("name", &Timer::name).required().decides()
        .attribute("present", &Timer::present)
        .attribute("tickpolicy", &Timer::tick_policy)
        .attribute("track", &Timer::track)
        .attribute("frequency", &Timer::frequency)
        .attribute("mode", &Timer::mode)
        .child("catchup", &Timer::catchup)
        .kept(&Timer::kept)
        .build();
    return element;
}

template <>
const Element& schema<TimerCatchup>() {
    static const Element element = Declare<TimerCatchup>()
        .attribute("threshold", &TimerCatchup::threshold)
        .attribute("slew", &TimerCatchup::slew)
        .attribute("limit", &TimerCatchup::limit)
        .kept(&TimerCatchup::kept)
        .build();
    return element;
}

}  // namespace vireo::model
