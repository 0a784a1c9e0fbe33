// SPDX-License-Identifier: LGPL-2.1-or-later
// A QEMU command line as data, whatever syntax it was written in (JSON or key=value), so that two of them can be
// compared.
#pragma once
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace vireo::corpus {

using Properties = std::map<std::string, std::string>;  // nested JSON as "file.driver"; values as they were written

struct Option {
    std::string name;   // "device", without the dash
    std::string value;  // as it was given; empty: none
    Properties properties;

    std::string get(const std::string& key) const {
        const auto found = properties.find(key);
        return found == properties.end() ? std::string() : found->second;
    }
};

// The words of a shell command over several lines, with its quotes undone and without the assignments in front of it.
std::vector<std::string> split_shell(std::string_view text);

// argv[0] is the emulator. Options without a dash are left out.
std::vector<Option> parse_arguments(const std::vector<std::string>& argv);

// One value in one spelling: on and off for any kind of boolean, numbers in decimal, lower case for hexadecimal.
std::string normal(std::string_view value);

}  // namespace vireo::corpus
