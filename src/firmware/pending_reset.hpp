// SPDX-License-Identifier: LGPL-2.1-or-later
// A reset that waits for the guest's next cold start: <data>/nvram/<uuid>/pending.json (mode 0600). It is carried out
// by the firmware's stage of that start (prepare.hpp) and goes when the start has succeeded; until then it can be
// cancelled. Everything here blocks.
//
// Saved memory holds the flash as it was. A guest that is started from it writes that over the store's file, so a reset
// of the file alone would be undone without a word. A reset that comes with saved memory is therefore always written
// here: the start from memory leaves it alone (Request::from_memory), whatever the running guest writes is what the
// next cold start resets.
#pragma once
#include "firmware/nvram_store.hpp"
#include "firmware/varstore_reset.hpp"

namespace vireo::firmware {

struct PendingReset {
    PendingReset() = default;

    enum class Origin {
        running,     // asked for while the guest ran
        from_memory  // asked for together with a restore of saved memory
    };
    Origin origin = Origin::running;
    VariableClasses classes = VariableClasses::all();
    VariableClasses keep;
    std::string who;                     // who asked; may be empty
    std::int64_t time_usec = 0;          // when, microseconds since the epoch
    std::vector<std::string> confirmed;  // the confirmations that were given: see nvram.hpp
    bool operator==(const PendingReset&) const = default;
};

// folder: <data>/nvram/<uuid>. Nothing when there is none. Error: invalid_state for a document that cannot be read, or
// of a newer version: it is not guessed what it meant, a cold start is refused until it is cancelled.
Result<std::optional<PendingReset>> read_pending(const std::filesystem::path& folder);
// Durable when it returns; replaces one that is there. Makes the folder (0700) when it is not there.
Result<> write_pending(const std::filesystem::path& folder, const PendingReset& pending, const Steps& steps = {});
// Was there one? Also one that cannot be read.
Result<bool> remove_pending(const std::filesystem::path& folder, const Steps& steps = {});

// For the stage of a start that carries it out. stage: the document is set aside as pending.applied.json before the
// store is touched; unstage (the start failed, the old store is not back yet): it waits again; commit (the start
// succeeded): it is gone. Each may be repeated.
Result<> stage_pending(const std::filesystem::path& folder, const Steps& steps = {});
Result<> unstage_pending(const std::filesystem::path& folder, const Steps& steps = {});
Result<> commit_pending(const std::filesystem::path& folder, const Steps& steps = {});
bool pending_is_staged(const std::filesystem::path& folder);
// Leftovers of processes that died.
Result<> recover_pending(const std::filesystem::path& folder, const Steps& steps = {});

}  // namespace vireo::firmware

template <>
inline constexpr auto vireo::model::names<vireo::firmware::PendingReset::Origin> =
    vireo::model::words("running", "from-memory");
