// SPDX-License-Identifier: LGPL-2.1-or-later
#include "model/uuid.hpp"

#include "support/error.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <sys/random.h>

namespace vireo::model {
namespace {
int digit(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
}
}  // namespace

std::optional<Uuid> Uuid::parse(std::string_view text) noexcept {
    Uuid uuid;
    std::size_t at = 0;
    for (auto& octet : uuid.octets) {
        if (at != 0 && at < text.size() && text[at] == '-') ++at;
        if (text.size() < at + 2) return std::nullopt;
        const int high = digit(text[at]), low = digit(text[at + 1]);
        if (high < 0 || low < 0) return std::nullopt;
        octet = static_cast<std::uint8_t>(high << 4 | low);
        at += 2;
    }
    if (at != text.size()) return std::nullopt;
    return uuid;
}

Uuid Uuid::random() {
    Uuid uuid;
    for (std::size_t have = 0; have < uuid.octets.size();) {
        const auto got = ::getrandom(uuid.octets.data() + have, uuid.octets.size() - have, 0);
        if (got < 0 && errno != EINTR) throw system_error(errno, "read random octets for a UUID");
        if (got > 0) have += static_cast<std::size_t>(got);
    }
    uuid.octets[6] = static_cast<std::uint8_t>((uuid.octets[6] & 0x0f) | 0x40);
    uuid.octets[8] = static_cast<std::uint8_t>((uuid.octets[8] & 0x3f) | 0x80);
    return uuid;
}

std::string Uuid::to_string() const {
    constexpr std::string_view digits = "0123456789abcdef";
    std::string text;
    text.reserve(36);
    for (std::size_t i = 0; i < octets.size(); ++i) {
        if (i == 4 || i == 6 || i == 8 || i == 10) text += '-';
        text += digits[octets[i] >> 4];
        text += digits[octets[i] & 0xf];
    }
    return text;
}

bool Uuid::uniform() const noexcept {
    return std::ranges::all_of(octets, [this](auto octet) { return octet == octets[0]; });
}

}  // namespace vireo::model

std::size_t std::hash<vireo::model::Uuid>::operator()(const vireo::model::Uuid& uuid) const noexcept {
    std::size_t words[2];
    static_assert(sizeof words == sizeof uuid.octets);
    std::memcpy(words, uuid.octets.data(), sizeof words);
    return words[0] * 0x9e3779b97f4a7c15u ^ words[1];
}
