// SPDX-License-Identifier: LGPL-2.1-or-later
// The state of a guest's emulated TPM: keys to which disks of the guest may be sealed, so as dear as its variable
// store. <data>/tpm/<uuid>/tpm2 or tpm1.2, a folder of swtpm's each, unless the definition says where. All of this
// blocks.
#pragma once
#include "firmware/disposal.hpp"
#include "model/domain.hpp"
#include "support/error.hpp"

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <sys/types.h>
#include <vector>

namespace vireo::firmware {

struct TpmPlace {
    std::filesystem::path path;
    bool own = true;    // in Vireo's data; else where the user said
    bool file = false;  // one file; else a folder

    // For swtpm, whose account may not be able to reach the place by its path: its working directory, and what it calls
    // the place from there ("dir://.").
    std::filesystem::path folder() const { return file ? path.parent_path() : path; }
    std::string uri() const { return file ? "file://" + path.filename().string() : "dir://."; }
    bool made() const;  // has a TPM been there before?
    // Where a new one is made, beside its place until it is whole; the place itself where that is the user's.
    TpmPlace workshop() const;
};

const model::Tpm* emulated_tpm(const model::Domain& domain) noexcept;  // null: there is none
std::optional<TpmPlace> tpm_place(const model::Domain& domain, const std::filesystem::path& tpms);

struct TpmOwner {
    TpmOwner() = default;
    uid_t uid = 0;
    gid_t gid = 0;
};
// An empty workshop for swtpm_setup, which owner may write (none: we ourselves). What a crash left there goes.
Result<> open_workshop(const TpmPlace& place, std::optional<TpmOwner> owner);
Result<> close_workshop(const TpmPlace& place);  // it is whole: it takes its place, durably
// Copies the state that swtpm keeps in another folder, of the same version, into Vireo's own place: whole, or not at
// all. Failure(already_exists): a TPM has been made there; (not_found): the folder has none; (unsupported): the
// definition names a place of the user's, where the state can simply be put.
Result<> import_tpm(const TpmPlace& place, const std::filesystem::path& folder, std::optional<TpmOwner> owner);
// The state that is there becomes this account's, when it was another's: guests run as somebody else now. Only in
// Vireo's own folder.
Result<> give_tpm(const TpmPlace& place, TpmOwner owner);
// Undoes what made one. Only in Vireo's own folder; what lies elsewhere is the user's.
Result<> remove_tpm(const TpmPlace& place);

// What is to become of all states of a guest that is being undefined, written down before its definition goes.
// Disposal::keep removes such a note.
Result<> note_tpm_disposal(const std::filesystem::path& tpms, const std::string& guest, Disposal how);
struct TpmNote {
    std::string guest;
    Disposal how = Disposal::trash;
};
std::vector<TpmNote> tpm_notes(const std::filesystem::path& tpms);
// Does it; trash: <trash>/tpm-<uuid>-<time>/. Where it is now; empty when there is none.
Result<std::filesystem::path> dispose_of_tpm(const std::filesystem::path& tpms, const std::filesystem::path& trash,
                                             const std::string& guest, Disposal how, std::int64_t time_usec);
// Those that were thrown away before this time are removed; how many.
std::size_t expire_trashed_tpms(const std::filesystem::path& trash, std::int64_t before_usec);

}  // namespace vireo::firmware
