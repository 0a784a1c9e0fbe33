// SPDX-License-Identifier: LGPL-2.1-or-later
// What systemd offers a service, when there is a systemd: socket activation, readiness, the watchdog. Without it every
// function does nothing.
#pragma once
#include "support/error.hpp"
#include "support/fd.hpp"
#include "support/task.hpp"

#include <optional>
#include <string>

namespace vireo::daemon {

// The stream socket that systemd listens on for us (sd_listen_fds(3)); none when we were not activated so.
// Error(invalid_config): it passed something else.
Result<std::optional<UniqueFd>> activated_socket();

void notify(const std::string& state);  // sd_notify(3): "READY=1", "STATUS=…", "STOPPING=1"

// Says that we live, twice per WatchdogSec=, as long as the loop runs; ends at once when there is no watchdog.
Task<> feed_watchdog();

}  // namespace vireo::daemon
