// SPDX-License-Identifier: LGPL-2.1-or-later
// SHA-256 of bytes as 64 lower-case hexadecimal digits.
#pragma once
#include <string>
#include <string_view>

namespace vireo::firmware {

std::string sha256(std::string_view bytes);
bool is_sha256(std::string_view text) noexcept;  // 64 lower-case hexadecimal digits

}  // namespace vireo::firmware
