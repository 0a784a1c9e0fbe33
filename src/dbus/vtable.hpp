// SPDX-License-Identifier: LGPL-2.1-or-later
// The API's table in the form that sd-bus wants.
#pragma once
#include "api/table.hpp"
#include "dbus/message.hpp"

#include <deque>
#include <string>
#include <vector>

namespace vireo::dbus {

// One interface. Made once and kept for the life of the process, since sd-bus keeps pointers into it. The callbacks
// get a pointer to the row's Entry: methods first, in order, then properties.
class VTable {
public:
    static const VTable& of(const api::Interface& interface);
    const sd_bus_vtable* rows() const noexcept { return rows_.data(); }

private:
    explicit VTable(const api::Interface& interface);
    const char* keep(std::string text);
    std::vector<sd_bus_vtable> rows_;
    std::deque<std::string> texts_;
};

}  // namespace vireo::dbus
