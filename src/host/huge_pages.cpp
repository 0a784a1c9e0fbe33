// SPDX-License-Identifier: LGPL-2.1-or-later
#include "host/huge_pages.hpp"

#include <charconv>
#include <fstream>
#include <sstream>
#include <vector>

namespace vireo::host {
namespace {

std::string read_text(const char* path) {
    std::ifstream file(path);
    std::ostringstream text;
    text << file.rdbuf();
    return std::move(text).str();
}

std::vector<std::string_view> split(std::string_view text, char at) {
    std::vector<std::string_view> parts;
    while (!text.empty()) {
        const auto end = std::min(text.find(at), text.size());
        if (end) parts.push_back(text.substr(0, end));
        text.remove_prefix(std::min(end + 1, text.size()));
    }
    return parts;
}

std::uint64_t number(std::string_view text, std::string_view& rest) {
    std::uint64_t value = 0;
    const auto end = std::from_chars(text.data(), text.data() + text.size(), value).ptr;
    rest = text.substr(static_cast<std::size_t>(end - text.data()));
    return value;
}

std::uint64_t page_size(std::string_view options) {  // "rw,relatime,pagesize=1024M" → bytes; 0: it does not say
    constexpr std::string_view name = "pagesize=";
    for (const auto option : split(options, ',')) {
        if (!option.starts_with(name)) continue;
        std::string_view unit;
        const auto value = number(option.substr(name.size()), unit);
        const int shift = unit.starts_with('K') ? 10 : unit.starts_with('M') ? 20 : unit.starts_with('G') ? 30 : 0;
        return value << shift;
    }
    return 0;
}

std::uint64_t default_size(std::string_view memory) {  // "Hugepagesize:       2048 kB"
    constexpr std::string_view name = "Hugepagesize:";
    for (auto line : split(memory, '\n')) {
        if (!line.starts_with(name)) continue;
        line.remove_prefix(std::min(line.find_first_of("0123456789"), line.size()));
        std::string_view unit;
        return number(line, unit) << 10;
    }
    return 0;
}

// The kernel writes a blank in a path as \040.
std::string unescaped(std::string_view path) {
    std::string plain;
    for (std::size_t i = 0; i < path.size(); ++i) {
        if (path[i] == '\\' && i + 3 < path.size()) {
            plain += static_cast<char>((path[i + 1] - '0') << 6 | (path[i + 2] - '0') << 3 | (path[i + 3] - '0'));
            i += 3;
        } else {
            plain += path[i];
        }
    }
    return plain;
}

}  // namespace

std::map<std::uint64_t, std::string> huge_page_folders(std::string_view mounts, std::string_view memory) {
    std::map<std::uint64_t, std::string> folders;
    const auto usual = default_size(memory);
    for (const auto line : split(mounts, '\n')) {
        const auto fields = split(line, ' ');
        if (fields.size() < 4 || fields[2] != "hugetlbfs") continue;
        auto size = page_size(fields[3]);
        if (!size) size = usual;
        if (size) folders.emplace(size, unescaped(fields[1]));
        if (size == usual) folders.emplace(0, unescaped(fields[1]));
    }
    return folders;
}

std::map<std::uint64_t, std::string> huge_page_folders() {
    return huge_page_folders(read_text("/proc/self/mounts"), read_text("/proc/meminfo"));
}

}  // namespace vireo::host
