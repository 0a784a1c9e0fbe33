// SPDX-License-Identifier: LGPL-2.1-or-later
#include "daemon/systemd.hpp"

#include <systemd/sd-daemon.h>

namespace vireo::daemon {

Result<std::optional<UniqueFd>> activated_socket() {
    int count = ::sd_listen_fds(/*unset_environment=*/1);
    if (count <= 0) return std::optional<UniqueFd>();
    if (count > 1 || ::sd_is_socket_unix(SD_LISTEN_FDS_START, SOCK_STREAM, /*listening=*/1, nullptr, 0) <= 0)
        return fail(Errc::invalid_config,
                    "systemd passed something else than one listening unix stream socket: see vireo.socket");
    return std::optional<UniqueFd>(UniqueFd(SD_LISTEN_FDS_START));
}

void notify(const std::string& state) {
    (void)::sd_notify(/*unset_environment=*/0, state.c_str());
}

Task<> feed_watchdog() {
    std::uint64_t usec = 0;
    if (::sd_watchdog_enabled(/*unset_environment=*/0, &usec) <= 0 || usec == 0) co_return;
    for (;;) {
        notify("WATCHDOG=1");
        co_await sleep_for(std::chrono::microseconds(usec / 2));
    }
}

}  // namespace vireo::daemon
