// SPDX-License-Identifier: LGPL-2.1-or-later
// The words of an enumeration, declared beside it, once: XML, JSON, errors and to_string() all read this table.
//     enum class Bus { usb, ps2 };
//     template <> inline constexpr auto names<Bus> = words("usb", "ps2");      // in the order of the enumerators
#pragma once
#include <array>
#include <concepts>
#include <cstddef>
#include <optional>
#include <string_view>
#include <type_traits>

namespace vireo::model {

template <class E>
inline constexpr std::nullptr_t names = nullptr;

template <class... Word>
constexpr std::array<std::string_view, sizeof...(Word)> words(const Word&... word) {
    return {std::string_view(word)...};
}

template <class E>
concept Named = std::is_enum_v<E> && !std::same_as<std::remove_cvref_t<decltype(names<E>)>, std::nullptr_t>;

template <Named E>
constexpr std::string_view to_string(E value) noexcept {
    const auto index = static_cast<std::size_t>(value);
    return index < names<E>.size() ? names<E>[index] : std::string_view();
}

template <Named E>
constexpr std::optional<E> from_string(std::string_view word) noexcept {
    for (std::size_t i = 0; i < names<E>.size(); ++i)
        if (names<E>[i] == word) return static_cast<E>(i);
    return std::nullopt;
}

}  // namespace vireo::model
