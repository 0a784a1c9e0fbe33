// SPDX-License-Identifier: LGPL-2.1-or-later
// One change of a guest's variable store: locked and read by begin(), written by finish(). Internal to nvram*.cpp.
#pragma once
#include "firmware/firmware_file.hpp"
#include "firmware/nvram.hpp"
#include "firmware/store_slot.hpp"

namespace vireo::firmware {

// The template of a site, whole and checked. Error: invalid_config when none is named.
Result<Template> site_template(const Site& site);
// The bytes of a store's file that begins with this template.
Result<std::string> pristine_file(const Site& site, const Template& pristine);
// How it is to fit: with the code, and with the template when there is one. It looks at the code's file; one that is
// missing is not this check's to report. The template must outlive the result.
Pairing pairing_of(const Site& site, const Template* pristine);

class Transaction {
public:
    static Result<Transaction> begin(const Site& site);
    // Of a slot that is locked already. Does it hold internal snapshots? Then it is only to be looked at.
    static Result<Transaction> of(const Site& site, StoreSlot slot);
    // For plan() alone: what view() saw, without a lock.
    static Result<Transaction> look(const Site& site, const View& view);

    bool exists() const noexcept { return exists_; }
    // As the guest sees it; nothing when there is no store or its file cannot be understood.
    const std::optional<std::string>& content() const noexcept { return content_; }
    // Nothing when there is no store, when it is erased flash, or when it cannot be read.
    const std::optional<VariableStore>& variables() const noexcept { return variables_; }
    const Health& health() const noexcept { return health_; }
    std::uint32_t snapshots() const noexcept { return snapshots_; }
    const std::optional<Template>& pristine() const noexcept { return pristine_; }
    // Why there is none.
    Failure without_template() const;

    // This content takes the store's place. `file`: the bytes of its file when they are known already.
    Result<Changed> finish(const std::string& content, BackupReason reason, std::optional<std::string> file = {});
    // What finish() would say, as far as changes and health go.
    Result<Changed> plan(const std::string& content) const;
    // From now on the store is what another site of the same place says: of another format, for another code.
    void become(const Site& site);
    // The locked store, for who hands it on.
    UniqueFd take() { return slot_ ? slot_->take() : UniqueFd(); }
    // The store goes, after a backup.
    Result<> remove(BackupReason reason);
    Result<std::optional<Backup>> back_up(BackupReason reason);
    Result<std::optional<Backup>> back_up(BackupReason reason, History& history, History::Durability how);
    Result<struct stat> status() const { return slot_->status(); }  // of a store that exists

    Pairing pairing() const { return pairing_of(*site_, pristine_ ? &*pristine_ : nullptr); }

private:
    explicit Transaction(const Site& site);
    Result<> read();
    void take_back_created() const;

    const Site* site_;
    bool exists_ = false;
    bool other_format_ = false;
    std::uint32_t snapshots_ = 0;
    std::optional<StoreSlot> slot_;
    std::string file_;
    std::optional<std::string> content_;
    std::optional<VariableStore> variables_;
    Health health_;
    std::optional<Template> pristine_;
    std::optional<Error> no_template_;
};

// What a reset makes of it. Errors: invalid_argument (nothing is to be reset), those of site_template(), invalid_state.
struct NewContent {
    std::string bytes;
    std::optional<std::string> file;  // the bytes of the file, when it is the template's
};
Result<NewContent> reset_content(const Site& site, const Transaction& transaction, VariableClasses classes,
                                 VariableClasses keep);

// An error about this store, with what can be done.
Error unusable_store(const Site& site, const Health& health);

}  // namespace vireo::firmware
