// SPDX-License-Identifier: LGPL-2.1-or-later
#include "model/scalar.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstring>
#include <numeric>
#include <optional>

namespace vireo::model {
namespace {
namespace json = boost::json;

constexpr std::string_view blanks = " \t\r\n";

std::string_view trim(std::string_view text) {
    const auto first = text.find_first_not_of(blanks);
    if (first == text.npos) return {};
    return text.substr(first, text.find_last_not_of(blanks) - first + 1);
}

char lower(char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

// A word in an error: in quotes and not endless.
std::string quoted(std::string_view word) {
    constexpr std::size_t limit = 60;
    std::string out = "'";
    for (const char c : word.substr(0, limit)) out += static_cast<unsigned char>(c) < 0x20 ? ' ' : c;
    return out += word.size() > limit ? "…'" : "'";
}

bool malformed(Fault& fault, std::string text) {
    fault = {.text = std::move(text), .hint = {}, .unsupported = false};
    return false;
}

bool wrong_json(Fault& fault, std::string_view wanted, const json::value& got) {
    return malformed(fault, "must be " + std::string(wanted) + ", not " + std::string(json::to_string(got.kind())));
}

// ── text ──
bool parse_text(std::string_view word, void* value, const Traits&, Fault& fault) {
    for (const char c : word) {
        const auto byte = static_cast<unsigned char>(c);
        if ((byte < 0x20 && blanks.find(c) == blanks.npos) || byte == 0x7f)
            return malformed(fault, "contains a control character");
    }
    static_cast<std::string*>(value)->assign(word);
    return true;
}
void format_text(const void* value, std::string& out, const Traits&) {
    out += *static_cast<const std::string*>(value);
}
bool text_from_json(const json::value& json, void* value, const Traits& traits, Fault& fault) {
    const auto* string = json.if_string();
    return string ? parse_text(*string, value, traits, fault) : wrong_json(fault, "a string", json);
}
json::value text_to_json(const void* value, const Traits&) {
    return json::value(json::string(*static_cast<const std::string*>(value)));
}

bool parse_mac(std::string_view word, void* value, const Traits&, Fault& fault) {
    word = trim(word);
    bool good = word.size() == 17;
    for (std::size_t i = 0; good && i < word.size(); ++i) {
        const char c = lower(word[i]);
        good = i % 3 == 2 ? c == ':' : (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
    }
    if (!good) return malformed(fault, quoted(word) + " is not a MAC address (six pairs of hexadecimal digits)");
    auto& out = *static_cast<std::string*>(value);
    out.assign(word);
    std::ranges::transform(out, out.begin(), lower);
    return true;
}
bool mac_from_json(const json::value& json, void* value, const Traits& traits, Fault& fault) {
    const auto* string = json.if_string();
    return string ? parse_mac(*string, value, traits, fault) : wrong_json(fault, "a string", json);
}

// ── bool ──
bool parse_bool(std::string_view word, void* value, std::string_view yes, std::string_view no, Fault& fault) {
    word = trim(word);
    if (word != yes && word != no)
        return malformed(fault, quoted(word) + " is neither '" + std::string(yes) + "' nor '" + std::string(no) + "'");
    *static_cast<bool*>(value) = word == yes;
    return true;
}
bool parse_yes_no(std::string_view word, void* value, const Traits&, Fault& fault) {
    return parse_bool(word, value, "yes", "no", fault);
}
bool parse_on_off(std::string_view word, void* value, const Traits&, Fault& fault) {
    return parse_bool(word, value, "on", "off", fault);
}
void format_yes_no(const void* value, std::string& out, const Traits&) {
    out += *static_cast<const bool*>(value) ? "yes" : "no";
}
void format_on_off(const void* value, std::string& out, const Traits&) {
    out += *static_cast<const bool*>(value) ? "on" : "off";
}
bool bool_from_json(const json::value& json, void* value, const Traits&, Fault& fault) {
    const auto* boolean = json.if_bool();
    if (!boolean) return wrong_json(fault, "true or false", json);
    *static_cast<bool*>(value) = *boolean;
    return true;
}
json::value bool_to_json(const void* value, const Traits&) {
    return json::value(*static_cast<const bool*>(value));
}

// ── enumerations: read and written byte-wise, for their types are not known here ──
bool parse_word(std::string_view word, void* value, const Traits& traits, Fault& fault) {
    word = trim(word);
    const auto found = std::ranges::find(traits.words, word);
    if (found == traits.words.end()) {
        fault.text = quoted(word) + " is not supported (supported: ";
        for (const auto& known : traits.words)
            fault.text.append(&known == traits.words.data() ? "" : ", ").append(known);
        fault.text += ')';
        const auto near = nearest(word, traits.words);
        fault.hint = near.empty() ? "" : "Did you mean '" + std::string(near) + "'?";
        fault.unsupported = true;
        return false;
    }
    const int index = static_cast<int>(found - traits.words.begin());
    std::memcpy(value, &index, sizeof index);
    return true;
}
std::string_view word_of(const void* value, const Traits& traits) {
    int index = 0;
    std::memcpy(&index, value, sizeof index);
    return index >= 0 && static_cast<std::size_t>(index) < traits.words.size() ? traits.words[index] : "";
}
void format_word(const void* value, std::string& out, const Traits& traits) {
    out += word_of(value, traits);
}
bool word_from_json(const json::value& json, void* value, const Traits& traits, Fault& fault) {
    const auto* string = json.if_string();
    return string ? parse_word(*string, value, traits, fault) : wrong_json(fault, "a string", json);
}
json::value word_to_json(const void* value, const Traits& traits) {
    return json::value(word_of(value, traits));
}

// ── numbers ──
struct Number {  // sign and magnitude: any of the four types
    bool negative = false;
    std::uint64_t magnitude = 0;
};

enum class NumberFault { none, not_a_number, too_large };
NumberFault parse_number(std::string_view word, int base, Number& number) {
    if (word.starts_with('-')) number.negative = true, word.remove_prefix(1);
    if (base == 0 || base == 16) {
        const bool prefixed = word.starts_with("0x") || word.starts_with("0X");
        if (prefixed) word.remove_prefix(2);
        base = prefixed || base == 16 ? 16 : word.size() > 1 && word.starts_with('0') ? 8 : 10;
    }
    const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), number.magnitude, base);
    if (error == std::errc::result_out_of_range) return NumberFault::too_large;
    return error == std::errc() && end == word.data() + word.size() ? NumberFault::none : NumberFault::not_a_number;
}

bool in_range(const Number& number, const Traits& traits) {
    if (!number.negative || number.magnitude == 0)
        return number.magnitude <= traits.max &&
               (traits.min <= 0 || number.magnitude >= static_cast<std::uint64_t>(traits.min));
    return traits.min < 0 && number.magnitude <= std::uint64_t{0} - static_cast<std::uint64_t>(traits.min);
}

template <class T>
bool store(const Number& number, std::string_view shown, void* value, const Traits& traits, Fault& fault) {
    if (!in_range(number, traits))
        return malformed(fault, quoted(shown) + " is out of range (" + std::to_string(traits.min) + " to " +
                                    std::to_string(traits.max) + ")");
    const auto bits = number.negative ? std::uint64_t{0} - number.magnitude : number.magnitude;
    *static_cast<T*>(value) = static_cast<T>(bits);
    return true;
}

template <class T>
bool parse_integer(std::string_view word, void* value, const Traits& traits, Fault& fault) {
    word = trim(word);
    Number number;
    switch (parse_number(word, traits.input_base, number)) {
        case NumberFault::none:
            return store<T>(number, word, value, traits, fault);
        case NumberFault::too_large:
            return malformed(fault, quoted(word) + " is too large");
        case NumberFault::not_a_number:
            break;
    }
    return malformed(fault, quoted(word) + " is not a whole number");
}
template <class T>
void format_integer(const void* value, std::string& out, const Traits& traits) {
    std::array<char, 24> buffer;
    const T number = *static_cast<const T*>(value);
    const bool hex = traits.hex_digits && number >= T{0};  // -1 stays -1
    const auto end = std::to_chars(buffer.data(), buffer.data() + buffer.size(), number, hex ? 16 : 10).ptr;
    const auto length = static_cast<std::size_t>(end - buffer.data());
    if (hex) {
        out += "0x";
        if (length < traits.hex_digits) out.append(traits.hex_digits - length, '0');
    }
    out.append(buffer.data(), length);
}

std::optional<Number> number_in(const json::value& json) {
    if (const auto* number = json.if_uint64()) return Number{false, *number};
    if (const auto* number = json.if_int64())
        return Number{*number < 0, *number < 0 ? std::uint64_t{0} - static_cast<std::uint64_t>(*number)
                                               : static_cast<std::uint64_t>(*number)};
    return std::nullopt;
}
template <class T>
bool integer_from_json(const json::value& json, void* value, const Traits& traits, Fault& fault) {
    const auto number = number_in(json);
    if (!number) return wrong_json(fault, "a whole number", json);
    return store<T>(*number, (number->negative ? "-" : "") + std::to_string(number->magnitude), value, traits, fault);
}
template <class T>
json::value integer_to_json(const void* value, const Traits&) {
    return json::value(*static_cast<const T*>(value));
}

// ── sizes ──
constexpr std::uint64_t kibibyte = 1024;

bool store_bytes(std::uint64_t count, std::uint64_t unit, std::string_view shown, void* value, const Traits& traits,
                 Fault& fault) {
    constexpr auto most = std::numeric_limits<std::uint64_t>::max();
    const auto granule = traits.size.granule;
    if (count > most / unit || count * unit > most - (granule - 1))
        return malformed(fault, quoted(shown) + " is too large");
    *static_cast<std::uint64_t*>(value) = (count * unit + granule - 1) / granule * granule;
    return true;
}
bool parse_bytes(std::string_view word, void* value, const Traits& traits, Fault& fault) {
    word = trim(word);
    const auto end = std::min(word.find_first_not_of("0123456789"), word.size());
    Number number;
    if (word.starts_with('-')) return malformed(fault, quoted(word) + " is negative");
    switch (parse_number(word.substr(0, end), 10, number)) {
        case NumberFault::none:
            break;
        case NumberFault::too_large:
            return malformed(fault, quoted(word) + " is too large");
        case NumberFault::not_a_number:
            return malformed(fault, quoted(word) + " is not a size");
    }
    const auto suffix = trim(word.substr(end));
    const auto unit = suffix.empty() ? traits.size.read : size_of_unit(suffix);
    if (!unit) {
        fault.hint = "Use bytes, KiB, MiB, GiB, TiB, or KB, MB, GB, TB for powers of 1000.";
        fault.text = quoted(suffix) + " is not a unit of size";
        return false;
    }
    return store_bytes(number.magnitude, unit, word, value, traits, fault);
}
void format_bytes(const void* value, std::string& out, const Traits& traits) {
    const auto bytes = *static_cast<const std::uint64_t*>(value);
    const std::uint64_t count = bytes / unit_for(bytes, traits.size).bytes;
    format_integer<std::uint64_t>(&count, out, traits);
}
void format_kib(const void* value, std::string& out, const Traits& traits) {
    const std::uint64_t count = *static_cast<const std::uint64_t*>(value) / kibibyte;
    format_integer<std::uint64_t>(&count, out, traits);
}
bool bytes_from_json(const json::value& json, void* value, const Traits& traits, Fault& fault) {
    if (const auto* string = json.if_string()) return parse_bytes(*string, value, traits, fault);
    const auto number = number_in(json);
    if (!number || number->negative) return wrong_json(fault, "a number of bytes, or a string such as \"4 GiB\"", json);
    return store_bytes(number->magnitude, 1, std::to_string(number->magnitude), value, traits, fault);
}
bool parse_kib(std::string_view word, void* value, const Traits& traits, Fault& fault) {
    std::uint64_t count = 0;
    return parse_integer<std::uint64_t>(word, &count, traits, fault) &&
           store_bytes(count, kibibyte, word, value, traits, fault);
}

// ── UUID ──
bool parse_uuid(std::string_view word, void* value, const Traits&, Fault& fault) {
    const auto uuid = Uuid::parse(trim(word));
    if (!uuid) return malformed(fault, quoted(word) + " is not a UUID");
    *static_cast<Uuid*>(value) = *uuid;
    return true;
}
void format_uuid(const void* value, std::string& out, const Traits&) {
    out += static_cast<const Uuid*>(value)->to_string();
}
bool uuid_from_json(const json::value& json, void* value, const Traits& traits, Fault& fault) {
    const auto* string = json.if_string();
    return string ? parse_uuid(*string, value, traits, fault) : wrong_json(fault, "a string", json);
}
json::value uuid_to_json(const void* value, const Traits&) {
    return json::value(json::string(static_cast<const Uuid*>(value)->to_string()));
}

// ── sets of numbers ──
bool parse_set(std::string_view word, void* value, const Traits& traits, Fault& fault) {
    word = trim(word);
    auto set = NumberSet::parse(word, static_cast<std::uint32_t>(traits.max));
    if (!set)
        return malformed(fault, quoted(word) + " is not a list of numbers and ranges up to " +
                                    std::to_string(traits.max) + ", such as '0-3,^2,8'");
    *static_cast<NumberSet*>(value) = std::move(*set);
    return true;
}
void format_set(const void* value, std::string& out, const Traits&) {
    static_cast<const NumberSet*>(value)->append_to(out);
}
bool set_from_json(const json::value& json, void* value, const Traits& traits, Fault& fault) {
    const auto* string = json.if_string();
    return string ? parse_set(*string, value, traits, fault) : wrong_json(fault, "a string such as \"0-3,8\"", json);
}
json::value set_to_json(const void* value, const Traits&) {
    std::string out;
    static_cast<const NumberSet*>(value)->append_to(out);
    return json::value(json::string(out));
}

// Letters to add, drop, change or swap with their neighbour; names are short.
std::size_t distance(std::string_view a, std::string_view b) {
    using Row = std::array<std::size_t, 33>;
    Row before{}, above{}, row{};
    std::iota(above.begin(), above.end(), std::size_t{0});
    for (std::size_t i = 1; i <= a.size(); ++i) {
        row[0] = i;
        for (std::size_t j = 1; j <= b.size(); ++j) {
            const char x = lower(a[i - 1]), y = lower(b[j - 1]);
            row[j] = std::min({above[j - 1] + (x != y), above[j] + 1, row[j - 1] + 1});
            if (i > 1 && j > 1 && x == lower(b[j - 2]) && y == lower(a[i - 2]))
                row[j] = std::min(row[j], before[j - 2] + 1);
        }
        before = above;
        above = row;
    }
    return above[b.size()];
}

// ── as JSON Schema ──
json::object describe_text(const Traits&) {
    return {{"type", "string"}};
}
json::object describe_mac(const Traits&) {
    return {{"type", "string"}, {"pattern", "^([0-9a-fA-F]{2}:){5}[0-9a-fA-F]{2}$"}};
}
json::object describe_bool(const Traits&) {
    return {{"type", "boolean"}};
}
json::object describe_word(const Traits& traits) {
    json::array words;
    for (const auto word : traits.words) words.push_back(json::value(word));
    return {{"enum", std::move(words)}};
}
json::object describe_integer(const Traits& traits) {
    return {{"type", "integer"}, {"minimum", traits.min}, {"maximum", traits.max}};
}
json::object describe_bytes(const Traits&) {
    const json::object number{{"type", "integer"}, {"minimum", 0}};
    const json::object text{{"type", "string"}, {"pattern", "^ *[0-9]+ *([KMGTPEkmgtpe]?([iI]?[bB])?|[bB]ytes?) *$"}};
    return {{"anyOf", json::array{number, text}}};
}
json::object describe_uuid(const Traits&) {
    return {{"type", "string"}, {"format", "uuid"}};
}
json::object describe_set(const Traits&) {
    return {{"type", "string"}, {"pattern", "^[0-9, ^-]+$"}};
}

template <class T>
constexpr Scalar integer = {&parse_integer<T>, &format_integer<T>, &integer_from_json<T>, &integer_to_json<T>, {},
                            &describe_integer};
}  // namespace

namespace scalar {
const Scalar text = {&parse_text, &format_text, &text_from_json, &text_to_json, {}, &describe_text};
const Scalar mac = {&parse_mac, &format_text, &mac_from_json, &text_to_json, {}, &describe_mac};
const Scalar yes_no = {&parse_yes_no, &format_yes_no, &bool_from_json, &bool_to_json, {}, &describe_bool};
const Scalar on_off = {&parse_on_off, &format_on_off, &bool_from_json, &bool_to_json, {}, &describe_bool};
const Scalar word = {&parse_word, &format_word, &word_from_json, &word_to_json, {}, &describe_word};
const Scalar unsigned_32 = integer<std::uint32_t>;
const Scalar unsigned_64 = integer<std::uint64_t>;
const Scalar signed_32 = integer<std::int32_t>;
const Scalar signed_64 = integer<std::int64_t>;
const Scalar bytes = {&parse_bytes, &format_bytes,  &bytes_from_json, &integer_to_json<std::uint64_t>,
                      {},           &describe_bytes};
const Scalar kib = {&parse_kib, &format_kib, &bytes_from_json, &integer_to_json<std::uint64_t>, {}, &describe_bytes};
const Scalar uuid = {&parse_uuid, &format_uuid, &uuid_from_json, &uuid_to_json, {}, &describe_uuid};
const Scalar number_set = {&parse_set, &format_set, &set_from_json, &set_to_json, {}, &describe_set};
}  // namespace scalar

SizeUnit unit_for(std::uint64_t bytes, const SizeTraits& traits) {
    if (traits.written.bytes) return traits.written;
    constexpr std::array<SizeUnit, 6> units = {{{"KiB", 1ULL << 10},
                                                {"MiB", 1ULL << 20},
                                                {"GiB", 1ULL << 30},
                                                {"TiB", 1ULL << 40},
                                                {"PiB", 1ULL << 50},
                                                {"EiB", 1ULL << 60}}};
    SizeUnit best{"B", 1};
    for (const auto& unit : units)
        if (bytes && bytes % unit.bytes == 0) best = unit;
    return best;
}

std::string_view nearest(std::string_view name, std::span<const std::string_view> known) {
    constexpr std::size_t longest = 32;
    std::string_view best;
    std::size_t best_distance = std::max<std::size_t>(name.size() / 3, 1) + 1;
    if (name.empty() || name.size() > longest) return best;
    for (const auto candidate : known) {
        if (candidate.size() > longest) continue;
        const auto d = distance(name, candidate);
        if (d < best_distance && d < candidate.size()) best_distance = d, best = candidate;
    }
    return best;
}

}  // namespace vireo::model
