// SPDX-License-Identifier: LGPL-2.1-or-later
// Network ports that a guest's displays listen on, chosen at start where the definition leaves them open.
#pragma once
#include "model/domain.hpp"
#include "support/error.hpp"

#include <set>

namespace vireo::domain {

// Gives each VNC display with autoport a port that is free now, from 5900 to 65535 (libvirt's range), avoiding those
// that taken names (of guests that are being started). Error(limit_exceeded): none is free.
Result<> choose_ports(model::Domain& definition, std::set<int>& taken);

}  // namespace vireo::domain
