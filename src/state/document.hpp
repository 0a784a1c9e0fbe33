// SPDX-License-Identifier: LGPL-2.1-or-later
// What the documents on disk have in common: their names and their versions.
#pragma once
#include "support/error.hpp"

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace vireo::state {

inline constexpr int definition_version = 1;  // written; this and older ones are read
inline constexpr int status_version = 1;
inline constexpr std::size_t max_document = 8u << 20;  // bytes; a larger file is reported, not read

// A file that was left alone, and why.
struct Problem {
    std::filesystem::path file;
    Error error;
};

// Lower-case RFC 9562 text, 36 characters: the only names that documents have, so no name leaves its folder.
bool is_uuid(std::string_view text) noexcept;

// The document with the comment that says who wrote it, how to change it, and its version: before the root element,
// after an XML declaration when there is one.
std::string with_header(std::string_view xml);
// The version that the comment names; nothing when there is no such comment in the first lines.
std::optional<int> header_version(std::string_view document) noexcept;

}  // namespace vireo::state
