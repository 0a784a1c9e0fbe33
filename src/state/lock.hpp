// SPDX-License-Identifier: LGPL-2.1-or-later
// One daemon per state: <run>/vireod.lock is locked (flock(2)) and names the pid of its holder; the folder of the
// definitions is locked as well, since two daemons may share it with different run folders. The locks go with the
// process, however it ends.
#pragma once
#include "state/layout.hpp"
#include "support/error.hpp"
#include "support/fd.hpp"

#include <chrono>

namespace vireo::state {

class Lock {
public:
    // The folders exist. Blocks up to patience for a predecessor that is just ending.
    // Error(busy) names the other daemon's pid.
    static Result<Lock> take(const Layout& layout, std::chrono::milliseconds patience = std::chrono::seconds(1));

private:
    Lock(UniqueFd run, UniqueFd definitions) : run_(std::move(run)), definitions_(std::move(definitions)) {}
    UniqueFd run_, definitions_;
};

}  // namespace vireo::state
