// SPDX-License-Identifier: LGPL-2.1-or-later
// What is to become of the store of a guest that is being undefined, written down before its definition goes: whoever
// finds the note and no definition goes on where a daemon that died stopped. <trash>/undefine-<uuid>.json. Blocks.
#pragma once
#include "firmware/disposal.hpp"

#include <vector>

namespace vireo::firmware {

Result<> write_note(const DisposalRequest& request);   // durable when it returns; replaces one that is there
Result<> remove_note(const DisposalRequest& request);  // absent is fine

// All that are there. One that cannot be read is logged and left.
std::vector<DisposalRequest> notes(const std::filesystem::path& trash);

}  // namespace vireo::firmware
