// SPDX-License-Identifier: LGPL-2.1-or-later
#include "host/locked_memory.hpp"

#include <algorithm>
#include <cerrno>
#include <fmt/format.h>
#include <sys/resource.h>

namespace vireo::host {

Result<> allow_locked_memory(pid_t pid, std::uint64_t bytes) {
    constexpr unsigned mib_shift = 20;
    rlimit limit{};
    const auto what = fmt::format("QEMU has to lock {} MiB of memory for devices of the host", bytes >> mib_shift);
    // Also looking needs the right to, once the process belongs to another account.
    if (::prlimit(pid, RLIMIT_MEMLOCK, nullptr, &limit) == 0) {
        if (limit.rlim_cur >= bytes) return {};  // RLIM_INFINITY is the largest number
        limit.rlim_cur = bytes;
        limit.rlim_max = std::max<rlim_t>(limit.rlim_max, bytes);
        if (::prlimit(pid, RLIMIT_MEMLOCK, &limit, nullptr) == 0) return {};
    }
    return Failure(system_error(errno, what)
                       .with_hint("Raise the limit: memlock in /etc/security/limits.conf, or LimitMEMLOCK= of the "
                                  "unit that vireod runs in"));
}

}  // namespace vireo::host
