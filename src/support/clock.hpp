// SPDX-License-Identifier: LGPL-2.1-or-later
// Wall-clock time as the API gives it.
#pragma once
#include <chrono>
#include <cstdint>

namespace vireo {

inline std::uint64_t now_usec() {  // microseconds since 1970-01-01 UTC
    auto since = std::chrono::system_clock::now().time_since_epoch();
    return static_cast<std::uint64_t>(std::chrono::duration_cast<std::chrono::microseconds>(since).count());
}

}  // namespace vireo
