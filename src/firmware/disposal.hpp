// SPDX-License-Identifier: LGPL-2.1-or-later
// What becomes of a variable store when its guest is undefined. All of this blocks.
#pragma once
#include "firmware/nvram_store.hpp"
#include "model/uuid.hpp"

namespace vireo::firmware {

// What is on a block device stays there, whatever is asked for; of it, trash keeps a copy.
enum class Disposal {
    trash,  // moved to <trash>/nvram-<uuid>-<time>/, durably, with its history; a path
            // that the user chose is noted there in "origin"
    keep,
    remove  // with its history
};

struct DisposalRequest {
    DisposalRequest() = default;
    StoreSpec store;
    std::filesystem::path folder;  // the guest's own: <data>/nvram/<uuid>, with history and pending reset
    Disposal how = Disposal::trash;
    std::filesystem::path trash;  // <data>/trash
    model::Uuid guest;
    std::int64_t time_usec = 0;  // microseconds since the epoch: part of the name in the trash
};

// Can it be done? To be asked before anything of an undefine is touched. Errc::busy while a guest uses the store.
Result<> check_disposal(const DisposalRequest& request);

// Does it; where the store is now, empty when there is none (any more). A store that is not there is fine.
Result<std::filesystem::path> dispose(const DisposalRequest& request);

}  // namespace vireo::firmware
