// SPDX-License-Identifier: LGPL-2.1-or-later
// What the parts of nvram.hpp share. Internal to this folder.
#pragma once
#include "firmware/nvram.hpp"

#include <string>
#include <vector>

namespace vireo::domain {

// Error(needs_confirmation) for what was wanted and not given.
Result<> require(std::vector<std::string> wanted, const std::vector<std::string>& given);
std::string explain(const std::vector<std::string>& words);  // each word and what it means

// The same edit, refused when what it changes needs a confirmation that was not given.
firmware::Edit guarded(firmware::Edit edit, std::vector<std::string> confirm, bool tpm);

}  // namespace vireo::domain
