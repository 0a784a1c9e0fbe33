// SPDX-License-Identifier: LGPL-2.1-or-later
// What differs between two definitions, from the declarations that also read and write them.
#pragma once
#include "model/domain.hpp"

#include <boost/json/value.hpp>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace vireo::model {

struct Change {
    enum class Kind : std::uint8_t { added, removed, changed };
    enum class Effect : std::uint8_t {
        live,       // a running guest can be given it
        next_boot,  // the guest gets it when it is started again
    };
    std::string path;  // "/domain/devices/disk[vda]/driver/@cache": items of lists by what tells them apart
    Kind kind = Kind::changed;
    Effect effect = Effect::next_boot;
    boost::json::value before;  // in the JSON form; null when added
    boost::json::value after;   // null when removed
};
std::string_view to_string(Change::Kind kind) noexcept;      // "added"
std::string_view to_string(Change::Effect effect) noexcept;  // "live", "next-boot"

// In the order of the document. Items of lists are paired by what tells them apart (a disk's target, an interface's
// MAC address, a controller's type and index …), else by being equal, else by their place. The number of a running
// domain is no difference.
std::vector<Change> compare(const Domain& before, const Domain& after);

}  // namespace vireo::model
