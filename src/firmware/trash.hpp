// SPDX-License-Identifier: LGPL-2.1-or-later
// The variable stores in the trash: <data>/trash/nvram-<uuid>-<time>/, made by dispose() (disposal.hpp). What is in
// there besides (the guest's history of backups) goes and comes with it. All of this blocks.
#pragma once
#include "firmware/nvram_store.hpp"
#include "model/uuid.hpp"

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace vireo::firmware {

struct Trashed {
    std::string id;  // the folder's name: "nvram-<uuid>-<time>"
    std::filesystem::path folder;
    std::filesystem::path file;  // the store in it; empty when there is none (any more)
    StoreFormat format = StoreFormat::raw;
    model::Uuid guest;
    std::int64_t time_usec = 0;    // when it was thrown away, microseconds since the epoch
    std::filesystem::path origin;  // where it lay, when its user had chosen the place; else empty
    std::uint64_t size = 0;        // bytes of the file
};

// Newest first. What is not one of ours is passed over; a trash that is not there is empty.
Result<std::vector<Trashed>> list_trash(const std::filesystem::path& trash);
Result<Trashed> find_trashed(const std::filesystem::path& trash, std::string_view id);  // Error(not_found)
Result<> remove_trashed(const std::filesystem::path& trash, std::string_view id);       // absent is fine
// Removes what was thrown away before this time; how many. What cannot be removed is logged and left.
Result<std::size_t> expire_trash(const std::filesystem::path& trash, std::int64_t before_usec);

// The backups of a store that is taken back go to its guest's folder, unless that has a history of its own by now.
void take_history_along(const Trashed& trashed, const std::filesystem::path& guest_folder);

}  // namespace vireo::firmware
