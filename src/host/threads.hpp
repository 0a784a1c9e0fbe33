// SPDX-License-Identifier: LGPL-2.1-or-later
// On which processors a thread runs, and how the kernel schedules it: sched(7). The calls do not block.
#pragma once
#include "support/error.hpp"

#include <sys/types.h>
#include <vector>

namespace vireo::host {

enum class Policy { batch, idle, fifo, round_robin };

// Failure(invalid_argument): none of these processors is online; access_denied; not_found: the thread has ended.
Result<> pin_thread(pid_t thread, const std::vector<unsigned>& cpus);
// priority: of fifo and round_robin, 1 … 99.
Result<> schedule_thread(pid_t thread, Policy policy, int priority);
// The threads of a process; empty when it has ended.
std::vector<pid_t> threads_of(pid_t process);

}  // namespace vireo::host
