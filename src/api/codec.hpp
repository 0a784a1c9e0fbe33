// SPDX-License-Identifier: LGPL-2.1-or-later
// JSON ↔ the typed values of the generated code. What is wrong with a value names its place:
// "params.options.paused must be true or false".
#pragma once
#include "api/base.hpp"
#include "api/table.hpp"
#include "support/error.hpp"

#include <concepts>
#include <cstdint>
#include <limits>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

namespace vireo::api {

// How deep a value without a declared type (a{sv} without vireo:type, v) may be nested.
inline constexpr int deepest_value = 64;

// The place of a value in a message. Made on the stack, each pointing to the one around it.
class Where {
public:
    enum class Side {
        request,  // what a client sends: strict
        answer,   // what a daemon sends: it may be newer, so keys that are not known are passed over
    };
    explicit constexpr Where(std::string_view root, Side side = Side::request) : name_(root), side_(side) {}
    constexpr Where(const Where& parent, std::string_view key) : parent_(&parent), name_(key), side_(parent.side_) {}
    constexpr Where(const Where& parent, std::size_t index) : parent_(&parent), index_(index), side_(parent.side_) {}
    std::string text() const;  // params.filter.states[2]
    Side side() const noexcept { return side_; }

private:
    const Where* parent_ = nullptr;
    std::string_view name_;  // empty: an element of an array
    std::size_t index_ = 0;
    Side side_;
};

// "<place> <complaint>". In a request: invalid_argument. In an answer: unsupported, since the daemon speaks another
// version of the API.
[[noreturn]] void refuse(const Where& at, std::string_view complaint);

// --- JSON → C++ ---

void decode(const json::value& in, bool& out, const Where& at);
void decode(const json::value& in, double& out, const Where& at);
void decode(const json::value& in, std::string& out, const Where& at);  // without U+0000, which D-Bus cannot carry
void decode(const json::value& in, ObjectPath& out, const Where& at);   // well-formed as D-Bus wants it
void decode(const json::value& in, Any& out, const Where& at);
void decode(const json::value& in, AnyDict& out, const Where& at);
const json::object& object_of(const json::value& in, const Where& at);
std::int64_t decode_signed(const json::value& in, std::int64_t min, std::int64_t max, const Where& at);
std::uint64_t decode_unsigned(const json::value& in, std::uint64_t max, const Where& at);
std::size_t decode_name(const json::value& in, std::span<const std::string_view> names,
                        const Where& at);  // → its index

template <std::integral T>
void decode(const json::value& in, T& out, const Where& at) {
    using Limits = std::numeric_limits<T>;
    if constexpr (std::is_signed_v<T>)
        out = static_cast<T>(decode_signed(in, Limits::min(), Limits::max(), at));
    else
        out = static_cast<T>(decode_unsigned(in, Limits::max(), at));
}
template <class T>
void decode(const json::value& in, std::vector<T>& out, const Where& at) {
    auto* array = in.if_array();
    if (!array) refuse(at, "must be an array");
    out.clear();
    out.reserve(array->size());
    for (auto& element : *array) {
        T value{};
        decode(element, value, Where(at, out.size()));
        out.push_back(std::move(value));
    }
}
template <class T>
void decode(const json::value& in, std::map<std::string, T>& out, const Where& at) {
    out.clear();
    for (auto& [key, element] : object_of(in, at)) {
        auto name = std::string_view(key.data(), key.size());
        decode(element, out[std::string(name)], Where(at, name));
    }
}

// The keys of one dictionary. done() refuses those that nobody asked for, naming the nearest of the known ones.
class Reader {
public:
    Reader(const json::object& object, std::span<const Field> known, const Where& at) noexcept
        : object_(object), known_(known), at_(at) {}
    template <class T>
    void required(std::string_view key, T& out) {
        auto* value = take(key);
        if (!value) missing(key);
        decode(*value, out, Where(at_, key));
    }
    template <class T>
    void optional(std::string_view key, std::optional<T>& out) {
        if (auto* value = take(key)) decode(*value, out.emplace(), Where(at_, key));
    }
    template <class T>
    void optional(std::string_view key, T& out) {
        if (auto* value = take(key)) decode(*value, out, Where(at_, key));
    }
    void done() const {
        if (taken_ != object_.size() && at_.side() == Where::Side::request) refuse_unknown();
    }

private:
    const json::value* take(std::string_view key) {
        auto* value = object_.if_contains(json::string_view(key.data(), key.size()));
        taken_ += value != nullptr;
        return value;
    }
    [[noreturn]] void missing(std::string_view key) const;
    void refuse_unknown() const;

