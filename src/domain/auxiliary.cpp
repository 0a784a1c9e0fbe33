// SPDX-License-Identifier: LGPL-2.1-or-later
#include "domain/auxiliary.hpp"

#include "qemu/process_text.hpp"
#include "support/log.hpp"
#include "support/task_group.hpp"
#include "support/timeout.hpp"

#include <csignal>
#include <fmt/format.h>

namespace vireo::domain {

Error Auxiliary::ended(const ExitStatus& status) const {
    auto words = log ? qemu::last_words_of(log.get(), log_start) : std::string();
    return Error(Errc::hypervisor_failed,
                 fmt::format("{} {}{}{}", what(), status.text(), words.empty() ? "" : ": ", words));
}

void prepare_command(Command& command, int cgroup, const std::optional<host::Account>& account) {
    command.env = {"PATH=/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL=C", "HOME=/nonexistent"};
    if (cgroup >= 0) command.cgroup_fd = cgroup;
    if (!account) return;
    command.uid = account->uid;
    command.gid = account->gid;
    command.groups = account->groups;
}

std::filesystem::path auxiliary_log_path(const Environment& environment, const std::string& uuid,
                                         const std::string& device) {
    return environment.layout.log / "qemu" / fmt::format("{}-{}.log", uuid, device);
}

std::vector<std::shared_ptr<Auxiliary>> adopt_auxiliaries(Environment& environment, const state::Status& status) {
    std::vector<std::shared_ptr<Auxiliary>> found;
    for (const auto& noted : status.auxiliaries)
        if (auto process = Process::adopt(environment.executor, noted.pid, noted.start_time))
            found.push_back(std::make_shared<Auxiliary>(noted.program, noted.device, std::move(*process)));
    return found;
}

namespace {

Task<bool> ends_within(Process& process, Clock::duration limit) {
    try {
        co_await with_timeout(process.wait(), limit, "its end");
    } catch (const Error& error) {
        if (error.code() != Errc::timeout) throw;
        co_return false;
    }
    co_return true;
}

Task<> end_one(std::shared_ptr<Auxiliary> auxiliary, std::string guest) {
    auto& process = auxiliary->process;
    process.kill_group(SIGTERM);
    if (co_await ends_within(process, auxiliary_end)) co_return;
    process.kill_group(SIGKILL);
    if (!co_await ends_within(process, auxiliary_kill))
        log::error("domain {}: {} (process {}) does not even end when killed", guest, auxiliary->what(), process.pid());
}

}  // namespace

Task<> end_auxiliaries(Environment& environment, state::Status status) {
    auto all = adopt_auxiliaries(environment, status);
    if (all.empty()) co_return;
    auto body = [&](TaskGroup& group) -> Task<> {
        for (auto& auxiliary : all) group.spawn(end_one(auxiliary, status.name));
        co_return;
    };
    co_await scoped(body, TaskGroup::OnError::report);
}

}  // namespace vireo::domain
