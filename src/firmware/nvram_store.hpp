// SPDX-License-Identifier: LGPL-2.1-or-later
// A guest's variable store on disk, changed as part of a start: after a crash at any instruction it is wholly the old
// one or wholly the new one, and nothing partial is left once recover() has run. All of this blocks.
//
// Files in the store's folder, for a store named VARS.fd:
//   VARS.fd               the store, mode 0600
//   VARS.fd.before-start  the store as it was before a reset by a start that has not been committed
//   VARS.fd.created       a start that has not been committed made the store; holds its inode number
//   .vireo-VARS.fd.*      being written by a process that lives, or a leftover of one that does not
// So the two middle ones mean: undo, unless it is known that the start succeeded.
//
// Lock: whoever uses a store holds flock(2) on its descriptor, LOCK_EX. The lock belongs to the open file description,
// which is handed to the hypervisor: it lives exactly as long as the guest, whatever becomes of the daemon, and it is
// found under every name the file has. (QEMU's own image locks are of another kind and do not collide with it.)
#pragma once
#include "firmware/firmware_volume.hpp"
#include "support/fd.hpp"

#include <atomic>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <sys/types.h>

namespace vireo::firmware {

// Called before each system call that changes something on disk; an errno that it returns takes the place of the call.
// How the tests stop an operation at every step.
using Steps = std::function<int(std::string_view step)>;

struct Owner {
    uid_t user = 0;
    gid_t group = 0;
};

enum class StoreKind {
    file,
    block,   // a device node, rewritten in place (block_store.hpp), never replaced
    network  // only the hypervisor can reach it: everything here refuses it by name
};

struct StoreSpec {
    StoreSpec() = default;
    StoreSpec(std::filesystem::path path, bool own) : path(std::move(path)), own(own) {}

    std::filesystem::path path;  // absolute
    bool own = true;             // in a folder that is Vireo's and this guest's alone: made when absent (0700), removed
                                 // when empty, no link in it is followed. Otherwise the user chose the path: its folder
                                 // must exist, and a link of root's or of the daemon's user is followed and stays.
    StoreFormat format = StoreFormat::raw;
    StoreKind kind = StoreKind::file;
    std::optional<Owner> owner;     // of a store that is made; the daemon's user when absent. A reset keeps the owner.
    std::filesystem::path journal;  // of a store on a block device: the guest's own folder, for block.before
    bool file_as_device = false;    // for tests: a regular file takes a block device's place
    Steps steps;
};

// Set before the first thing on disk is changed: only then is there anything to undo.
using Touched = std::shared_ptr<std::atomic<bool>>;

struct OpenStore {
    UniqueFd fd;  // read-write, locked
    Image image;
    bool replaced = false;  // there was one before
};

// The store as it is; nothing when there is none. Refused: not a regular file, not a variable store, in use.
Result<std::optional<OpenStore>> open_store(const StoreSpec& spec);

// A new store with this content, or the old one replaced by it. To be followed by commit() or undo(). When they fail
// nothing has changed.
Result<OpenStore> create_store(const StoreSpec& spec, std::string_view content, const Touched& touched = {});
Result<OpenStore> reset_store(const StoreSpec& spec, std::string_view content, const Touched& touched = {});

// The start has succeeded: the old store goes. Durable when it returns. May be repeated.
Result<> commit_store(const StoreSpec& spec);
// The start has failed: the old store is back, one that was made is gone. May be repeated.
Result<> undo_store(const StoreSpec& spec);

// What a daemon that died left behind, decided by whether that guest's start had succeeded. Errc::busy when the start
// is said to have failed but somebody still uses the store: nothing is touched then.
enum class Started { no, yes };
enum class Recovered { nothing, committed, undone };
Result<Recovered> recover_store(const StoreSpec& spec, Started started);

}  // namespace vireo::firmware
