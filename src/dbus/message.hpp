// SPDX-License-Identifier: LGPL-2.1-or-later
// Owners for what sd-bus hands out, and errno-style results as errors.
#pragma once
#include "support/error.hpp"

#include <systemd/sd-bus.h>

#include <memory>
#include <string>

namespace vireo::dbus {

struct MessageUnref {
    void operator()(sd_bus_message* message) const noexcept { sd_bus_message_unref(message); }
};
using MessagePtr = std::unique_ptr<sd_bus_message, MessageUnref>;

// A registration on a connection (an object, a match, a pending call); it ends with its owner.
struct SlotUnref {
    void operator()(sd_bus_slot* slot) const noexcept { sd_bus_slot_unref(slot); }
};
using SlotPtr = std::unique_ptr<sd_bus_slot, SlotUnref>;

inline MessagePtr share(sd_bus_message* message) {
    return MessagePtr(sd_bus_message_ref(message));
}

// A negative result of sd-bus is an errno value.
inline int check(int result, const char* what) {
    if (result < 0) throw system_error(-result, what);
    return result;
}

}  // namespace vireo::dbus
