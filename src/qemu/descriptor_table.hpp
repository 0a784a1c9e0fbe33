// SPDX-License-Identifier: LGPL-2.1-or-later
// Which of our descriptors become which in the process that is to be started.
#pragma once
#include <map>

namespace vireo::qemu {

// Numbers go up from 3 in the order of add(); 0, 1 and 2 are the child's standard streams. A descriptor is borrowed: it
// has to stay open until the process was started. An fdset of QEMU's has the same number as the descriptor in it.
class DescriptorTable {
public:
    int add(int ours) {
        const int number = first + static_cast<int>(child_.size());
        child_.emplace(number, ours);
        return number;
    }
    const std::map<int, int>& child() const noexcept { return child_; }  // number in the child → ours: Command::fds

    static constexpr int first = 3;

private:
    std::map<int, int> child_;
};

}  // namespace vireo::qemu
