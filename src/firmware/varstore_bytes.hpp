// SPDX-License-Identifier: LGPL-2.1-or-later
// What the parts of the variable store library share: little-endian numbers, hexadecimal text, UCS-2 text.
#pragma once
#include <concepts>
#include <cstdint>
#include <cstring>
#include <optional>
#include <string>
#include <string_view>

namespace vireo::firmware {

// A little-endian number. The caller has checked that the bytes are there.
template <std::unsigned_integral T>
T load(std::string_view bytes, std::size_t at) noexcept {
    std::uint64_t value = 0;
    for (std::size_t i = sizeof(T); i-- > 0;) value = value << 8 | static_cast<unsigned char>(bytes[at + i]);
    return static_cast<T>(value);
}
template <std::unsigned_integral T>
void store(std::string& bytes, std::size_t at, T value) noexcept {
    for (std::size_t i = 0; i < sizeof(T); ++i) bytes[at + i] = static_cast<char>(std::uint64_t{value} >> (8 * i));
}
template <std::unsigned_integral T>
void append(std::string& bytes, T value) {
    bytes.resize(bytes.size() + sizeof(T));
    store(bytes, bytes.size() - sizeof(T), value);
}

// Are `count` bytes there from `at` on? No sum overflows.
constexpr bool within(std::uint64_t at, std::uint64_t count, std::uint64_t size) noexcept {
    return at <= size && count <= size - at;
}

bool uniform(std::string_view bytes, char value) noexcept;  // every byte is this one; true when there are none

std::string to_hex(std::string_view bytes);                  // lower case, nothing between
std::optional<std::string> from_hex(std::string_view text);  // of either case; nothing when it is not hexadecimal

// Text of UCS-2 (little-endian bytes; an odd one at the end is ignored) and back, without the terminating zero.
//
// A name must come back as it was: what UTF-8 cannot hold (a lone surrogate) and what harms a terminal (control
// characters) is written \uXXXX, a backslash is doubled.
std::string name_from_ucs2(std::string_view bytes);
std::optional<std::string> name_to_ucs2(std::string_view name);  // nothing when it is neither UTF-8 nor such an escape
// For reading only: up to the first zero; what UTF-8 cannot hold, and control characters, become U+FFFD.
std::string text_from_ucs2(std::string_view bytes);
std::optional<std::string> text_to_ucs2(std::string_view text);

bool printable_ascii(std::string_view text) noexcept;
// Bytes that should be ASCII, for reading only: up to the first zero, anything else becomes "?".
std::string text_from_ascii(std::string_view bytes);

}  // namespace vireo::firmware
