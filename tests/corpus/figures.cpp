// SPDX-License-Identifier: LGPL-2.1-or-later
#include "corpus/figures.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <fstream>
#include <functional>
#include <set>

namespace vireo::corpus {

void Figures::add(const std::string& name, std::size_t part, std::size_t whole, std::string_view more) {
    const auto percent = whole ? 100.0 * static_cast<double>(part) / static_cast<double>(whole) : 100.0;
    figures_[name] = percent;
    fmt::print("{:<20} {:6.2f} %  ({} of {}){}\n", name, percent, part, whole, more);
}

void Figures::count(const std::string& name, std::size_t number) {
    figures_[name] = static_cast<double>(number);
    fmt::print("{:<20} {:6}\n", name, number);
}

bool Figures::reach(const std::filesystem::path& floors) const {
    std::ifstream in(floors);
    bool good = true;
    std::string name;
    for (double least = 0; in >> name >> least;) {
        const auto found = figures_.find(name);
        if (found != figures_.end() && found->second >= least) continue;
        fmt::print("{} is below {}\n", name, least);
        good = false;
    }
    return good;
}

void Counted::print(std::string_view title) const {
    if (!title.empty() && !found_.empty()) fmt::print("{}:\n", title);
    std::vector<std::pair<std::string, std::vector<std::string>>> sorted(found_.begin(), found_.end());
    std::ranges::sort(sorted, std::greater<>(), [](const auto& of) { return std::pair(of.second.size(), of.first); });
    for (const auto& [what, names] : sorted) {
        const std::set<std::string> distinct(names.begin(), names.end());
        std::string examples;
        std::size_t shown = 0;
        for (const auto& name : distinct)
            if (shown++ < 3) examples += " " + name;
        fmt::print("{:5}  {}  ({} files:{})\n", names.size(), what, distinct.size(), examples);
    }
}

std::string general(std::string_view message) {
    std::string out;
    bool quoted = false;
    for (std::size_t i = 0; i < message.size(); ++i) {
        const char c = message[i];
        if (c == '\'') quoted = !quoted;
        if (!quoted && message.substr(i).starts_with("line ")) {
            i = message.find(' ', i + 5);
            if (i == message.npos) break;
            continue;
        }
        if (!quoted && c == '[') {
            i = message.find(']', i);
            if (i == message.npos) break;
            continue;
        }
        out += c;
    }
    return out;
}

}  // namespace vireo::corpus
