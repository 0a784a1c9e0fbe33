// SPDX-License-Identifier: LGPL-2.1-or-later
#include "domain/folders.hpp"

#include "domain/auxiliary.hpp"
#include "domain/taken.hpp"
#include "support/file.hpp"
#include "support/log.hpp"

#include <csignal>
#include <fcntl.h>
#include <sys/stat.h>

namespace vireo::domain {
namespace fs = std::filesystem;

fs::path run_folder(const Environment& environment, const std::string& uuid) {
    return environment.layout.run / "qemu" / uuid;
}
fs::path memory_folder(const Environment& environment, const std::string& uuid) {
    return environment.layout.data / "ram" / uuid;
}
fs::path overlay_folder(const Environment& environment, const std::string& uuid) {
    return environment.layout.data / "transient" / uuid;
}
fs::path monitor_path(const Environment& environment, const std::string& uuid) {
    return run_folder(environment, uuid) / "monitor.sock";
}
fs::path log_path(const Environment& environment, const std::string& uuid) {
    return environment.layout.log / "qemu" / (uuid + ".log");
}

Result<UniqueFd> open_log(const fs::path& path) {
    if (auto made = make_folder(path.parent_path(), 0700); !made) return Failure(made.error());
    struct stat status{};
    if (::stat(path.c_str(), &status) == 0 && static_cast<std::uint64_t>(status.st_size) > largest_log) {
        auto old = path;
        old += ".old";
        (void)::rename(path.c_str(), old.c_str());
    }
    return open_regular_file(path, O_RDWR | O_APPEND | O_CREAT, 0600);
}

namespace {

// What a QEMU that is gone has left behind: its children, if it made any. Only a folder that bears the guest's name.
void kill_members(const fs::path& cgroup, const std::string& uuid) {
    if (cgroup.filename() != uuid) return;
    auto members = host::Cgroups::members(cgroup);
    if (!members) return;
    for (auto pid : *members) ::kill(pid, SIGKILL);
}

}  // namespace

Task<> clean_folders(Environment& environment, state::Status status) {
    co_await end_auxiliaries(environment, status);
    std::vector<fs::path> cgroup_folders(status.cgroup_folders.begin(), status.cgroup_folders.end());
    if (cgroup_folders.empty())  // a daemon that died in a start may not have noted what it had made
        for (auto& parent : environment.cgroups.parents()) cgroup_folders.push_back(parent / status.uuid);
    auto folder = run_folder(environment, status.uuid);
    auto work = [cgroup_folders, folder, memory = memory_folder(environment, status.uuid),
                 overlays = overlay_folder(environment, status.uuid), uuid = status.uuid](std::stop_token) {
        for (auto& cgroup : cgroup_folders) kill_members(cgroup, uuid);
        if (auto removed = host::Cgroups::remove(cgroup_folders); !removed) log::warning("{}", removed.error().what());
        std::error_code ignored;
        for (auto& made : {folder, memory, overlays}) fs::remove_all(made, ignored);
    };
    co_await environment.pool.call(std::move(work));
    co_await give_back(environment.pool, taken_of(status));
    if (auto removed = environment.statuses.remove(status.uuid); !removed) log::error("{}", removed.error().what());
}

}  // namespace vireo::domain
