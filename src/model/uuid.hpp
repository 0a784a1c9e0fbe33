// SPDX-License-Identifier: LGPL-2.1-or-later
// A UUID as RFC 4122 writes it: 16 octets in network order.
#pragma once
#include <array>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace vireo::model {

struct Uuid {
    std::array<std::uint8_t, 16> octets{};

    // 32 hexadecimal digits of either case, with or without dashes (dashes only between octets, as libvirt accepts).
    static std::optional<Uuid> parse(std::string_view text) noexcept;
    static Uuid random();  // version 4, from getrandom(2); throws Error(system_failed)

    std::string to_string() const;  // 8-4-4-4-12, lower case
    // All octets equal (all zero above all): never a real identity; validate() refuses it, as libvirt does.
    bool uniform() const noexcept;
    auto operator<=>(const Uuid&) const = default;
};

}  // namespace vireo::model

template <>
struct std::hash<vireo::model::Uuid> {
    std::size_t operator()(const vireo::model::Uuid& uuid) const noexcept;
};
