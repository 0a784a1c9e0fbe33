// SPDX-License-Identifier: LGPL-2.1-or-later
// sysfs: one value to a file, one thing to a link. What is absent reads as empty. Blocks for microseconds.
#pragma once
#include "support/error.hpp"

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace vireo::host {

std::string_view trim(std::string_view text);              // blanks at both ends
std::string read_text(const std::filesystem::path& file);  // without blanks around it; at most 1 MiB
// At the text's begin, behind blanks and (base 16) "0x"; what follows is not looked at.
std::optional<std::uint64_t> read_number(std::string_view text, int base = 10);
std::string link_name(const std::filesystem::path& link);                // the last part of where it leads
std::vector<std::string> names_in(const std::filesystem::path& folder);  // sorted

// Writes to an attribute in one write(2), as sysfs wants it. Blocks as long as the kernel works on it: a driver that is
// taken from its device may need seconds.
Result<> write_attribute(const std::filesystem::path& file, std::string_view value);
using AttributeWriter =
    std::function<Result<>(const std::filesystem::path&, std::string_view)>;  // tests have their own

}  // namespace vireo::host
