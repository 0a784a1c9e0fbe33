// SPDX-License-Identifier: LGPL-2.1-or-later
// What notices that the guest hangs or crashes.
#pragma once
#include "model/address.hpp"
#include "model/kept.hpp"
#include "model/names.hpp"

#include <optional>

namespace vireo::model {

struct Watchdog {
    enum class Model { i6300esb, ib700, diag288, itco };
    enum class Action { reset, shutdown, poweroff, pause, dump, none, inject_nmi };
    Model model = Model::i6300esb;
    std::optional<Action> action;  // reset when absent
    DeviceInfo info;
    Kept kept;
    bool operator==(const Watchdog&) const = default;
};
template <>
inline constexpr auto names<Watchdog::Model> = words("i6300esb", "ib700", "diag288", "itco");
template <>
inline constexpr auto names<Watchdog::Action> =
    words("reset", "shutdown", "poweroff", "pause", "dump", "none", "inject-nmi");

struct Panic {
    enum class Model { isa, pseries, hyperv, s390, pvpanic };
    std::optional<Model> model;  // by the machine when absent
    DeviceInfo info;
    Kept kept;
    bool operator==(const Panic&) const = default;
};
template <>
inline constexpr auto names<Panic::Model> = words("isa", "pseries", "hyperv", "s390", "pvpanic");

}  // namespace vireo::model
