// SPDX-License-Identifier: LGPL-2.1-or-later
// How the host serves a guest (<cputune>, <memtune>, <blkiotune>, <vcpu cpuset>): what of it becomes a limit of its
// control groups, and what a setting of one of QEMU's threads.
#pragma once
#include "host/limits.hpp"
#include "host/threads.hpp"
#include "model/domain.hpp"

#include <map>
#include <optional>
#include <string>
#include <vector>

namespace vireo::domain {

host::Limits limits_of(const model::Domain& domain);

struct ThreadSetting {
    ThreadSetting() = default;
    pid_t thread = 0;
    std::string what;            // for messages: "cputune/vcpupin of vCPU 2"
    std::vector<unsigned> cpus;  // empty: as they are
    std::optional<host::Policy> policy;
    int priority = 0;
};

struct Threads {  // of one QEMU
    Threads() = default;
    pid_t process = 0;
    std::vector<pid_t> all;
    std::map<std::uint32_t, pid_t> vcpus, iothreads;  // by number
    std::vector<pid_t> emulator() const;              // what is neither
};

// Does anything of it concern threads? Then QEMU is asked which they are.
bool tunes_threads(const model::Domain& domain);
// In the order in which they are to be made. advised: the processors for <vcpu placement='auto'/>.
std::vector<ThreadSetting> thread_settings(const model::Domain& domain, const Threads& threads,
                                           const std::vector<unsigned>& advised = {});
// The control groups that the quotas of <cputune> need.
std::vector<host::ThreadLimits> thread_limits(const model::Domain& domain, const Threads& threads);

// Does it want to be placed by numad? Its memory, too?
bool asks_for_advice(const model::Domain& domain);
bool memory_is_advised(const model::Domain& domain);

// <numatune><memory mode='restrictive'/>: the process is bound to nodes, not its memory's objects.
bool binds_process(const model::Domain& domain);

std::vector<unsigned> numbers_of(const model::NumberSet& set);

}  // namespace vireo::domain
