// SPDX-License-Identifier: LGPL-2.1-or-later
// Where the host's huge pages can be had as files.
#pragma once
#include <cstdint>
#include <map>
#include <string>
#include <string_view>

namespace vireo::host {

// The hugetlbfs file systems that are mounted: the size of their pages in bytes → where. 0 is the kernel's default
// size. Of several of one size the first. Reads /proc only; empty when there are none.
std::map<std::uint64_t, std::string> huge_page_folders();

// The same from the texts of /proc/mounts and /proc/meminfo.
std::map<std::uint64_t, std::string> huge_page_folders(std::string_view mounts, std::string_view memory);

}  // namespace vireo::host
