// SPDX-License-Identifier: LGPL-2.1-or-later
// A control group of its own for each guest: <parent>/<uuid>, in the unified hierarchy (version 2) and, on hybrid and
// legacy hosts, in each version 1 hierarchy that we may write. Where we may write none, guests stay in our own cgroup;
// that is no error, it is reported as "none".
//
// The parent is the configured one; else "vireo" at the top of the mount, for a system daemon; else "vireo-guests"
// beside our own cgroup, which is ours where systemd delegated it (a user's session, Delegate=yes). Never below our
// own: a version 2 cgroup that holds processes cannot have children with controllers.
//
// Everything blocks. A process is born in the unified one (CLONE_INTO_CGROUP); moving it into version 1 takes the
// kernel about 15 ms for the first move after a pause (it waits for an RCU grace period): call attach() through
// Blocking, beside what the process itself does at its start.
#pragma once
#include "host/mounts.hpp"
#include "support/error.hpp"
#include "support/fd.hpp"

#include <chrono>
#include <filesystem>
#include <string>
#include <sys/types.h>
#include <vector>

namespace vireo::host {

enum class CgroupKind { none, unified, hybrid, legacy };
std::string to_string(CgroupKind kind);  // "none", "unified" …

// One guest's. The folders are what status documents keep; they are enough for remove() after a restart.
struct GuestCgroup {
    std::vector<std::filesystem::path> folders;    // empty: it runs in our own cgroup
    UniqueFd unified;                              // for Command.cgroup_fd; none without version 2
    std::vector<std::filesystem::path> to_attach;  // version 1: for attach()
};

class Cgroups {
public:
    // parent: a path below the mounts ("machine.slice/vireo"), made when absent; empty: see above.
    static Cgroups detect(const std::filesystem::path& parent = {});
    // The same from given mounts (tests).
    static Cgroups from(const std::vector<CgroupMount>& mounts, const std::filesystem::path& parent);

    CgroupKind kind() const noexcept { return kind_; }  // of what we may use, not of what is mounted
    const std::vector<std::filesystem::path>& parents() const noexcept { return parents_; }

    // Folders named uuid. One that is there already is taken over (a crash left it). All or none.
    Result<GuestCgroup> make(const std::string& uuid) const;
    // The same below folders of partition().
    Result<GuestCgroup> make(const std::string& uuid, const std::vector<std::filesystem::path>& parents) const;
    // What <resource><partition> names, "/machine/production": a folder in each hierarchy that we use. It must be
    // there: Error(not_found).
    Result<std::vector<std::filesystem::path>> partition(const std::filesystem::path& name) const;
    // Moves a process, all its threads, into the version 1 ones.
    static Result<> attach(const std::vector<std::filesystem::path>& to_attach, pid_t pid);
    // Processes that are in it, those in the groups of its threads too.
    static Result<std::vector<pid_t>> members(const std::filesystem::path& folder);
    // Removes what make() made, waiting up to patience for the last process to be gone. Absent is fine. Touches only
    // folders on a cgroup file system that are named by a UUID. Error(busy): processes are still in there.
    static Result<> remove(const std::vector<std::filesystem::path>& folders,
                           std::chrono::milliseconds patience = std::chrono::seconds(2));
    // UUIDs of the guest folders that exist: those of running guests, what a crash left, and those of any other daemon
    // on this host: remove only what you know to be yours.
    std::vector<std::string> found() const;

private:
    CgroupKind kind_ = CgroupKind::none;
    std::vector<std::filesystem::path> parents_;  // one per hierarchy, the unified one first
    std::vector<std::filesystem::path> mounts_;   // of the same hierarchies
    bool has_unified_ = false;
};

}  // namespace vireo::host
