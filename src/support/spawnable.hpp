// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once
#include "support/task.hpp"

namespace vireo {

// What co_spawn may be given together with a cancellation slot. co_spawn (Boost 1.81) waits once more for a task that
// never waited itself, outside of its try block: a cancellation that such a task met on its way would come out there
// and end the program.
Task<> spawnable(Task<> task);

}  // namespace vireo
