// SPDX-License-Identifier: LGPL-2.1-or-later
// The files that belong to one guest alone, so that no variable store is two guests' or something else as well.
#pragma once
#include "model/domain.hpp"
#include "support/error.hpp"

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

namespace vireo::domain {

struct Claims {
    std::string guest;  // name, for messages
    std::string uuid;
    std::string store;                // in its shortest spelling; empty: none
    bool own_store = false;           // in the guest's own folder of the daemon's data
    std::vector<std::string> disks;   // images and block devices that it writes to, in their shortest spelling
    std::string code, template_path;  // of its firmware

    static Claims of(const model::Domain& definition, const std::filesystem::path& data);
};

// Is the store of `mine` another guest's store or disk, or is a disk of `mine` another's store, or is the store the
// firmware's code or template itself? By path, and where a name can mislead (links of either kind) by what is there
// now. Error(invalid_config) names both guests and says what to do. Blocks: a few stat(2) calls, one for each file of
// all guests where links are about.
Result<> check_claims(const Claims& mine, const std::vector<std::shared_ptr<const Claims>>& others);

}  // namespace vireo::domain
