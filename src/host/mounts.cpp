// SPDX-License-Identifier: LGPL-2.1-or-later
#include "host/mounts.hpp"

#include <algorithm>
#include <optional>

namespace vireo::host {
namespace fs = std::filesystem;
namespace {

std::vector<std::string_view> split(std::string_view text, char at) {
    std::vector<std::string_view> parts;
    for (;;) {
        auto end = text.find(at);
        parts.push_back(text.substr(0, end));
        if (end == std::string_view::npos) return parts;
        text.remove_prefix(end + 1);
    }
}

bool is_octal(char c) {
    return c >= '0' && c <= '7';
}

// Space, tab, newline and backslash are written as \040 and so on.
std::string unescape(std::string_view text) {
    std::string plain;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] == '\\' && i + 3 < text.size() && is_octal(text[i + 1]) && is_octal(text[i + 2]) &&
            is_octal(text[i + 3])) {
            plain += static_cast<char>((text[i + 1] - '0') * 64 + (text[i + 2] - '0') * 8 + (text[i + 3] - '0'));
            i += 3;
        } else {
            plain += text[i];
        }
    }
    return plain;
}

constexpr std::string_view known_controllers[] = {"cpu",     "cpuacct", "cpuset", "memory",     "devices",
                                                  "freezer", "net_cls", "blkio",  "perf_event", "net_prio",
                                                  "hugetlb", "pids",    "rdma",   "misc"};

// Line of /proc/self/cgroup: number:controllers:path. Version 2 has the number 0 and no controllers.
std::string own_path(std::string_view own_cgroups, const CgroupMount& mount) {
    for (auto line : split(own_cgroups, '\n')) {
        auto first = line.find(':');
        auto second = first == std::string_view::npos ? first : line.find(':', first + 1);
        if (second == std::string_view::npos) continue;
        auto names = line.substr(first + 1, second - first - 1);
        bool same = mount.unified
                        ? line.substr(0, first) == "0" && names.empty()
                        : std::ranges::any_of(split(names, ','), [&](auto n) {
                              if (n.starts_with("name=")) n.remove_prefix(5);
                              return !n.empty() && std::ranges::find(mount.controllers, n) != mount.controllers.end();
                          });
        if (same) return std::string(line.substr(second + 1));
    }
    return {};
}

fs::path own_folder(const fs::path& folder, const std::string& root, std::string path) {
    if (root != "/") {  // only a part of the hierarchy is mounted here
        if (!path.starts_with(root) || (path.size() > root.size() && path[root.size()] != '/')) return folder;
        path.erase(0, root.size());
    }
    auto relative = fs::path(path).relative_path().lexically_normal();
    // "/../x" is what a process outside of our cgroup namespace looks like.
    if (relative.empty() || relative == "." || *relative.begin() == "..") return folder;
    return folder / relative;
}

std::optional<CgroupMount> parse_line(std::string_view line, std::string_view own_cgroups) {
    auto separator = line.find(" - ");
    if (separator == std::string_view::npos) return std::nullopt;
    auto left = split(line.substr(0, separator), ' '), right = split(line.substr(separator + 3), ' ');
    if (left.size() < 6 || right.size() < 3 || (right[0] != "cgroup" && right[0] != "cgroup2")) return std::nullopt;
    CgroupMount mount;
    mount.unified = right[0] == "cgroup2";
    mount.folder = unescape(left[4]);
    if (!mount.unified) {
        for (auto option : split(right[2], ',')) {
            if (option.starts_with("name=")) mount.controllers.emplace_back(option.substr(5));
            if (std::ranges::find(known_controllers, option) != std::end(known_controllers))
                mount.controllers.emplace_back(option);
        }
    }
    mount.own = own_folder(mount.folder, unescape(left[3]), own_path(own_cgroups, mount));
    return mount;
}

}  // namespace

std::vector<CgroupMount> parse_cgroup_mounts(std::string_view mountinfo, std::string_view own_cgroups) {
    std::vector<CgroupMount> mounts;
    for (auto line : split(mountinfo, '\n')) {
        auto mount = parse_line(line, own_cgroups);
        if (!mount) continue;
        bool again = std::ranges::any_of(
            mounts, [&](auto& m) { return m.unified == mount->unified && m.controllers == mount->controllers; });
        if (!again) mounts.push_back(std::move(*mount));
    }
    return mounts;
}

}  // namespace vireo::host
