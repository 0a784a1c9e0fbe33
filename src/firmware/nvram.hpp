// SPDX-License-Identifier: LGPL-2.1-or-later
// A guest's variable store between its starts: looking at it, changing variables, backups, reset, restore, migration.
// All of this blocks: call it through Blocking. One operation on one guest at a time; view(), check(), plan_reset() and
// the history may be read at any time.
//
// Each change is a transaction: the store is locked (Errc::busy while a guest runs on it), read, changed in memory; the
// old content goes into the history (history.hpp), the new one is written beside the old, synchronised, read back and
// compared; then it takes the old one's place in one step. A store on a block device is rewritten in place under a
// journal (block_store.hpp). After a crash at any instruction the store is wholly the old or wholly the new one, and
// recover_site() leaves no stray file. What fails has changed nothing, except that the history may have one more
// backup.
//
// A changed store is a new file of mode 0600 that belongs to whom the old one belonged to, or, when there was none, to
// StoreSpec::owner. A link that the user made stays a link.
#pragma once
#include "firmware/history.hpp"
#include "firmware/nvram_store.hpp"
#include "firmware/pending_reset.hpp"
#include "firmware/varstore_health.hpp"
#include "firmware/varstore_reset.hpp"
#include "model/uuid.hpp"

#include <functional>

namespace vireo::firmware {

struct Site {
    Site() = default;

    StoreSpec store;
    std::filesystem::path template_path;  // may be empty: then there is nothing to create from or to reset to
    StoreFormat template_format = StoreFormat::raw;
    std::filesystem::path code;  // of flash, to compare the sizes; may be empty
    Format code_format = Format::raw;
    std::string architecture;                // x86_64 …
    std::filesystem::path folder;            // the guest's own: <data>/nvram/<uuid>
    std::size_t ring = History::usual_ring;  // backups that are kept; 0: none are taken
    std::string who;                         // on whose behalf, for the history; may be empty
    std::int64_t time_usec = 0;              // now, microseconds since the epoch

