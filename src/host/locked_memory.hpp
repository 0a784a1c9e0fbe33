// SPDX-License-Identifier: LGPL-2.1-or-later
// How much memory a process may keep from being swapped out or moved: a guest's whole memory, when devices write to it.
#pragma once
#include "support/error.hpp"

#include <cstdint>
#include <sys/types.h>

namespace vireo::host {

// Raises RLIMIT_MEMLOCK of a process to at least so many bytes. Error(access_denied) says what to do.
Result<> allow_locked_memory(pid_t pid, std::uint64_t bytes);

}  // namespace vireo::host
