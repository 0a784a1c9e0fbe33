// SPDX-License-Identifier: LGPL-2.1-or-later
// Labels of the host's security modules (<seclabel>). Those of ordinary file permissions ("dac") say whom QEMU runs as;
// its files need none, since it is given descriptors. Of other modules Vireo sets none.
#pragma once
#include "host/account.hpp"
#include "model/domain.hpp"
#include "state/status_store.hpp"
#include "support/error.hpp"

#include <optional>
#include <string>
#include <sys/types.h>

namespace vireo::domain {

// Failure(unsupported): a module that this host lacks, or that Vireo does not serve. Reads two files of sysfs.
Result<> check_labels(const model::Domain& domain);

// "user:group" that the definition wants QEMU to run as; empty: it does not say.
std::string account_label(const model::Domain& domain);

// Whom the QEMU of a run runs as, in its status document.
void note_account(state::Status& status, const host::Account& account);
std::optional<uid_t> account_noted_in(const state::Status& status);

}  // namespace vireo::domain
