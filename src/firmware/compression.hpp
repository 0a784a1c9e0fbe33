// SPDX-License-Identifier: LGPL-2.1-or-later
// Contents of stores, compressed (zstd) with their size and a checksum in front and behind.
#pragma once
#include "support/error.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace vireo::firmware {

Result<std::string> pack(std::string_view content);
// At most `limit` bytes, whatever it claims. Error: invalid_state, a sentence without a subject ("is damaged …").
Result<std::string> unpack(std::string_view packed, std::size_t limit);
// What unpack() would give, from its first bytes; 0 when it does not say.
std::uint64_t unpacked_size(std::string_view packed) noexcept;

}  // namespace vireo::firmware
