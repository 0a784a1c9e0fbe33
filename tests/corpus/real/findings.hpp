// SPDX-License-Identifier: LGPL-2.1-or-later
// A definition against what QEMU says it has: each device where the definition says, and what is behind it.
#pragma once
#include "corpus/real/guest.hpp"
#include "model/domain.hpp"

#include <cstddef>
#include <fmt/format.h>
#include <map>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace vireo::corpus {

template <class T>
inline constexpr bool number = std::is_integral_v<T> && !std::is_same_v<T, bool>;

struct Wrong {
    std::string what;    // "place of pci-bridge", to be counted
    std::string detail;  // "pci.1 is at 00:03.0, not at 00:04.0"
};

struct Findings {
    Findings() = default;
    std::map<std::string, std::size_t> right;  // how many checks of each kind were as the definition says
    std::vector<Wrong> wrong;

    void check(bool good, std::string_view kind, std::string detail);
    template <class Found, class Wanted>
    void same(const Found& found, const Wanted& wanted, std::string_view kind, const std::string& of) {
        bool equal;
        if constexpr (number<Found> && number<Wanted>)
            equal = std::cmp_equal(found, wanted);
        else
            equal = found == wanted;
        check(equal, kind, fmt::format("{} has the {} '{}', not '{}'", of, kind, found, wanted));
    }
};

// For the domain that was started, complete and with aliases.
Findings compare_devices(const model::Domain& domain, const Answers& answers);   // what there is, and where
Findings compare_backends(const model::Domain& domain, const Answers& answers);  // images, networks, characters …
Findings compare_machine(const model::Domain& domain, const Answers& answers);   // processors, memory, identity

// What of two starts of one definition is not the same hardware; empty: nothing.
std::string difference(const Answers& first, const Answers& second);

}  // namespace vireo::corpus
