// SPDX-License-Identifier: LGPL-2.1-or-later
// What QEMU can run and the daemon cannot serve yet when a domain starts: limits and pinning that need control groups,
// labels, devices that need something prepared. It is kept in the definition, shown in the command line, and refused
// here by name, so that no guest runs without what its definition asks for. The one list of it.
#pragma once
#include "model/domain.hpp"
#include "support/error.hpp"

namespace vireo::domain {

Result<> check_servable(const model::Domain& domain);  // Failure(unsupported): the element, and what to do

}  // namespace vireo::domain
