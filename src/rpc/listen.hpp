// SPDX-License-Identifier: LGPL-2.1-or-later
// The socket that a server is given when no service manager gave it one.
#pragma once
#include "support/fd.hpp"

#include <filesystem>
#include <sys/types.h>

namespace vireo::rpc {

// Listens on path, which appears at once with this mode, already accepting: clients never see half of it. A socket that
// nobody serves any more is replaced; one that is served, or anything that is no socket, is left alone: throws Error.
// Blocks for a moment: for the time before the loop runs.
UniqueFd listen_on(const std::filesystem::path& path, mode_t mode);

}  // namespace vireo::rpc
