// SPDX-License-Identifier: LGPL-2.1-or-later
// Labels of the host's security modules (<seclabel>). Those of ordinary file permissions ("dac") say whom QEMU runs as;
// its files need none, since it is given descriptors. Of other modules Vireo sets none.
#pragma once
#include "model/domain.hpp"
#include "support/error.hpp"

#include <string>

namespace vireo::domain {

// Failure(unsupported): a module that this host lacks, or that Vireo does not serve. Reads two files of sysfs.
Result<> check_labels(const model::Domain& domain);

// "user:group" that the definition wants QEMU to run as; empty: it does not say.
std::string account_label(const model::Domain& domain);

}  // namespace vireo::domain
