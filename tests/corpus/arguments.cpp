// SPDX-License-Identifier: LGPL-2.1-or-later
#include "corpus/arguments.hpp"

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>

namespace vireo::corpus {
namespace {
namespace json = boost::json;

struct Syntax {
    std::string_view option;
    std::string_view implied;  // the key of a first part without '='
};
// Options whose value is a list of key=value; all others are taken as they are.
constexpr std::array syntaxes = std::to_array<Syntax>({
    {"device", "driver"},  {"object", "qom-type"},  {"netdev", "type"}, {"chardev", "backend"},
    {"machine", "type"},   {"cpu", "model"},        {"smp", "cpus"},    {"m", "size"},
    {"numa", "type"},      {"drive", ""},           {"blockdev", ""},   {"fsdev", "fsdriver"},
    {"accel", "accel"},    {"audiodev", "driver"},  {"tpmdev", "type"}, {"boot", "order"},
    {"rtc", "base"},       {"display", "type"},     {"spice", ""},      {"vnc", "display"},
    {"smbios", ""},        {"fw_cfg", "name"},      {"global", ""},     {"set", ""},
    {"overcommit", ""},    {"sandbox", "enable"},   {"compat", ""},     {"acpitable", ""},
    {"add-fd", ""},        {"mon", "chardev"},      {"msg", ""},        {"name", "guest"},
    {"watchdog", "model"}, {"watchdog-action", ""}, {"action", ""},     {"incoming", ""},
});

void flatten(Properties& out, const std::string& key, const json::value& value) {
    if (const auto* object = value.if_object()) {
        for (const auto& member : *object)
            flatten(out, key.empty() ? std::string(member.key()) : key + "." + std::string(member.key()),
                    member.value());
    } else if (const auto* array = value.if_array()) {
        for (std::size_t i = 0; i < array->size(); ++i) flatten(out, key + "." + std::to_string(i), (*array)[i]);
    } else if (const auto* string = value.if_string()) {
        out[key] = *string;
    } else {
        out[key] = json::serialize(value);
    }
}

Properties key_values(std::string_view text, std::string_view implied) {
    Properties out;
    bool first = true;
    std::string part;
    const auto finish = [&] {
        const auto equals = part.find('=');
        if (equals != part.npos)
            out[part.substr(0, equals)] = part.substr(equals + 1);
        else if (first && !implied.empty())
            out[std::string(implied)] = part;
        else if (!part.empty())
            out[part] = "on";
        first = false;
        part.clear();
    };
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] != ',') {
            part += text[i];
        } else if (i + 1 < text.size() && text[i + 1] == ',') {
            part += ',';
            ++i;
        } else {
            finish();
        }
    }
    finish();
    return out;
}

bool takes_no_value(std::string_view option) {
    constexpr std::array flags = std::to_array<std::string_view>(
        {"S", "no-user-config", "nodefaults", "no-shutdown", "no-acpi", "no-hpet", "no-reboot", "usb", "nographic",
         "enable-kvm", "no-kvm", "mem-prealloc", "full-screen", "enable-fips", "no-fd-bootchk", "snapshot",
         "win2k-hack", "daemonize"});
    return std::ranges::find(flags, option) != flags.end();
}

}  // namespace

std::vector<std::string> split_shell(std::string_view text) {
    std::vector<std::string> words;
    std::string word;
    bool in_word = false;
    char quote = 0;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const char c = text[i];
        if (quote) {
            if (c == quote)
                quote = 0;
            else
                word += c;
        } else if (c == '\'' || c == '"') {
            quote = c;
            in_word = true;
        } else if (c == '\\' && i + 1 < text.size()) {
            if (text[++i] != '\n') word += text[i], in_word = true;
        } else if (c == ' ' || c == '\n' || c == '\t') {
            if (in_word) words.push_back(std::move(word));
            word.clear();
            in_word = false;
        } else {
            word += c;
            in_word = true;
        }
    }
    if (in_word) words.push_back(std::move(word));
    const auto program =
        std::ranges::find_if(words, [](const std::string& w) { return w.starts_with('/') || w.find('=') == w.npos; });
    words.erase(words.begin(), program);
    return words;
}

std::vector<Option> parse_arguments(const std::vector<std::string>& argv) {
    std::vector<Option> options;
    for (std::size_t i = 1; i < argv.size(); ++i) {
        if (!argv[i].starts_with('-')) continue;
        Option option;
        option.name = argv[i].substr(argv[i].starts_with("--") ? 2 : 1);
        if (!takes_no_value(option.name) && i + 1 < argv.size()) option.value = argv[++i];
        const auto syntax = std::ranges::find(syntaxes, std::string_view(option.name), &Syntax::option);
        if (option.value.starts_with('{')) {
            boost::system::error_code error;
            const auto value = json::parse(option.value, error);
            if (!error) flatten(option.properties, {}, value);
        } else if (syntax != syntaxes.end()) {
            option.properties = key_values(option.value, syntax->implied);
        }
        options.push_back(std::move(option));
    }
    return options;
}

std::string normal(std::string_view value) {
    if (value == "true" || value == "yes") return "on";
    if (value == "false" || value == "no") return "off";
    const bool hex = value.starts_with("0x") || value.starts_with("0X");
    const auto digits = hex ? value.substr(2) : value;
    std::uint64_t number = 0;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), number, hex ? 16 : 10);
    if (!digits.empty() && error == std::errc() && end == digits.data() + digits.size()) return std::to_string(number);
    return std::string(value);
}

}  // namespace vireo::corpus
