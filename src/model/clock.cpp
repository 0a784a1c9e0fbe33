// SPDX-License-Identifier: LGPL-2.1-or-later
#include "model/clock.hpp"

#include <array>
#include <charconv>

namespace vireo::model {
namespace json = boost::json;

namespace {

constexpr std::string_view reset_word = "reset";

bool parse_adjustment(std::string_view word, void* value, const Traits&, Fault& fault) {
    ClockAdjustment adjustment;
    adjustment.reset = word == reset_word;
    if (!adjustment.reset) {
        const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), adjustment.seconds);
        if (error != std::errc() || end != word.data() + word.size()) {
            fault = {.text = "is neither a number of seconds nor 'reset'", .hint = {}, .unsupported = false};
            return false;
        }
    }
    *static_cast<ClockAdjustment*>(value) = adjustment;
    return true;
}

void format_adjustment(const void* value, std::string& out, const Traits&) {
    const auto& adjustment = *static_cast<const ClockAdjustment*>(value);
    out += adjustment.reset ? std::string(reset_word) : std::to_string(adjustment.seconds);
}

bool adjustment_from_json(const json::value& json, void* value, const Traits& traits, Fault& fault) {
    if (const auto* word = json.if_string()) return parse_adjustment(*word, value, traits, fault);
    if (!json.is_int64()) {
        fault = {.text = "must be a number of seconds or \"reset\"", .hint = {}, .unsupported = false};
        return false;
    }
    *static_cast<ClockAdjustment*>(value) = ClockAdjustment(json.get_int64());
    return true;
}

json::value adjustment_to_json(const void* value, const Traits&) {
    const auto& adjustment = *static_cast<const ClockAdjustment*>(value);
    return adjustment.reset ? json::value(reset_word) : json::value(adjustment.seconds);
}

json::object describe_adjustment(const Traits&) {
    const json::object seconds{{"type", "integer"}};
    const json::object text{{"type", "string"}, {"pattern", "^ *(reset|-?[0-9]+) *$"}};
    return {{"anyOf", json::array{seconds, text}}};
}

constexpr std::array<std::string_view, 4> samples = {"reset", "-3600", "0", "9223372036854775807"};

}  // namespace

const Scalar& ClockAdjustment::scalar() {
    static const Scalar scalar = {&parse_adjustment, &format_adjustment,  &adjustment_from_json, &adjustment_to_json,
                                  samples,           &describe_adjustment};
    return scalar;
}

}  // namespace vireo::model
