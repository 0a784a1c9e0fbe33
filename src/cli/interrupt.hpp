// SPDX-License-Identifier: LGPL-2.1-or-later
// SIGINT, SIGTERM and SIGHUP end the program in good order: waits are left with Interrupted, destructors put the
// terminal back. A second signal while that happens ends it at once.
#pragma once
#include "support/task.hpp"

#include <optional>

struct pollfd;

namespace vireo::cli {

struct Interrupted {};

void catch_interrupts();
bool interrupted() noexcept;
void throw_if_interrupted();
// Called in the signal handler when a second signal ends the program at once: async-signal-safe.
void on_sudden_end(void (*restore)());
// poll(2) until the deadline; throws Interrupted; no race between the check and the wait. 0: the deadline passed.
int wait_for(pollfd* files, unsigned count, std::optional<Clock::time_point> deadline);

}  // namespace vireo::cli