    std::filesystem::path history() const { return folder / "history"; }
};

// Of a definition that resolve() has been through; `who` and the time are the caller's to fill in. Nothing when the
// guest has no variable store: "not applicable".
std::optional<Site> site_of(const model::Domain& domain, const std::filesystem::path& data);
// Why it has none, as part of a sentence: "it does not boot from flash", "its firmware is stateless" …
std::string_view why_no_store(const model::Domain& domain) noexcept;

// ── looking ──

struct View {
    bool exists = false;
    bool in_use = false;                     // a guest runs on it: it may change at any moment
    std::string content;                     // bytes as the guest sees them
    std::optional<VariableStore> variables;  // nothing when they cannot be read (health says why) or it is blank
    Health health;                           // with pairing: see check()
    std::string sha256;                      // of content, lower-case hexadecimal; empty when there is none
    std::int64_t modified_usec = 0;          // when the file was last written
    std::string template_sha256;             // of the template's content; empty when it cannot be read
};
// A store that does not exist is no error, nor is one that is damaged: then variables is empty. Errors: the file cannot
// be opened or read, or is not to be followed; unsupported for a store on the network.
Result<View> view(const Site& site);

// The template's content as the guest would get it, checked. For diff.
Result<VariableStore> template_variables(const Site& site);

struct Advice {
    enum class Kind { reset, restore, migrate, compact, clean_up };  // clean_up: remove variables
    Kind kind = Kind::reset;
    std::string backup;  // of restore: the newest backup that is sound and fits this firmware
    bool operator==(const Advice&) const = default;
};
struct Checked {
    Health health;
    std::vector<Advice> advice;  // best first; empty when there is nothing to do
    std::string hint() const;    // the advice as a sentence, for an Error
};
// Is the store sound, and does it belong to this code (sizes, block map, kind of store)? Valid when there is none yet.
Result<Checked> check(const Site& site);
std::vector<Advice> advice(const Site& site, const Health& health);

// ── changing ──

struct Changed {
    bool changed = false;          // false: the store had this content already, nothing was written
    bool created = false;          // there was none
    std::optional<Backup> backup;  // of the content before; nothing when there was none
    std::string sha256;            // of the content now
    std::string template_sha256;   // of the template that was used for it; empty when none was
    VariableChanges changes;       // what is different, as far as both could be read
    Health health;                 // of the content now
};

// Sees the store's variables and changes them. A failure ends the operation with nothing changed.
using Edit = std::function<Result<>(VariableStore&)>;
// A store that does not exist, or that is erased flash, is made from the template first. A damaged one is refused
// (invalid_state): compact, restore or reset it. The result must pair with the code and be usable.
Result<Changed> change(const Site& site, BackupReason reason, const Edit& edit);

// Drops dead records, what is damaged, and finishes an interrupted write of the firmware.
Result<Changed> compact(const Site& site);

// A backup now; the newest one when nothing has changed since. not_found when there is no store.
Result<Backup> back_up(const Site& site, BackupReason reason = BackupReason::manual);

// ── history ──

struct Ring {
    std::vector<Backup> backups;        // newest first; damaged ones have their problem
    std::vector<std::string> warnings;  // sentences
};
Result<Ring> history(const Site& site);
struct BackupContent {
    Backup entry;
    std::string content;
    std::optional<VariableStore> variables;  // nothing when it is not readable as a store
};
Result<BackupContent> read_backup(const Site& site, std::string_view id);
// Puts a backup in the store's place. What was there is backed up first, so this can be undone in the same way.
// Refused (invalid_state) when that backup does not belong to this firmware or is not usable; unsupported when it is of
// the other form (flash, JSON).
Result<Changed> restore(const Site& site, std::string_view id);
Result<std::size_t> prune(const Site& site, std::size_t keep);
Result<std::size_t> prune(const Site& site, const std::vector<std::string>& ids);

// ── reset ──

struct ResetPlan {
    VariableChanges changes;  // what would be different
    std::string template_sha256;
    std::vector<std::string> confirmations;  // see below
    bool exists = false;                     // is there a store at all?
};
// Changes nothing.
Result<ResetPlan> plan_reset(const Site& site, VariableClasses classes, VariableClasses keep, bool has_tpm);
// Everything: the template, byte for byte. Refused: without a template; by classes when the store cannot be read.
Result<Changed> reset(const Site& site, VariableClasses classes = VariableClasses::all(), VariableClasses keep = {});

// A reset that comes together with saved memory, for the operations that restore it (SAVE_RESET_NVRAM,
// SNAPSHOT_REVERT_RESET_NVRAM, and START_RESET_NVRAM when there is a managed save): it is noted as pending, see
// pending_reset.hpp. The template is looked at now, so that a reset that cannot be done is refused now, and the restore
// with it. When the restore fails, undo_reset_with_memory() puts back what was pending before.
struct MemoryReset {
    std::optional<PendingReset> before;
};
Result<MemoryReset> reset_with_memory(const Site& site, const PendingReset& wanted);
Result<> undo_reset_with_memory(const Site& site, const MemoryReset& made);

// ── migration ──

struct Migrated {
    Changed change;                     // of the target's store
    std::vector<Migration::Left> left;  // what could not move, with reasons
};
// The variables of the store at `from`, whatever its form (raw, qcow2, JSON: what is in the file counts, not what the
// definition says), in a store of the form and size of `to`'s template, at `to`'s place. The same place: the old store
// is backed up and replaced. Another place: there must be no store yet, and the old one stays until retire() is called,
// which is to be done when the definition names the new one.
Result<Migrated> migrate(const Site& from, const Site& to);
Result<Migrated> plan_migration(const Site& from, const Site& to);  // changes nothing; Changed has the changes only
Result<> retire(const Site& from);  // backed up, then removed; a store that is not there is fine

// ── what somebody has to agree to ──

// Words for what an operation does beyond the variables themselves; each has to be given back by the caller before it
// is done.
//   tpm-pcr7          the guest has a TPM, and what Secure Boot measures into PCR 7 (PK, KEK, db, dbx, SecureBoot, …)
//                     is changed or begins anew: disks sealed to it ask for their recovery key. It covers the next two.
//   tpm-pcr14         the guest has a TPM, and shim's lists of keys (MokList …), measured into PCR 14, are changed
//   tpm-pcr1          the guest has a TPM, and boot entries or their order, measured into PCR 1, are changed
//   secure-boot-keys  keys are enrolled (there is a PK), and they are changed or begin anew
// begin_anew: the classes that a reset replaces (classes without keep), also where the template happens to hold the
// same; empty for any other operation. before: nothing when the store cannot be read; then only the TPM's words can
// come.
std::vector<std::string> confirmations(const VariableStore* before, VariableClasses begin_anew,
                                       const VariableChanges& changes, bool has_tpm);
// Those of the wanted words that were not given; `tpm-pcr7` stands for all of the TPM.
std::vector<std::string> unconfirmed(const std::vector<std::string>& wanted, const std::vector<std::string>& given);

// ── after a crash ──

// Puts right what a daemon that died left at this guest's store, history and pending reset. started: see
// recover_store(). Cheap when there is nothing to do: a few lookups and one listing.
Result<Recovered> recover_site(const Site& site, Started started);

}  // namespace vireo::firmware

template <>
inline constexpr auto vireo::model::names<vireo::firmware::Advice::Kind> =
    vireo::model::words("reset", "restore", "migrate", "compact", "clean-up");
