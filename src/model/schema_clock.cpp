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
        .child("timer", &Clock::timers)
        .kept(&Clock::kept)
        .later("start")
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
        .kept(&Timer::kept)
        .later("frequency", "mode", "catchup")
        .build();
    return element;
}

}  // namespace vireo::model
