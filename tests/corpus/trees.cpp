// SPDX-License-Identifier: LGPL-2.1-or-later
#include "corpus/trees.hpp"

#include "model/namespaces.hpp"
#include "model/number_set.hpp"
#include "model/scalar.hpp"

#include <tinyxml2.h>

#include <algorithm>
#include <cctype>
#include <charconv>
#include <cstdint>
#include <map>
#include <optional>

namespace vireo::corpus {
namespace {
using tinyxml2::XMLElement;

std::string trimmed(std::string_view text) {
    constexpr std::string_view blanks = " \t\r\n";
    const auto first = text.find_first_not_of(blanks);
    if (first == text.npos) return {};
    return std::string(text.substr(first, text.find_last_not_of(blanks) - first + 1));
}

std::optional<std::uint64_t> number(std::string_view text) {
    const bool hex = text.starts_with("0x") || text.starts_with("0X");
    if (hex) text.remove_prefix(2);
    std::uint64_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, hex ? 16 : 10);
    if (text.empty() || error != std::errc() || end != text.data() + text.size()) return std::nullopt;
    return value;
}

std::string letters(std::string_view text) {  // of a UUID or a MAC address
    std::string out;
    for (const char c : text)
        if (std::isalnum(static_cast<unsigned char>(c)))
            out += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    return out;
}

bool same_value(const std::string& a, const std::string& b) {
    if (a == b) return true;
    const auto x = number(a), y = number(b);
    if (x && y && *x == *y) return true;
    // "010" is written by people who mean ten and by people who mean eight.
    if (y && a.size() > 1 && a[0] == '0') {
        std::uint64_t octal = 0;
        const auto [end, error] = std::from_chars(a.data(), a.data() + a.size(), octal, 8);
        if (error == std::errc() && end == a.data() + a.size() && octal == *y) return true;
    }
    // Hexadecimal numbers of some attributes may go without their prefix.
    if (b.starts_with("0x") && number("0x" + a) == y) return true;
    const auto set = model::NumberSet::parse(a), other = model::NumberSet::parse(b);
    if (set && other && *set == *other) return true;
    return (a.size() == 36 || a.size() == 32 || a.size() == 17) && letters(a) == letters(b);
}

// A number with the unit that stands beside it.
bool same_size(const std::string& a, const std::string& unit_a, const std::string& b, const std::string& unit_b) {
    const auto x = number(a), y = number(b);
    if (!x || !y) return false;
    constexpr std::uint64_t kib = 1024;
    const auto near = [&](std::uint64_t scale) {
        const auto before = *x * scale, after = *y * (unit_b.empty() ? kib : model::size_of_unit(unit_b));
        return after >= before && after - before < kib;
    };
    if (!unit_a.empty()) return near(model::size_of_unit(unit_a));
    return near(1) || near(kib) || near(kib * kib);
}

std::string canonical_name(const XMLElement& element) {
    std::string storage;
    return std::string(model::schema_name(element, storage));
}

std::string text_of(const XMLElement& element) {
    std::string text;
    for (const auto* node = element.FirstChild(); node; node = node->NextSibling())
        if (const auto* words = node->ToText()) text += words->Value();
    return trimmed(text);
}

std::string attribute(const XMLElement& element, const char* name) {
    const auto* value = element.Attribute(name);
    return value ? value : "";
}

bool says_nothing(const XMLElement& element) {
    if (!text_of(element).empty()) return false;
    for (const auto* a = element.FirstAttribute(); a; a = a->Next())
        if (*a->Value() && !model::is_namespace_declaration(a->Name())) return false;
    for (const auto* child = element.FirstChildElement(); child; child = child->NextSiblingElement())
        if (!says_nothing(*child)) return false;
    return true;
}

// Elements that say something by being there alone stand in places where others say something, too.
class Search {
public:
    std::vector<std::string> lost;

    void element(const XMLElement& before, const XMLElement& after, const std::string& path) {
        for (const auto* a = before.FirstAttribute(); a; a = a->Next()) {
            const std::string name = a->Name();
            const auto value = trimmed(a->Value());
            if (model::is_namespace_declaration(name) || value.empty() || name == "unit") continue;
            const auto* other = after.Attribute(a->Name());
            if (!other) {
                lost.push_back(path + "/@" + name);
            } else if (!same_value(value, trimmed(other)) &&
                       !(after.Attribute("unit") &&
                         same_size(value, attribute(before, "unit"), trimmed(other), attribute(after, "unit")))) {
                lost.push_back(path + "/@" + name + " ('" + value + "' became '" + other + "')");
            }
        }
        const auto text = text_of(before), other = text_of(after);
        if (!text.empty() && !same_value(text, other) &&
            !(after.Attribute("unit") && same_size(text, attribute(before, "unit"), other, attribute(after, "unit"))))
            lost.push_back(path + " ('" + text + "' became '" + other + "')");
        children(before, after, path);
    }

private:
    void children(const XMLElement& before, const XMLElement& after, const std::string& path) {
        std::map<std::string, std::size_t> met;
        for (const auto* child = before.FirstChildElement(); child; child = child->NextSiblingElement()) {
            const auto name = canonical_name(*child);
            const auto index = met[name]++;
            auto where = path + "/" + name;
            if (index) where += "[" + std::to_string(index + 1) + "]";
            if (const auto* other = find(after, name, index))
                element(*child, *other, where);
            else if (!says_nothing(*child) || !child->NoChildren() || !is_container(name))
                lost.push_back(where);
        }
    }
    // Lists that may be empty: an empty one says no more than none.
    static bool is_container(const std::string& name) {
        static constexpr std::string_view containers[] = {
            "vcpus",       "iothreadids", "cputune",  "blkiotune", "memtune", "numatune",    "metadata",
            "perf",        "devices",     "features", "resource",  "title",   "description", "throttlefilters",
            "idmap",       "keywrap",     "sysinfo",  "source",    "driver",  "cmdline",     "pm",
            "virtualport", "serial",      "stats",    "seclabel"};
        return std::ranges::find(containers, name) != std::end(containers);
    }
    static const XMLElement* find(const XMLElement& in, const std::string& name, std::size_t index) {
        for (const auto* child = in.FirstChildElement(); child; child = child->NextSiblingElement())
            if (canonical_name(*child) == name && index-- == 0) return child;
        return nullptr;
    }
};

}  // namespace

std::vector<std::string> lost(std::string_view before, std::string_view after) {
    tinyxml2::XMLDocument one, two;
    if (one.Parse(before.data(), before.size()) != tinyxml2::XML_SUCCESS ||
        two.Parse(after.data(), after.size()) != tinyxml2::XML_SUCCESS)
        return {"the document cannot be read"};
    Search search;
    search.element(*one.RootElement(), *two.RootElement(), "");
    return search.lost;
}

}  // namespace vireo::corpus
