// SPDX-License-Identifier: LGPL-2.1-or-later
// Figures of a check over many definitions, the floors below which they must not fall, and reasons by how often.
#pragma once
#include <cstddef>
#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace vireo::corpus {

class Figures {
public:
    void add(const std::string& name, std::size_t part, std::size_t whole, std::string_view more = {});  // per cent
    void count(const std::string& name, std::size_t number);
    bool reach(const std::filesystem::path& floors) const;  // says which do not

private:
    std::map<std::string, double> figures_;
};

class Counted {
public:
    void add(const std::string& what, const std::string& name) { found_[what].push_back(name); }
    void print(std::string_view title = {}) const;  // most often first, with three examples each

private:
    std::map<std::string, std::vector<std::string>> found_;
};

std::string general(std::string_view message);  // without lines and positions

}  // namespace vireo::corpus
