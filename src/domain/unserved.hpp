// SPDX-License-Identifier: LGPL-2.1-or-later
// What a definition may hold and this daemon does not prepare for a guest yet: networks, pools, helper processes, parts
// of the host's hardware. Such a domain can be defined, kept and turned into a command line; its start is refused by
// name, before anything is touched, so that nothing of a definition is ever ignored.
#pragma once
#include "model/domain.hpp"
#include "support/error.hpp"

namespace vireo::domain {

// Failure(unsupported) names the first such element by its path and says what can be done instead.
Result<> check_served(const model::Domain& domain);

}  // namespace vireo::domain