    const json::object& object_;
    std::span<const Field> known_;
    const Where& at_;
    std::size_t taken_ = 0;
};

// The one of names that somebody who wrote text may have meant; empty: none is near.
std::string_view nearest(std::string_view text, std::span<const std::string_view> names);

// Names by position: [object,] in-arguments in their order. Throws Error(invalid_argument) for too many.
json::object named_params(const Interface& interface, const Method& method, json::array positional);

std::string_view name_at(std::span<const std::string_view> names, std::size_t index) noexcept;  // "" beyond the end
std::optional<std::size_t> index_of(std::span<const std::string_view> names, std::string_view name) noexcept;

// --- C++ → JSON, in the memory of the object that is written to ---

namespace detail {

// seed(): what the new JSON value is made from; fill(): what goes into it then.
inline json::string_view text_of(std::string_view s) {
    return {s.data(), s.size()};
}
template <class T>
    requires std::is_arithmetic_v<T>
T seed(T value) {
    return value;
}
template <class T>
    requires std::is_enum_v<T>
json::string_view seed(T value) {
    return text_of(to_string(value));
}
inline json::string_view seed(const std::string& value) {
    return text_of(value);
}
inline json::string_view seed(const ObjectPath& value) {
    return text_of(value.value);
}
inline const json::value& seed(const Any& value) {
    return value;
}
inline const json::object& seed(const AnyDict& value) {
    return value;
}
template <class T>
json::array_kind_t seed(const std::vector<T>&) {
    return json::array_kind;
}
template <class T>
concept Dictionary = requires(const T& value, json::object& out) { encode(value, out); };
template <Dictionary T>
json::object_kind_t seed(const T&) {
    return json::object_kind;
}
template <class T>
json::object_kind_t seed(const std::map<std::string, T>&) {
    return json::object_kind;
}

template <class T>
void fill(json::value&, const T&) {}  // the seed was all
template <Dictionary T>
void fill(json::value& slot, const T& value);
template <class T>
void fill(json::value& slot, const std::vector<T>& value);
template <class T>
void fill(json::value& slot, const std::map<std::string, T>& value);

template <Dictionary T>
void fill(json::value& slot, const T& value) {
    encode(value, slot.get_object());
}
template <class T>
void fill(json::value& slot, const std::vector<T>& value) {
    auto& array = slot.get_array();
    array.reserve(value.size());
    for (const auto& element : value) fill(array.emplace_back(seed(element)), element);
}
template <class T>
void fill(json::value& slot, const std::map<std::string, T>& value) {
    auto& object = slot.get_object();
    object.reserve(value.size());
    for (const auto& [key, element] : value) fill(object.emplace(text_of(key), seed(element)).first->value(), element);
}

}  // namespace detail

// Adds key, which must be new.
template <class T>
void put(json::object& out, std::string_view key, const T& value) {
    detail::fill(out.emplace(detail::text_of(key), detail::seed(value)).first->value(), value);
}
template <class T>
void put(json::object& out, std::string_view key, const std::optional<T>& value) {
    if (value) put(out, key, *value);
}
inline void put(json::object& out, std::string_view key, AnyDict&& value) {
    out.emplace(detail::text_of(key), std::move(value));
}
inline void put(json::object& out, std::string_view key, Any&& value) {
    out.emplace(detail::text_of(key), std::move(value));
}

// A client's end: the descriptor that an answer's h means. Throws Error(unsupported) when it did not come.
UniqueFd take_descriptor(std::vector<UniqueFd>& fds, std::size_t index);

}  // namespace vireo::api
