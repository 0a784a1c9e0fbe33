// SPDX-License-Identifier: LGPL-2.1-or-later
// How one C++ type is a word in XML and a value in JSON. The only part of the engine that knows field types.
#pragma once
#include "model/names.hpp"
#include "model/number_set.hpp"
#include "model/uuid.hpp"

#include <boost/json/object.hpp>
#include <boost/json/value.hpp>

#include <algorithm>
#include <concepts>
#include <cstdint>
#include <limits>
#include <span>
#include <string>
#include <string_view>

namespace vireo::model {

// What is wrong with a word, to be said after its path: "is not a number".
struct Fault {
    std::string text;
    std::string hint;
    bool unsupported = false;  // well-formed, but not something Vireo does: a lenient parse may keep it
};

// A unit of size: libvirt's words ("KiB", "M", "bytes") and how many bytes it has; 0 bytes: no such unit.
struct SizeUnit {
    std::string_view name;
    std::uint64_t bytes = 0;
};
constexpr std::uint64_t size_of_unit(std::string_view unit) noexcept {  // in any case of letters
    const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; };
    const auto is = [&](std::string_view word) { return std::ranges::equal(unit, word, {}, lower); };
    if (is("b") || is("byte") || is("bytes")) return 1;
    constexpr std::string_view prefixes = "kmgtpe";
    const auto power = unit.empty() ? prefixes.npos : prefixes.find(lower(unit[0]));
    if (power == prefixes.npos) return 0;
    const auto rest = unit.substr(1);
    const bool decimal = std::ranges::equal(rest, std::string_view("b"), {}, lower);
    if (!rest.empty() && !decimal && !std::ranges::equal(rest, std::string_view("ib"), {}, lower)) return 0;
    std::uint64_t size = 1;
    for (std::size_t i = 0; i <= power; ++i) size *= decimal ? 1000 : 1024;
    return size;
}

struct SizeTraits {
    SizeUnit written{"KiB", 1024};  // no bytes: the largest unit that divides the size
    std::uint64_t read = 1024;      // what a number without a unit counts
    std::uint64_t granule = 1024;   // rounded up to multiples of this
};

struct Traits {                               // of one field
    std::span<const std::string_view> words;  // enumerations
    std::int64_t min = 0;                     // numbers
    std::uint64_t max = 0;
    std::uint8_t hex_digits = 0;   // 0: decimal
    std::uint8_t input_base = 10;  // 0: 0x… is hexadecimal, 0… octal
    SizeTraits size;
};

template <std::size_t N>
struct Literal {  // a string as template argument
    char text[N];
    consteval Literal(const char (&from)[N]) { std::copy_n(from, N, text); }
    constexpr std::string_view view() const { return {text, N - 1}; }
};
template <Literal Written, Literal Read>
inline constexpr SizeTraits size_traits = {{Written.view(), Written.view().empty() ? 0 : size_of_unit(Written.view())},
                                           size_of_unit(Read.view()),
                                           Written.view().empty() || size_of_unit(Written.view()) < 1024 ? 1U : 1024U};

// The unit in which a size is written.
SizeUnit unit_for(std::uint64_t bytes, const SizeTraits& traits);

struct Scalar {
    bool (*parse)(std::string_view word, void* value, const Traits& traits, Fault& fault);
    void (*format)(const void* value, std::string& out, const Traits& traits);  // not escaped
    bool (*from_json)(const boost::json::value& json, void* value, const Traits& traits, Fault& fault);
    boost::json::value (*to_json)(const void* value, const Traits& traits);
    std::span<const std::string_view> samples = {};  // of a type's own scalar: words that it takes, for tests
    boost::json::object (*describe)(const Traits& traits) = nullptr;  // as JSON Schema; null: anything
};

namespace scalar {
extern const Scalar text;    // std::string without control characters
extern const Scalar mac;     // std::string, normalised to lower case
extern const Scalar yes_no;  // bool
extern const Scalar on_off;  // bool
extern const Scalar word;    // an enumeration with a table of names
extern const Scalar unsigned_32, unsigned_64, signed_32, signed_64;
extern const Scalar bytes;  // std::uint64_t: "4194304 KiB", see SizeTraits; JSON: bytes
extern const Scalar kib;    // std::uint64_t in bytes: a number of KiB in XML, bytes in JSON
extern const Scalar uuid;
extern const Scalar number_set;  // NumberSet; at most traits.max
}  // namespace scalar

// A type that says itself how it is a word.
template <class T>
concept OwnScalar = requires {
    { T::scalar() } -> std::same_as<const Scalar&>;
};

template <class T>
concept ScalarType = std::same_as<T, std::string> || std::same_as<T, bool> || std::same_as<T, Uuid> ||
                     std::same_as<T, NumberSet> || std::integral<T> || Named<T> || OwnScalar<T>;

template <ScalarType T>
const Scalar& scalar_of() {
    if constexpr (OwnScalar<T>)
        return T::scalar();
    else if constexpr (std::same_as<T, std::string>)
        return scalar::text;
    else if constexpr (std::same_as<T, bool>)
        return scalar::yes_no;
    else if constexpr (std::same_as<T, Uuid>)
        return scalar::uuid;
    else if constexpr (std::same_as<T, NumberSet>)
        return scalar::number_set;
    else if constexpr (Named<T>)
        return scalar::word;
    else if constexpr (std::same_as<T, std::uint32_t>)
        return scalar::unsigned_32;
    else if constexpr (std::same_as<T, std::uint64_t>)
        return scalar::unsigned_64;
    else if constexpr (std::same_as<T, std::int32_t>)
        return scalar::signed_32;
    else {
        static_assert(std::same_as<T, std::int64_t>, "no scalar for this type yet: add one in scalar.cpp");
        return scalar::signed_64;
    }
}

template <ScalarType T>
Traits traits_of() {
    Traits traits;
    if constexpr (Named<T>) {
        static_assert(sizeof(T) == sizeof(int));
        traits.words = names<T>;
    } else if constexpr (std::same_as<T, NumberSet>) {
        traits.max = NumberSet::largest;
    } else if constexpr (std::integral<T>) {
        traits.min = static_cast<std::int64_t>(std::numeric_limits<T>::min());
        traits.max = static_cast<std::uint64_t>(std::numeric_limits<T>::max());
    }
    return traits;
}

// The known name that was probably meant, or "": at most a third of the letters differ.
std::string_view nearest(std::string_view name, std::span<const std::string_view> known);

}  // namespace vireo::model
