// SPDX-License-Identifier: LGPL-2.1-or-later
// Reset, migration, what has to be confirmed, and what a crash leaves.
#include "firmware/nvram_transaction.hpp"
#include "firmware/store_content.hpp"

#include <algorithm>
#include <array>

namespace vireo::firmware {
namespace {

Failure nothing_to_reset(const Site& site) {
    return Failure(Error(Errc::invalid_argument, "nothing of the variable store " + site.store.path.string() +
                                                     " is to be reset: every class is kept")
                       .with_object(site.store.path.string())
                       .with_hint("name at least one class that is not kept"));
}

}  // namespace

Result<NewContent> reset_content(const Site& site, const Transaction& transaction, VariableClasses classes,
                                 VariableClasses keep) {
    if ((classes - keep).empty()) return nothing_to_reset(site);
    if (!transaction.pristine()) return transaction.without_template();
    auto& pristine = *transaction.pristine();
    bool everything = classes == VariableClasses::all() && (classes - keep) == classes;
    bool nothing_there = !transaction.exists() || transaction.health().state == HealthState::blank;
    if (everything || nothing_there) {
        auto file = pristine_file(site, pristine);
        return file ? Result<NewContent>(NewContent{pristine.content, std::move(*file)}) : Failure(file.error());
    }
    if (!transaction.variables())
        return Failure(Error(Errc::invalid_state, "the variable store " + site.store.path.string() +
                                                      " cannot be reset in part: " + transaction.health().sentence)
                           .with_object(site.store.path.string())
                           .with_hint("reset everything, or restore a backup"));
    auto fresh = read_store(pristine.content);
    if (!fresh && !pristine.image.blank) return Failure(fresh.error());
    auto& old = *transaction.variables();
    if (!fresh) {  // an erased template: a store without variables is what the firmware makes of it
        fresh = old;
        fresh->clear();
    }
    auto reset = reset_store(old, *fresh, classes, keep);
    if (!reset) return Failure(reset.error());
    return NewContent{reset->store.write(), std::nullopt};
}

Result<ResetPlan> plan_reset(const Site& site, VariableClasses classes, VariableClasses keep, bool has_tpm) {
    auto seen = view(site);
    if (!seen) return Failure(seen.error());
    auto transaction = Transaction::look(site, *seen);
    if (!transaction) return Failure(transaction.error());
    auto content = reset_content(site, *transaction, classes, keep);
    if (!content) return Failure(content.error());
    auto planned = transaction->plan(content->bytes);
    if (!planned) return Failure(planned.error());
    ResetPlan plan;
    plan.exists = seen->exists;
    plan.changes = std::move(planned->changes);
    plan.template_sha256 = std::move(planned->template_sha256);
    if (seen->exists)
        plan.confirmations =
            confirmations(seen->variables ? &*seen->variables : nullptr, classes - keep, plan.changes, has_tpm);
    return plan;
}

Result<Changed> reset(const Site& site, VariableClasses classes, VariableClasses keep) {
    auto transaction = Transaction::begin(site);
    if (!transaction) return Failure(transaction.error());
    auto content = reset_content(site, *transaction, classes, keep);
    if (!content) return Failure(content.error());
    return transaction->finish(content->bytes, BackupReason::before_reset, std::move(content->file));
}

Result<MemoryReset> reset_with_memory(const Site& site, const PendingReset& wanted) {
    if (auto ok = check_reachable(site.store); !ok) return Failure(ok.error());
    if ((wanted.classes - wanted.keep).empty()) return nothing_to_reset(site);
    if (auto pristine = site_template(site); !pristine)
        return Failure(pristine.error().wrap("the variable store cannot be reset, so nothing is restored"));
    auto before = read_pending(site.folder);
    if (!before) return Failure(before.error());
    auto pending = wanted;
    pending.origin = PendingReset::Origin::from_memory;
    if (auto ok = write_pending(site.folder, pending, site.store.steps); !ok) return Failure(ok.error());
    return MemoryReset{std::move(*before)};
}

Result<> undo_reset_with_memory(const Site& site, const MemoryReset& made) {
    if (made.before) return write_pending(site.folder, *made.before, site.store.steps);
    auto removed = remove_pending(site.folder, site.store.steps);
    return removed ? Result<>() : Failure(removed.error());
}

// ── what somebody has to agree to ──

namespace {

// Measured into PCR 14 by shim.
bool is_shim_list(const Variable& variable) {
    return variable.vendor == guids::shim;
}

bool is_boot_choice(const Variable& variable) {
    return classify(variable) == VariableClass::boot_entries;
}

}  // namespace

std::vector<std::string> confirmations(const VariableStore* before, VariableClasses begin_anew,
                                       const VariableChanges& changes, bool has_tpm) {
    bool keys = begin_anew.contains(VariableClass::secure_boot_keys), shim = false, boot = false;
    for (auto& change : changes) {
        auto& variable = change.variable();
        if (is_shim_list(variable))
            shim = true;
        else if (classify(variable) == VariableClass::secure_boot_keys)
            keys = true;
        else if (is_boot_choice(variable))
            boot = true;
    }
    std::vector<std::string> words;
    if (has_tpm && keys)
        words.emplace_back("tpm-pcr7");
    else if (has_tpm && shim)
        words.emplace_back("tpm-pcr14");
    if (has_tpm && !keys && boot) words.emplace_back("tpm-pcr1");
    bool enrolled = before && before->find(guids::global, "PK");
    if (enrolled && keys) words.emplace_back("secure-boot-keys");
    return words;
}

std::vector<std::string> unconfirmed(const std::vector<std::string>& wanted, const std::vector<std::string>& given) {
    auto has = [&](std::string_view word) { return std::ranges::find(given, word) != given.end(); };
    std::vector<std::string> missing;
    for (auto& word : wanted)
        if (!has(word) && !(word.starts_with("tpm-") && has("tpm-pcr7"))) missing.push_back(word);
    return missing;
}

// ── after a crash ──

Result<Recovered> recover_site(const Site& site, Started started) {
    bool staged = pending_is_staged(site.folder);
    // A reset that waits again comes before its store is back: see pending_reset.hpp.
    if (staged)
        if (auto ok = started == Started::yes ? commit_pending(site.folder, site.store.steps)
                                              : unstage_pending(site.folder, site.store.steps);
            !ok)
            return Failure(ok.error());
    auto recovered = recover_store(site.store, started);
    if (!recovered) return recovered;
    if (auto ok = recover_pending(site.folder, site.store.steps); !ok) return Failure(ok.error());
    auto history = History::open(site.history(), site.store.steps);
    auto tidied = history ? history->recover() : Failure(history.error());
    return tidied ? recovered : Failure(tidied.error());
}

}  // namespace vireo::firmware
