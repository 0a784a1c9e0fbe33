// SPDX-License-Identifier: LGPL-2.1-or-later
// Where the control groups are mounted and where this process is in them: proc_pid_mountinfo(5), cgroups(7).
#pragma once
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace vireo::host {

struct CgroupMount {
    bool unified = false;                  // version 2
    std::vector<std::string> controllers;  // version 1: "cpu", "cpuacct"; "name=systemd" without the name=
    std::filesystem::path folder;          // where it is mounted
    std::filesystem::path own;             // the folder of our own cgroup, below it; the mount when unknown
};

// Malformed lines are passed over. Of a hierarchy that is mounted more than once the first counts.
std::vector<CgroupMount> parse_cgroup_mounts(std::string_view mountinfo, std::string_view own_cgroups);

}  // namespace vireo::host
