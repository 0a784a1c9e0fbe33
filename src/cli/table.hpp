// SPDX-License-Identifier: LGPL-2.1-or-later
// Text for people: aligned columns, sizes, times. What comes from a guest or a definition is shown without control
// characters, so that a title cannot drive the terminal.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace vireo::cli {

std::string printable(std::string_view text);
std::size_t width_of(std::string_view text);  // in the terminal's columns

class Table {
public:
    explicit Table(std::vector<std::string> head) : head_(std::move(head)) {}
    void add(std::vector<std::string> row);
    // The last column is cut to the terminal's width where standard output is one; otherwise nothing is.
    std::string text() const;

private:
    std::vector<std::string> head_;
    std::vector<std::vector<std::string>> rows_;
};

// "Name:           demo" lines.
class Facts {
public:
    void add(std::string_view name, std::string_view value);
    std::string text() const;

private:
    std::vector<std::pair<std::string, std::string>> all_;
};

std::string memory_text(std::uint64_t bytes);   // "512 MiB"
std::string duration_text(std::uint64_t usec);  // "830 µs", "12.4 ms", "3.20 s", "2 min 5 s"
std::string time_text(std::uint64_t usec);      // local time, "2026-03-01 12:00:00.123"

}  // namespace vireo::cli
