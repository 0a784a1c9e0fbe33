// SPDX-License-Identifier: LGPL-2.1-or-later
// The firmware that a definition recorded, against what is on the host now. A package update replaces files under a
// guest that keeps its variables: whether the next start may use what is there now is decided here, by the guest's
// policy (model/firmware_identity.hpp). All of this blocks.
//
// The copies that `pin` needs lie in <data>/nvram/<uuid>/code/<sha256>, a folder of the daemon alone (0700).
#pragma once
#include "firmware/choice.hpp"
#include "firmware/file_hash.hpp"
#include "firmware/firmware_volume.hpp"

namespace vireo::firmware {

// Writes into a definition which files were chosen for it: the loader and the template that it names. described: the
// descriptor that they come from, or null. What is recorded already about these files stays as it was recorded, also
// when they have changed since. earlier: the definition that this one replaces, or null; its policy stays unless the
// new one says another. A guest without code of its own (QEMU's default, a flash image that it writes to) has no
// identity; invalid_config when it asks for a policy all the same.
Result<> record_identity(model::Domain& domain, const Entry* described, const model::Domain* earlier,
                         KnownHashes& known);

enum class FileState { same, changed, gone };

// What is on the host now instead of what was recorded.
struct Update {
    model::FirmwareIdentity identity;
    Format code_format = Format::raw;
    Format template_format = Format::raw;
    std::string obstacle;  // why it is not compatible, as in "it has no feature secure-boot now"; empty: it is
};

struct Standing {
    model::FirmwareIdentity recorded;
    FileState code = FileState::same;
    FileState store_template = FileState::same;     // same also when there is none
    std::optional<Update> update;                   // when something differs; nothing when no code is there to be used
    bool code_kept = false, template_kept = false;  // there are copies of what was recorded

    bool same() const noexcept { return code == FileState::same && store_template == FileState::same; }
};
// Nothing when the definition records no firmware. data: the daemon's data folder.
Result<std::optional<Standing>> standing_of(const model::Domain& domain, const std::filesystem::path& data,
                                            const Catalog& catalog, KnownHashes& known);

// One stat(2) for the code, and one for the template when it will be used: is everything surely as it was recorded?
// True also when nothing was recorded. False means: ask decide().
bool surely_as_recorded(const model::Domain& domain, bool with_template, const KnownHashes& known);

struct Decision {
    std::filesystem::path code, store_template;  // kept copies to be used instead of the recorded files; may be empty
    std::optional<Update> update;                // used, and to be recorded when the start has succeeded
};
struct DecideOptions {
    DecideOptions() = default;
    std::filesystem::path data;
    bool with_template = false;  // the start makes or resets the variable store
    bool accepted = false;       // the caller accepts what is there, whatever the policy
};
// What a start uses. needs_confirmation, with the word `firmware-changed`, when the policy leaves it to a person.
Result<Decision> decide(const model::Domain& domain, const Catalog& catalog, const DecideOptions& options,
                        KnownHashes& known);
inline constexpr std::string_view changed_word = "firmware-changed";

// Makes the definition name and record what an update found. SMM and the recorded features follow it.
void adopt(model::Domain& domain, const Update& update);

// ── copies for `pin` ──
std::filesystem::path kept_copy(const std::filesystem::path& data, const model::Uuid& guest, std::string_view sha256);
// Copies of the recorded code and template, made unless they are there (sharing blocks where the file system can), and
// every other copy removed. conflict when a file no longer holds what was recorded and no copy of it is there.
Result<> keep_copies(const std::filesystem::path& data, const model::Domain& domain);
// Those that a pinned guest boots with and resets to; empty where there is none, and without the policy pin.
struct PinnedCopies {
    std::filesystem::path code, store_template;
};
PinnedCopies pinned_copies(const std::filesystem::path& data, const model::Domain& domain);
Result<> drop_copies(const std::filesystem::path& data, const model::Uuid& guest);

}  // namespace vireo::firmware
