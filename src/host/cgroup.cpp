// SPDX-License-Identifier: LGPL-2.1-or-later
#include "host/cgroup.hpp"

#include "support/file.hpp"

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <fcntl.h>
#include <linux/magic.h>
#include <set>
#include <string_view>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <thread>

namespace vireo::host {
namespace fs = std::filesystem;
namespace {

constexpr std::string_view accounted[] = {"cpu",  "cpuacct", "memory",
                                          "pids", "blkio",   "freezer"};  // version 1: those we use
constexpr std::string_view enabled[] = {"cpu", "memory", "pids", "io"};   // version 2
constexpr std::chrono::milliseconds between_tries(5);
constexpr std::size_t most_members = 1u << 20;  // bytes of a list of pids

bool is_cgroup_file_system(const fs::path& folder) {
    struct statfs what{};
    return ::statfs(folder.c_str(), &what) == 0 &&
           (what.f_type == CGROUP2_SUPER_MAGIC || what.f_type == CGROUP_SUPER_MAGIC);
}

bool is_guest_name(std::string_view name) {
    return name.size() == 36 && name.find_first_not_of("0123456789abcdef-") == std::string_view::npos &&
           name[8] == '-' && name[23] == '-';
}

Result<> write_line(const fs::path& file, std::string_view text) {
    auto fd = open_file(file, O_WRONLY);
    if (!fd) return Failure(fd.error());
    return write_all(fd->get(), text, file);
}

// Lets the cgroups below this folder use what is available there; without a controller its limits do not exist, which
// stops no guest.
void enable_controllers(const fs::path& folder) {
    auto available = " " + read_file(folder / "cgroup.controllers", 4096).value_or("");
    std::ranges::replace(available, '\n', ' ');
    for (auto name : enabled)
        if (available.find(" " + std::string(name) + " ") != std::string::npos)
            (void)write_line(folder / "cgroup.subtree_control", "+" + std::string(name));
}

// The groups of threads below a guest's (limits.hpp).
std::vector<fs::path> children_of(const fs::path& folder) {
    std::vector<fs::path> children;
    std::error_code error;
    for (fs::directory_iterator it(folder, error), end; !error && it != end; it.increment(error))
        if (it->is_directory(error)) children.push_back(it->path());
    return children;
}

// The folder for the guests of one hierarchy, made; empty when we may not.
fs::path usable_parent(const CgroupMount& mount, const fs::path& configured) {
    std::vector<fs::path> candidates;
    if (!configured.empty()) {
        candidates = {mount.folder / configured.relative_path()};
    } else {
        candidates = {mount.folder / "vireo"};
        if (mount.own != mount.folder) candidates.push_back(mount.own.parent_path() / "vireo-guests");
    }
    for (auto& candidate : candidates) {
        if (!is_cgroup_file_system(mount.folder) || !make_folder(candidate, 0755)) continue;
        if (::access(candidate.c_str(), W_OK | X_OK) || ::access((candidate / "cgroup.procs").c_str(), W_OK)) continue;
        if (mount.unified) {
            enable_controllers(candidate.parent_path());
            enable_controllers(candidate);
        }
        return candidate;
    }
    return {};
}

bool wanted(const CgroupMount& mount) {
    return mount.unified || std::ranges::any_of(mount.controllers, [](auto& c) {
               return std::ranges::find(accounted, c) != std::end(accounted);
           });
}

}  // namespace

std::string to_string(CgroupKind kind) {
    switch (kind) {
        case CgroupKind::none:
            return "none";
        case CgroupKind::unified:
            return "unified";
        case CgroupKind::hybrid:
            return "hybrid";
        case CgroupKind::legacy:
            return "legacy";
    }
    return "none";
}

Cgroups Cgroups::detect(const fs::path& parent) {
    auto mounts = read_file("/proc/self/mountinfo").value_or("");
    auto own = read_file("/proc/self/cgroup").value_or("");
    return from(parse_cgroup_mounts(mounts, own), parent);
}

Cgroups Cgroups::from(const std::vector<CgroupMount>& mounts, const fs::path& parent) {
    Cgroups result;
    for (auto& mount : mounts) {
        if (!wanted(mount)) continue;
        auto folder = usable_parent(mount, parent);
        if (folder.empty()) continue;
        result.parents_.insert(mount.unified ? result.parents_.begin() : result.parents_.end(), folder);
        result.mounts_.insert(mount.unified ? result.mounts_.begin() : result.mounts_.end(), mount.folder);
        result.has_unified_ = result.has_unified_ || mount.unified;
    }
    if (result.parents_.empty()) return result;
    bool legacy = result.parents_.size() > (result.has_unified_ ? 1u : 0u);
    result.kind_ = !legacy ? CgroupKind::unified : result.has_unified_ ? CgroupKind::hybrid : CgroupKind::legacy;
    return result;
}

Result<std::vector<fs::path>> Cgroups::partition(const fs::path& name) const {
    std::vector<fs::path> found;
    for (auto& mount : mounts_) {
        auto folder = mount / name.relative_path();
        std::error_code ignored;
        if (!fs::is_directory(folder, ignored))
            return Failure(Error(Errc::not_found, "resource/partition: there is no control group " + folder.string())
                               .with_hint("Make it first: vireod does not decide what such a group may take"));
        if (!is_cgroup_file_system(folder)) return fail(Errc::not_found, folder.string(), " is no control group");
        found.push_back(std::move(folder));
    }
    if (found.empty())
        return fail(Errc::unsupported, "resource/partition: vireod may make no control groups on this host");
    if (has_unified_) enable_controllers(found.front());
    return found;
}

Result<GuestCgroup> Cgroups::make(const std::string& uuid) const {
    return make(uuid, parents_);
}

Result<GuestCgroup> Cgroups::make(const std::string& uuid, const std::vector<fs::path>& parents) const {
    if (!is_guest_name(uuid)) return fail(Errc::invalid_argument, "'", uuid, "' is not a UUID in lower case");
    GuestCgroup guest;
    auto give_up = [&](Error error) {
        (void)remove(guest.folders, std::chrono::milliseconds(0));
        return Failure(error.wrap("cannot make a control group for the guest"));
    };
    for (auto& parent : parents) {
        auto folder = parent / uuid;
        if (auto made = make_folder(folder, 0755); !made) return give_up(made.error());
        guest.folders.push_back(folder);
        if (has_unified_ && &parent == &parents.front()) {
            auto fd = open_file(folder, O_RDONLY | O_DIRECTORY);
            if (!fd) return give_up(fd.error());
            guest.unified = std::move(*fd);
        } else {
            guest.to_attach.push_back(folder);
        }
    }
    return guest;
}

Result<> Cgroups::attach(const std::vector<fs::path>& to_attach, pid_t pid) {
    for (auto& folder : to_attach)
        if (auto moved = write_line(folder / "cgroup.procs", std::to_string(pid)); !moved)
            return Failure(
                moved.error().wrap("cannot move process " + std::to_string(pid) + " into its control group"));
    return {};
}

Result<std::vector<pid_t>> Cgroups::members(const fs::path& folder) {
    std::vector<pid_t> pids;
    for (auto& child : children_of(folder))  // of threaded ones (version 2) the parent knows, and they cannot be read
        if (auto more = members(child)) pids.insert(pids.end(), more->begin(), more->end());
    auto text = read_file(folder / "cgroup.procs", most_members);
    if (!text) return Failure(text.error());
    const char *at = text->data(), *end = at + text->size();
    while (at < end) {
        pid_t pid = 0;
        auto [next, error] = std::from_chars(at, end, pid);
        if (error != std::errc()) break;
        pids.push_back(pid);
        at = next + 1;
    }
    return pids;
}

Result<> Cgroups::remove(const std::vector<fs::path>& folders, std::chrono::milliseconds patience) {
    auto deadline = std::chrono::steady_clock::now() + patience;
    Result<> result;
    for (auto& folder : folders) {
        if (!is_guest_name(folder.filename().string()))
            return fail(Errc::invalid_argument, folder.string(), " is no guest's control group");
        if (!fs::exists(fs::symlink_status(folder))) continue;
        if (!is_cgroup_file_system(folder))
            return fail(Errc::invalid_argument, folder.string(), " is no control group");
        while (::rmdir(folder.c_str()) && errno != ENOENT) {
            int error = errno;
            for (auto& child : children_of(folder)) ::rmdir(child.c_str());
            bool again = error == EBUSY || error == EINTR;  // its last process is still on its way out
            if (again && std::chrono::steady_clock::now() < deadline) {
                std::this_thread::sleep_for(between_tries);
                continue;
            }
            auto reason = system_error(error, "cannot remove the control group " + folder.string());
            result = Failure(again ? reason.with_code(Errc::busy) : reason);
            break;  // the others can still go
        }
    }
    return result;
}

std::vector<std::string> Cgroups::found() const {
    std::set<std::string> uuids;
    for (auto& parent : parents_) {
        std::error_code ignored;
        for (auto& entry : fs::directory_iterator(parent, ignored))
            if (entry.is_directory(ignored) && is_guest_name(entry.path().filename().string()))
                uuids.insert(entry.path().filename().string());
    }
    return {uuids.begin(), uuids.end()};
}

}  // namespace vireo::host
