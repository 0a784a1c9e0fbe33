// SPDX-License-Identifier: LGPL-2.1-or-later
// A variable store on a block device: rewritten in place, never replaced as a node. Internal to nvram_store.cpp.
//
// What is about to be overwritten is kept in block.before in the guest's own folder (StoreSpec::journal), synchronised
// before the first byte of the device changes. As long as that file is there the device is not trusted: whoever opens
// the store next puts the old content back, unless it is known that the start which wrote it succeeded. So a crash, a
// write error or a start that fails leaves the old content, a commit the new.
// A device of zeros is a store that was never made.
#pragma once
#include "firmware/nvram_store.hpp"

namespace vireo::firmware {

class BlockStore {
public:
    // Locked, without looking at block.before. Errors: not_found, access_denied, busy, invalid_config (no block
    // device).
    static Result<BlockStore> open(const StoreSpec& spec);

    const UniqueFd& fd() const noexcept { return fd_; }
    UniqueFd take() noexcept { return std::move(fd_); }
    std::uint64_t size() const noexcept { return size_; }

    // From its beginning, at most `limit` bytes.
    Result<std::string> read(std::size_t limit) const;
    Result<bool> blank() const;  // nothing but zeros, as far as a store could reach

    // Overwrites its beginning; block.before stays until forget(). Errors: limit_exceeded (too small). A failure has
    // put the old content back, or, when that is not possible, left block.before to do it later.
    Result<> rewrite(std::string_view content) const;
    // The new content counts. Nothing of the device is touched, which a guest may be using.
    static Result<> forget(const StoreSpec& spec);
    Result<> undo() const;  // the old one is back; nothing happens without block.before

private:
    explicit BlockStore(const StoreSpec& spec) : spec_(&spec) {}
    Result<> write_changed(std::string_view content) const;

    const StoreSpec* spec_;
    UniqueFd fd_;
    std::uint64_t size_ = 0;
};

// A device or a file, from its beginning, at most `limit` bytes of a device.
Result<std::string> read_device_or_file(int fd, const StoreSpec& spec, std::size_t limit);
// What undo() would make of this content of the device.
Result<> overlay_unfinished(const StoreSpec& spec, std::string& content);

// Is there a rewrite that was not finished?
bool block_unfinished(const StoreSpec& spec);

}  // namespace vireo::firmware
