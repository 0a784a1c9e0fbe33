// SPDX-License-Identifier: LGPL-2.1-or-later
#include "domain/states.hpp"

#include <array>
#include <utility>

namespace vireo::domain {
namespace {

constexpr std::array<std::pair<State, std::string_view>, 8> names{{{State::no_state, "no-state"},
                                                                   {State::running, "running"},
                                                                   {State::blocked, "blocked"},
                                                                   {State::paused, "paused"},
                                                                   {State::in_shutdown, "in-shutdown"},
                                                                   {State::shut_off, "shut-off"},
                                                                   {State::crashed, "crashed"},
                                                                   {State::pm_suspended, "pm-suspended"}}};

}  // namespace

std::string_view to_string(State state) noexcept {
    return names[static_cast<std::size_t>(state)].second;
}

State state_from(std::string_view name) noexcept {
    for (auto& [state, text] : names)
        if (text == name) return state;
    return State::no_state;
}

}  // namespace vireo::domain
