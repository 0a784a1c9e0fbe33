// SPDX-License-Identifier: LGPL-2.1-or-later
// Network ports that a guest's displays listen on, chosen at start where the definition leaves them open.
#pragma once
#include "model/domain.hpp"
#include "support/error.hpp"

#include <set>
#include <vector>

namespace vireo::domain {

// Gives each VNC display with autoport a port that is free now, from 5900 to 65535 (libvirt's range), avoiding those
// that taken names, and adds them there. → the ports given. Error(limit_exceeded): none is free.
Result<std::vector<int>> choose_ports(model::Domain& definition, std::set<int>& taken);

// Where a display listens: the first address that the definition gives; the loopback one when it gives none.
std::string listen_address(const model::Graphics& graphics);
// Does it listen on a port at all, rather than on a socket or not?
bool listens_on_network(const model::Graphics& graphics);

}  // namespace vireo::domain
