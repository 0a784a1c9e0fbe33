// SPDX-License-Identifier: LGPL-2.1-or-later
// The place of a variable store, locked, for operations between starts: a file or a block device. Internal to this
// folder of the source.
#pragma once
#include "firmware/block_store.hpp"
#include "firmware/store_folder.hpp"

#include <memory>

namespace vireo::firmware {

inline constexpr std::size_t max_store_file = 96u << 20;  // bytes that are read of a store's file, whatever it is

// The file, locked, with nothing unfinished beside it; nothing when there is none.
Result<std::optional<UniqueFd>> lock_store(const StoreFolder& folder);

// Everything here refuses a store that only the hypervisor can reach.
Result<> check_reachable(const StoreSpec& spec);

class StoreSlot {
public:
    // Locked, with what an unfinished start left beside it undone; nothing when there is no store.
    static Result<std::optional<StoreSlot>> open(const StoreSpec& spec);

    int fd() const noexcept { return block_ ? block_->fd().get() : fd_.get(); }
    UniqueFd take() noexcept { return block_ ? block_->take() : std::move(fd_); }
    Result<std::string> read() const;  // the file's bytes; of a device as much as a store can have
    Result<struct stat> status() const;
    Result<std::uint64_t> size() const;  // bytes of the file or device

    // These bytes take its place, in one step, durably, locked, with the same owner. A failure has changed nothing.
    Result<> replace(std::string_view bytes);

private:
    explicit StoreSlot(const StoreSpec& spec) : spec_(std::make_unique<StoreSpec>(spec)) {}
    Result<bool> open_file();
    Result<bool> open_block();
    Result<> replace_file(std::string_view bytes);

    std::unique_ptr<StoreSpec> spec_;  // the others point to it
    std::optional<StoreFolder> folder_;
    UniqueFd fd_;
    std::optional<BlockStore> block_;
};

}  // namespace vireo::firmware
