// SPDX-License-Identifier: LGPL-2.1-or-later
// The whole daemon, wired: made from its configuration, run until it is told to stop, then taken down in order. Guests
// go on without it.
#pragma once
#include "daemon/configuration.hpp"
#include "support/task.hpp"

namespace vireo::daemon {

// Returns when a signal (SIGTERM, SIGINT) asked for it. Throws Error when it cannot start.
Task<> run(Configuration configuration);

}  // namespace vireo::daemon
