// SPDX-License-Identifier: LGPL-2.1-or-later
// The account that a system daemon's guests run as. The look-up may ask the network (NSS): through Blocking only.
#pragma once
#include "support/error.hpp"

#include <string>
#include <sys/types.h>
#include <vector>

namespace vireo::host {

struct Account {
    std::string name;
    uid_t uid = 0;
    gid_t gid = 0;
    std::vector<gid_t> groups;  // supplementary: kvm, where there is such a group
};

// Tried in this order when none is configured: vireo's own (systemd/sysusers), libvirt's, whose files then fit, and
// the one that every system has.
const std::vector<std::string>& default_accounts();

// The first that exists. configured: only this one. Error: not_found (with what to do), invalid_config (it is root:
// guests never run as root), unavailable (the account database does not answer).
Result<Account> find_account(const std::string& configured = {});

// That of a label of the kernel's own file permissions (<seclabel model='dac'>): "user:group", names or numbers; a
// number after "+" is never a name. The group may be left out: the user's. Error: not_found, invalid_config (root),
// unavailable.
Result<Account> account_of_label(const std::string& label);

}  // namespace vireo::host
