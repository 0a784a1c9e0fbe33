// SPDX-License-Identifier: LGPL-2.1-or-later
#include "cli/verb.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>

namespace vireo::cli {
namespace {

const Option globals[] = {
    {"connect", "WHERE", Kind::text,
     "Which daemon: session, system or unix:PATH. Default: VIREO_CONNECT, else system for root and session for "
     "others."},
    {"json", nullptr, Kind::none, "Print JSON for programs."},
    {"quiet", nullptr, Kind::none, "Print nothing but what was asked for, and errors."},
    {"verbose", nullptr, Kind::none, "Show the stages of the work, and the causes of errors."},
    {"help", nullptr, Kind::none, "Show help, of a verb when there is one."},
    {"version", nullptr, Kind::none, "Show the version."},
};

// -c X and its like
const char* long_name(char letter) {
    switch (letter) {
        case 'c':
            return "connect";
        case 'q':
            return "quiet";
        case 'v':
            return "verbose";
        case 'h':
            return "help";
        case 'V':
            return "version";
        case 'j':
            return "json";
        default:
            return nullptr;
    }
}

std::size_t distance(std::string_view a, std::string_view b) {
    std::vector<std::size_t> row(b.size() + 1);
    for (std::size_t j = 0; j <= b.size(); ++j) row[j] = j;
    for (std::size_t i = 1; i <= a.size(); ++i) {
        auto diagonal = std::exchange(row[0], i);
        for (std::size_t j = 1; j <= b.size(); ++j) {
            auto cost = diagonal + (a[i - 1] != b[j - 1]);
            diagonal = std::exchange(row[j], std::min({cost, row[j] + 1, row[j - 1] + 1}));
        }
    }
    return row.back();
}

template <class Names>
std::string did_you_mean(std::string_view text, const Names& names, const char* prefix = "") {
    std::string_view best;
    auto least = std::max<std::size_t>(1, text.size() / 3) + 1;
    for (std::string_view name : names)
        if (auto d = distance(text, name); d < least) least = d, best = name;
    return best.empty() ? "" : "; did you mean " + std::string(prefix) + std::string(best) + "?";
}

constexpr std::size_t most_verb_words = 3;  // "nvram boot list"

std::string verbs_beginning(const std::string& words) {
    std::string all;
    for (auto& group : groups())
        for (auto& verb : group.verbs)
            if (!verb.hidden && std::string_view(verb.name).starts_with(words))
                all += (all.empty() ? "" : ", ") + std::string(verb.name);
    return all;
}

}  // namespace

std::span<const Option> global_options() {
    return globals;
}

const Verb* find_verb(std::string_view name) {
    for (auto& group : groups())
        for (auto& verb : group.verbs)
            if (name == verb.name || (verb.alias && name == verb.alias)) return &verb;
    return nullptr;
}

const Option* Arguments::find_option(std::string_view name) const {
    if (verb_)
        for (auto& option : verb_->options)
            if (name == option.name) return &option;
    for (auto& option : globals)
        if (name == option.name) return &option;
    return nullptr;
}

// The words from the first that is no option on, as many as make a verb. Options before it can only be global.
void Arguments::choose_verb(std::span<const std::string> words) {
    for (std::size_t i = 0; i < words.size(); ++i) {
        if (words[i].starts_with("-")) {
            if (words[i] == "--connect" || words[i] == "-c") ++i;
            continue;
        }
        std::string name, beginning, with_more;
        verb_words_ = 0;
        for (auto word : words.subspan(i, std::min(words.size() - i, most_verb_words))) {
            if (word.starts_with("-")) break;
            name += (name.empty() ? "" : " ") + word;
            ++verb_words_;
            if ((verb_ = find_verb(name))) return;
            auto more = verbs_beginning(name + " ");
            if (more.empty()) break;
            beginning = name;
            with_more = std::move(more);
        }
        if (!with_more.empty()) throw UsageError{"'" + beginning + "' needs one more word: " + with_more};
        std::vector<std::string_view> names;
        for (auto& group : groups())
            for (auto& verb : group.verbs)
                if (!verb.hidden) names.push_back(verb.name);
        throw UsageError{"there is no verb '" + words[i] + "'" + did_you_mean(words[i], names)};
    }
}

void Arguments::take_option(std::span<const std::string> words, std::size_t& at) {
    std::string name = words[at].substr(2);
    std::optional<std::string> given;
    if (!words[at].starts_with("--")) {
        auto* full = words[at].size() == 2 ? long_name(words[at][1]) : nullptr;
        if (!full) throw UsageError{"there is no option " + words[at], verb_};
        name = full;
    } else if (auto equals = name.find('='); equals != name.npos) {
        given = name.substr(equals + 1);
        name.resize(equals);
    }
    auto* option = find_option(name);
    if (!option) {
        std::vector<std::string_view> names;
        if (verb_)
            for (auto& o : verb_->options) names.push_back(o.name);
        for (auto& o : globals) names.push_back(o.name);
        auto whose = verb_ ? std::string(verb_->name) + " has no option --" : "there is no option --";
        throw UsageError{whose + name + did_you_mean(name, names, "--"), verb_};
    }
    if (!option->value && given) throw UsageError{"--" + name + " takes no value", verb_};
    if (option->value && !given) {
        if (at + 1 >= words.size()) throw UsageError{"--" + name + " needs a value: " + option->value, verb_};
        given = words[++at];
    }
    values_[name].push_back(given.value_or(""));
}

Arguments::Arguments(std::span<const std::string> words) {
    choose_verb(words);
    bool only_operands = false;
    for (std::size_t at = 0; at < words.size(); ++at) {
        if (!only_operands && words[at] == "--")
            only_operands = true;
        else if (!only_operands && words[at].starts_with("-") && words[at] != "-")
            take_option(words, at);
        else
            operands_.push_back(words[at]);
    }
    if (has("help") || has("version")) return;
    if (!verb_) throw UsageError{"what is to be done?"};
    operands_.erase(operands_.begin(), operands_.begin() + static_cast<std::ptrdiff_t>(verb_words_));
    std::size_t least = 0, most = verb_->operands.size();
    for (auto& operand : verb_->operands) {
        least += operand.required;
        if (operand.repeated) most = SIZE_MAX;
    }
    if (operands_.size() < least)
        throw UsageError{std::string(verb_->name) + " needs " + verb_->operands[operands_.size()].name, verb_};
    if (operands_.size() > most) throw UsageError{"'" + operands_[most] + "' is one word too many", verb_};
}

std::optional<std::string> Arguments::value(std::string_view option) const {
    auto found = values_.find(option);
    return found == values_.end() ? std::nullopt : std::optional(found->second.back());
}

std::vector<std::string> Arguments::all(std::string_view option) const {
    auto found = values_.find(option);
    return found == values_.end() ? std::vector<std::string>() : found->second;
}

std::optional<std::uint64_t> Arguments::number(std::string_view option) const {
    auto text = value(option);
    if (!text) return {};
    std::uint64_t number = 0;
    auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), number);
    if (error != std::errc() || end != text->data() + text->size())
        throw UsageError{"--" + std::string(option) + " must be a number, not '" + *text + "'", verb_};
    return number;
}

std::optional<std::uint64_t> Arguments::microseconds(std::string_view option) const {
    auto text = value(option);
    if (!text) return {};
    double seconds = 0;
    auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), seconds);
    if (error != std::errc() || end != text->data() + text->size() || !(seconds >= 0) || seconds > 1e9)
        throw UsageError{"--" + std::string(option) + " must be a time in seconds, not '" + *text + "'", verb_};
    return static_cast<std::uint64_t>(std::llround(seconds * 1e6));
}

}  // namespace vireo::cli
