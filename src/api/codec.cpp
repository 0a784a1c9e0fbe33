// SPDX-License-Identifier: LGPL-2.1-or-later
#include "api/codec.hpp"

#include <boost/json/value_to.hpp>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <fmt/format.h>

namespace vireo::api {
namespace {

constexpr double exact_integers = 9007199254740992.0;  // 2^53: a double holds every whole number up to it

std::string_view view(const json::string& s) {
    return {s.data(), s.size()};
}

// A whole number that was written as 1.0 or 1e3, as some JSON libraries do.
std::optional<std::int64_t> whole(const json::value& in) {
    auto* number = in.if_double();
    if (!number || std::trunc(*number) != *number || std::abs(*number) > exact_integers) return std::nullopt;
    return static_cast<std::int64_t>(*number);
}

void check_depth(const json::value& in, const Where& at, int left) {
    if (left == 0) refuse(at, fmt::format("is nested deeper than {}", deepest_value));
    if (auto* array = in.if_array()) {
        for (auto& element : *array) check_depth(element, at, left - 1);
    } else if (auto* object = in.if_object()) {
        for (auto& [key, element] : *object) check_depth(element, at, left - 1);
    }
}

// How many letters must be changed, put in, left out or swapped; small numbers only, so the short way is enough.
std::size_t distance(std::string_view a, std::string_view b) {
    std::vector<std::size_t> before, last(b.size() + 1), row(b.size() + 1);
    for (std::size_t j = 0; j <= b.size(); ++j) last[j] = j;
    for (std::size_t i = 1; i <= a.size(); ++i) {
        row[0] = i;
        for (std::size_t j = 1; j <= b.size(); ++j) {
            row[j] = std::min({last[j] + 1, row[j - 1] + 1, last[j - 1] + (a[i - 1] != b[j - 1])});
            bool swapped = i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1];
            if (swapped) row[j] = std::min(row[j], before[j - 2] + 1);
        }
        before = last;
        std::swap(last, row);
    }
    return last[b.size()];
}

std::string joined(std::span<const std::string_view> names) {
    std::string text;
    for (auto name : names) text += (text.empty() ? "" : ", ") + std::string(name);
    return text;
}

// What a client sent, for a message: not long, and nothing that a terminal would act on.
std::string shown(std::string_view text) {
    constexpr std::size_t longest = 60;
    std::string result;
    for (unsigned char c : text.substr(0, longest)) result += c < 0x20 || c == 0x7f ? '?' : static_cast<char>(c);
    return text.size() > longest ? result + "…" : result;
}

}  // namespace

std::string Where::text() const {
    if (!parent_) return std::string(name_);
    if (name_.data()) return parent_->text() + "." + shown(name_);
    return fmt::format("{}[{}]", parent_->text(), index_);
}

void refuse(const Where& at, std::string_view complaint) {
    auto message = at.text() + " " + std::string(complaint);
    if (at.side() == Where::Side::request) throw Error(Errc::invalid_argument, std::move(message));
    throw Error(Errc::unsupported, "the daemon's answer is not what this program knows: " + message)
        .with_hint("Use the program and the daemon of the same version.");
}

void decode(const json::value& in, bool& out, const Where& at) {
    auto* value = in.if_bool();
    if (!value) refuse(at, "must be true or false");
    out = *value;
}

void decode(const json::value& in, double& out, const Where& at) {
    if (!in.is_number()) refuse(at, "must be a number");
    out = in.to_number<double>();
}

void decode(const json::value& in, std::string& out, const Where& at) {
    auto* value = in.if_string();
    if (!value) refuse(at, "must be a string");
    if (std::memchr(value->data(), 0, value->size())) refuse(at, "must not contain the character U+0000");
    out.assign(value->data(), value->size());
}

void decode(const json::value& in, ObjectPath& out, const Where& at) {
    decode(in, out.value, at);
    auto& path = out.value;
    auto allowed = [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '/';
    };
    bool good = path.starts_with('/') && std::all_of(path.begin(), path.end(), allowed) &&
                (path == "/" || !path.ends_with('/')) && path.find("//") == path.npos;
    if (!good) refuse(at, "must be an object path, such as /org/vireo1/job/1");
}

void decode(const json::value& in, Any& out, const Where& at) {
    check_depth(in, at, deepest_value);
    out = in;
}

