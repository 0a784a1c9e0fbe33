// SPDX-License-Identifier: LGPL-2.1-or-later
#include "qemu/capabilities_name_set.hpp"

#include <algorithm>

namespace vireo::qemu {

NameSet::NameSet(std::vector<std::string> names) {
    std::sort(names.begin(), names.end());
    names.erase(std::unique(names.begin(), names.end()), names.end());
    std::size_t length = 0;
    for (auto& name : names) length += name.size();
    text_.reserve(length);
    starts_.reserve(names.size());
    for (auto& name : names) {
        starts_.push_back(static_cast<std::uint32_t>(text_.size()));
        text_ += name;
    }
}

std::string_view NameSet::operator[](std::size_t index) const noexcept {
    std::size_t end = index + 1 < starts_.size() ? starts_[index + 1] : text_.size();
    return std::string_view(text_).substr(starts_[index], end - starts_[index]);
}

bool NameSet::contains(std::string_view name) const noexcept {
    std::size_t low = 0, high = size();
    while (low < high) {
        auto middle = low + (high - low) / 2;
        if ((*this)[middle] < name)
            low = middle + 1;
        else
            high = middle;
    }
    return low < size() && (*this)[low] == name;
}

}  // namespace vireo::qemu
