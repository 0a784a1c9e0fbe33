// SPDX-License-Identifier: LGPL-2.1-or-later
// Some hundreds of names that are only looked up: sorted, in one piece of memory (a std::set takes six times as much).
#pragma once
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace vireo::qemu {

class NameSet {
public:
    NameSet() = default;
    explicit NameSet(std::vector<std::string> names);  // any order; doubles are dropped

    bool contains(std::string_view name) const noexcept;
    std::size_t size() const noexcept { return starts_.size(); }
    std::string_view operator[](std::size_t index) const noexcept;  // in sorted order
    std::size_t memory() const noexcept { return text_.capacity() + starts_.capacity() * sizeof starts_[0]; }

private:
    std::string text_;
    std::vector<std::uint32_t> starts_;
};

}  // namespace vireo::qemu