void decode(const json::value& in, AnyDict& out, const Where& at) {
    auto& object = object_of(in, at);
    check_depth(in, at, deepest_value);
    out = object;
}

const json::object& object_of(const json::value& in, const Where& at) {
    auto* object = in.if_object();
    if (!object) refuse(at, "must be an object");
    return *object;
}

std::int64_t decode_signed(const json::value& in, std::int64_t min, std::int64_t max, const Where& at) {
    std::optional<std::int64_t> number;
    if (auto* value = in.if_int64())
        number = *value;
    else
        number = whole(in);
    if (!number || *number < min || *number > max)
        refuse(at, fmt::format("must be a whole number from {} to {}", min, max));
    return *number;
}

std::uint64_t decode_unsigned(const json::value& in, std::uint64_t max, const Where& at) {
    std::optional<std::uint64_t> number;
    if (auto* value = in.if_uint64())
        number = *value;
    else if (auto* small = in.if_int64(); small && *small >= 0)
        number = static_cast<std::uint64_t>(*small);
    else if (auto big = whole(in); big && *big >= 0)
        number = static_cast<std::uint64_t>(*big);
    if (!number || *number > max) refuse(at, fmt::format("must be a whole number from 0 to {}", max));
    return *number;
}

std::size_t decode_name(const json::value& in, std::span<const std::string_view> names, const Where& at) {
    auto* text = in.if_string();
    if (!text) refuse(at, "must be one of " + joined(names));
    auto name = view(*text);
    if (auto index = index_of(names, name)) return *index;
    auto meant = nearest(name, names);
    refuse(at, fmt::format("must be one of {}, not {}{}{}{}", joined(names), shown(name),
                           meant.empty() ? "" : "; did you mean ", meant, meant.empty() ? "" : "?"));
}

void Reader::missing(std::string_view key) const {
    refuse(Where(at_, key), "is missing");
}

void Reader::refuse_unknown() const {
    std::vector<std::string_view> names;
    for (auto& field : known_) names.emplace_back(field.name);
    for (auto& [key, value] : object_) {
        auto name = std::string_view(key.data(), key.size());
        if (index_of(names, name)) continue;
        auto meant = nearest(name, names);
        Where at(at_, name);
        if (!meant.empty()) refuse(at, fmt::format("is not known; did you mean {}?", meant));
        if (names.empty()) refuse(at, "is not known: there is nothing to say here");
        refuse(at, fmt::format("is not known; what is known: {}", joined(names)));
    }
}

std::string_view nearest(std::string_view text, std::span<const std::string_view> names) {
    constexpr std::size_t longest = 64;  // of what is worth comparing
    if (text.size() > longest) return {};
    std::string_view best;
    std::size_t best_distance = 0;
    for (auto name : names) {
        auto d = distance(text, name);
        if (d > std::max<std::size_t>(1, name.size() / 3)) continue;
        if (best.empty() || d < best_distance) {
            best = name;
            best_distance = d;
        }
    }
    return best;
}

json::object named_params(const Interface& interface, const Method& method, json::array positional) {
    std::size_t offset = interface.object ? 1 : 0;
    auto most = method.in.size() + offset;
    if (positional.size() > most)
        throw Error(Errc::invalid_argument, fmt::format("{}.{} takes at most {} parameters, not {}", interface.brief,
                                                        method.name, most, positional.size()));
    json::object named(positional.storage());
    named.reserve(positional.size());
    for (std::size_t i = 0; i < positional.size(); ++i)
        named.emplace(i < offset ? interface.object : method.in[i - offset].name, std::move(positional[i]));
    return named;
}

std::string_view name_at(std::span<const std::string_view> names, std::size_t index) noexcept {
    return index < names.size() ? names[index] : std::string_view();
}

std::optional<std::size_t> index_of(std::span<const std::string_view> names, std::string_view name) noexcept {
    auto found = std::find(names.begin(), names.end(), name);
    if (found == names.end()) return std::nullopt;
    return static_cast<std::size_t>(found - names.begin());
}

UniqueFd take_descriptor(std::vector<UniqueFd>& fds, std::size_t index) {
    if (index >= fds.size() || !fds[index])
        throw Error(Errc::unsupported,
                    fmt::format("the daemon's answer speaks of descriptor {}, which did not come with it", index));
    return std::move(fds[index]);
}

}  // namespace vireo::api
