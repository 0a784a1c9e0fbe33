// SPDX-License-Identifier: LGPL-2.1-or-later
// What of one XML document is not in another one, apart from spelling: units, bases of numbers, order, blanks.
#pragma once
#include <string>
#include <string_view>
#include <vector>

namespace vireo::corpus {

// Paths of elements, attributes and texts of `before` that are missing or different in `after`.
std::vector<std::string> lost(std::string_view before, std::string_view after);

}  // namespace vireo::corpus
