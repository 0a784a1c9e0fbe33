// SPDX-License-Identifier: LGPL-2.1-or-later
#include "cli/table.hpp"

#include <algorithm>
#include <clocale>
#include <ctime>
#include <cwchar>
#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

namespace vireo::cli {
namespace {

// Decodes one character; returns its length in bytes, 0 for what is none.
std::size_t decode(std::string_view text, wchar_t& character) {
    std::mbstate_t state{};
    auto n = std::mbrtowc(&character, text.data(), text.size(), &state);
    return n == static_cast<std::size_t>(-1) || n == static_cast<std::size_t>(-2) ? 0 : n;
}

std::size_t terminal_width() {
    winsize size{};
    if (!::isatty(STDOUT_FILENO) || ::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) || size.ws_col < 20) return 0;
    return size.ws_col;
}

std::string cut(std::string_view text, std::size_t width) {
    std::string out;
    std::size_t used = 0;
    while (!text.empty()) {
        wchar_t character = 0;
        auto n = std::max<std::size_t>(1, decode(text, character));
        auto w = static_cast<std::size_t>(std::max(0, ::wcwidth(character)));
        if (used + w > width) break;
        out += text.substr(0, n);
        used += w;
        text.remove_prefix(n);
    }
    return out;
}

}  // namespace

std::string printable(std::string_view text) {
    std::string out;
    while (!text.empty()) {
        wchar_t character = 0;
        auto n = decode(text, character);
        if (n && ::wcwidth(character) >= 0 && character)
            out += text.substr(0, n);
        else
            out += '?';
        text.remove_prefix(std::max<std::size_t>(1, n));
    }
    return out;
}

std::size_t width_of(std::string_view text) {
    std::size_t width = 0;
    while (!text.empty()) {
        wchar_t character = 0;
        auto n = decode(text, character);
        width += n ? static_cast<std::size_t>(std::max(0, ::wcwidth(character))) : 1;
        text.remove_prefix(std::max<std::size_t>(1, n));
    }
    return width;
}

void Table::add(std::vector<std::string> row) {
    for (auto& cell : row) cell = printable(cell);
    rows_.push_back(std::move(row));
}

std::string Table::text() const {
    std::vector<std::size_t> widths;
    for (auto& title : head_) widths.push_back(width_of(title));
    for (auto& row : rows_)
        for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], width_of(row[i]));
    auto limit = terminal_width();
    std::size_t total = 1;
    auto line = [&](const std::vector<std::string>& row) {
        std::string out;
        for (std::size_t i = 0; i < row.size(); ++i) {
            out += i ? "   " : " ";
            if (i + 1 < row.size()) {
                out += row[i] + std::string(widths[i] - width_of(row[i]), ' ');
            } else {
                auto used = width_of(out);
                out += limit > used ? cut(row[i], limit - used) : row[i];
            }
        }
        return out + "\n";
    };
    for (auto width : widths) total += width + 3;
    if (limit) total = std::min(total, limit);
    auto out = line(head_) + std::string(total, '-') + "\n";
    for (auto& row : rows_) out += line(row);
    return out;
}

void Facts::add(std::string_view name, std::string_view value) {
    all_.emplace_back(name, printable(value));
}

std::string Facts::text() const {
    std::size_t width = 0;
    for (auto& [name, value] : all_) width = std::max(width, name.size());
    std::string out;
    for (auto& [name, value] : all_) out += name + ":" + std::string(width - name.size() + 3, ' ') + value + "\n";
    return out;
}

std::string memory_text(std::uint64_t bytes) {
    constexpr const char* units[] = {"bytes", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
    std::size_t unit = 0;
    while (unit < 6 && bytes && bytes % 1024 == 0 && bytes >= 1024) bytes /= 1024, ++unit;
    if (unit == 0 && bytes >= 10240) return fmt::format("{:.1f} KiB", static_cast<double>(bytes) / 1024);
    return fmt::format("{} {}", bytes, units[unit]);
}

std::string duration_text(std::uint64_t usec) {
    if (usec < 1000) return fmt::format("{} µs", usec);
    if (usec < 1000000) return fmt::format("{:.1f} ms", static_cast<double>(usec) / 1e3);
    if (usec < 60000000) return fmt::format("{:.2f} s", static_cast<double>(usec) / 1e6);
    auto seconds = usec / 1000000;
    if (seconds < 3600) return fmt::format("{} min {} s", seconds / 60, seconds % 60);
    return fmt::format("{} h {} min", seconds / 3600, seconds / 60 % 60);
}

std::string time_text(std::uint64_t usec) {
    auto seconds = static_cast<std::time_t>(usec / 1000000);
    std::tm local{};
    ::localtime_r(&seconds, &local);
    char text[32];
    std::strftime(text, sizeof text, "%Y-%m-%d %H:%M:%S", &local);
    return fmt::format("{}.{:03}", text, usec / 1000 % 1000);
}

}  // namespace vireo::cli
