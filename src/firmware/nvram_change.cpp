// SPDX-License-Identifier: LGPL-2.1-or-later
// Changing variables, backups, restore.
#include "firmware/nvram_transaction.hpp"
#include "firmware/store_content.hpp"

#include <algorithm>

namespace vireo::firmware {
namespace {

Result<History> history_of(const Site& site) {
    return History::open(site.history(), site.store.steps);
}

// What an edit begins with: what is there, or what the template gives.
Result<VariableStore> editable(const Site& site, const Transaction& transaction) {
    if (transaction.exists() && transaction.health().state != HealthState::blank) {
        if (transaction.variables()) return *transaction.variables();
        return Failure(unusable_store(site, transaction.health()));
    }
    if (!transaction.pristine()) return transaction.without_template();
    auto store = read_store(transaction.pristine()->content);
    if (store) return store;
    return Failure(
        Error(Errc::invalid_state,
              "the variable store " + site.store.path.string() +
                  " is erased flash, as its template is: the firmware makes a store of it when it first runs")
            .with_object(site.store.path.string())
            .with_hint("start the guest once before variables are set"));
}

}  // namespace

Result<Changed> change(const Site& site, BackupReason reason, const Edit& edit) {
    auto transaction = Transaction::begin(site);
    if (!transaction) return Failure(transaction.error());
    auto store = editable(site, *transaction);
    if (!store) return Failure(store.error());
    if (auto ok = edit(*store); !ok) return Failure(ok.error());
    return transaction->finish(store->write(), reason);
}

Result<Changed> compact(const Site& site) {
    auto transaction = Transaction::begin(site);
    if (!transaction) return Failure(transaction.error());
    if (!transaction->exists() || transaction->health().state == HealthState::blank) {
        Changed nothing;
        nothing.health = transaction->health();
        return nothing;
    }
    if (!transaction->variables()) return Failure(unusable_store(site, transaction->health()));
    auto store = *transaction->variables();
    store.compact();
    return transaction->finish(store.write(), BackupReason::before_compact);
}

Result<Backup> back_up(const Site& site, BackupReason reason) {
    auto wanted = site;
    wanted.ring = std::max<std::size_t>(site.ring, 1);
    auto transaction = Transaction::begin(wanted);
    if (!transaction) return Failure(transaction.error());
    auto kept = transaction->back_up(reason);
    if (!kept) return Failure(kept.error());
    if (*kept) return std::move(**kept);
    return fail(Errc::not_found, "there is no variable store at ", site.store.path.string());
}

Result<Ring> history(const Site& site) {
    auto history = history_of(site);
    if (!history) return Failure(history.error());
    Ring ring;
    ring.backups = history->examined();
    std::ranges::reverse(ring.backups);
    ring.warnings = history->warnings();
    return ring;
}

Result<BackupContent> read_backup(const Site& site, std::string_view id) {
    auto history = history_of(site);
    if (!history) return Failure(history.error());
    auto content = history->read(id);
    if (!content) return Failure(content.error());
    BackupContent backup;
    backup.entry = *history->find(id);
    backup.content = std::move(*content);
    if (!backup.entry.whole_file)
        if (auto store = read_store(backup.content)) backup.variables = std::move(*store);
    return backup;
}

Result<Changed> restore(const Site& site, std::string_view id) {
    auto backup = read_backup(site, id);
    if (!backup) return Failure(backup.error());
    auto refuse = [&](Errc code, const std::string& why) {
        return Failure(Error(code, "backup " + backup->entry.id + " cannot be restored: " + why)
                           .with_object(site.store.path.string())
                           .with_hint("choose another backup, or export its variables and import them"));
    };
    if (backup->entry.whole_file)
        return refuse(Errc::invalid_state, "the variable store could not be read when it was taken");
    bool json = recognise_format(backup->content) == StoreFormat::json;
    if (json != (site.store.format == StoreFormat::json))
        return refuse(Errc::unsupported, json ? "it is of QEMU's uefi-vars device, but the guest has flash"
                                              : "it is of flash, but the guest has QEMU's uefi-vars device");
    auto transaction = Transaction::begin(site);
    if (!transaction) return Failure(transaction.error());
    auto health = judge_store(backup->content, site.store.format, transaction->pairing());
    if (!health.usable()) return refuse(Errc::invalid_state, health.sentence);
    return transaction->finish(backup->content, BackupReason::before_restore);
}

Result<std::size_t> prune(const Site& site, std::size_t keep) {
    auto history = history_of(site);
    return history ? history->prune(keep) : Failure(history.error());
}

Result<std::size_t> prune(const Site& site, const std::vector<std::string>& ids) {
    auto history = history_of(site);
    return history ? history->prune(ids) : Failure(history.error());
}

}  // namespace vireo::firmware
