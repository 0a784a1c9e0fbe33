// SPDX-License-Identifier: LGPL-2.1-or-later
// The firmware's boot entries in a variable store: Boot####, BootOrder, BootNext, Timeout (UEFI specification, 3.1 and
// 3.3). No I/O.
#pragma once
#include "firmware/varstore.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace vireo::firmware {

struct BootEntry {
    std::string name;                     // "Boot0001"
    std::string description;              // empty when it cannot be understood
    std::string device_path;              // as text; several are joined by ","
    bool active = false;                  // the firmware tries it by itself
    bool hidden = false;                  // menus leave it out
    std::optional<std::size_t> position;  // in the order, from 0
    std::string optional_data;            // bytes
    std::string problem;                  // why it cannot be understood; empty: it can
};
struct BootSettings {
    std::vector<BootEntry> entries;        // those in the order first, then the others by number
    std::vector<std::string> order;        // names; entries that are not there (any more) are in it too
    std::optional<std::string> next;       // of the next boot only
    std::optional<std::uint16_t> timeout;  // seconds; 65535: for ever
};
BootSettings boot_settings(const VariableStore& store);

struct NewBootEntry {
    std::string description;
    std::string device_path;    // a text that device_path_bytes() understands
    std::string optional_data;  // bytes
    bool active = true;
    std::optional<std::size_t> position;  // in the order; the end when absent
};
// Names are "Boot0001", of either case. Errors: invalid_argument (no such name, twice, a text that is none), not_found
// (no such entry), limit_exceeded (no number or no room is left), and those of VariableStore::set().
Result<> set_boot_order(VariableStore& store, const std::vector<std::string>& names);
Result<> set_boot_next(VariableStore& store, std::string_view name);                  // empty: none
Result<std::string> add_boot_entry(VariableStore& store, const NewBootEntry& entry);  // → its name
Result<> remove_boot_entry(VariableStore& store, std::string_view name);              // from the order too
Result<> set_boot_entry_active(VariableStore& store, std::string_view name, bool active);

}  // namespace vireo::firmware
