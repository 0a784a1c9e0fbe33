// SPDX-License-Identifier: LGPL-2.1-or-later
// Reset, now or at the next cold start; moving a store to another form; taking one back from the trash; telling.
#include "domain/complete.hpp"
#include "domain/nvram.hpp"
#include "domain/nvram_work.hpp"
#include "firmware/resolve.hpp"
#include "firmware/trash.hpp"
#include "model/domain_xml.hpp"
#include "support/clock.hpp"
#include "support/log.hpp"

#include <fmt/format.h>

namespace vireo::domain {
using firmware::Changed;
namespace fs = std::filesystem;
namespace {

firmware::PendingReset pending_of(const ResetWish& wish, const std::string& who, std::int64_t time_usec) {
    firmware::PendingReset pending;
    pending.classes = wish.classes;
    pending.keep = wish.keep;
    pending.who = who;
    pending.time_usec = time_usec;
    pending.confirmed = wish.terms.confirm;
    return pending;
}

// Refuses what was not accepted. Also looks at the template, so that what cannot be done is refused now.
Result<> plan(const firmware::Site& site, const ResetWish& wish, bool tpm) {
    auto plan = firmware::plan_reset(site, wish.classes, wish.keep, tpm);
    if (!plan) return Failure(plan.error());
    return require(plan->confirmations, wish.terms.confirm);
}

Result<> check_content(const firmware::Site& site, const ResetWish& wish) {
    if (!wish.terms.if_sha256) return {};
    auto view = firmware::view(site);
    if (!view) return Failure(view.error());
    if (view->sha256 == *wish.terms.if_sha256) return {};
    return fail(Errc::conflict, "the variable store has another content now, with SHA-256 ", view->sha256);
}

}  // namespace

Task<std::optional<Changed>> Nvram::reset(ResetWish wish) {
    auto guard = co_await domain_->turn({});
    if (!domain_->listed())
        throw Error(Errc::not_found, "domain " + domain_->name() + " was removed meanwhile")
            .with_object(domain_->name());
    auto here = place();
    if (domain_->active()) {
        auto pending = pending_of(wish, who_, here.site.time_usec);
        auto work = [&]() -> Result<> {
            if (auto ok = check_content(here.site, wish); !ok) return ok;
            if (auto ok = plan(here.site, wish, here.tpm); !ok) return ok;
            return firmware::write_pending(here.site.folder, pending);
        };
        co_await blocking(std::move(work));
        note_pending(pending);
        tell(StoreEvent(StoreEvent::What::reset_pending, who_));
        co_return std::nullopt;
    }
    auto work = [&]() -> Result<Changed> {
        if (auto ok = check_content(here.site, wish); !ok) return Failure(ok.error());
        if (auto ok = plan(here.site, wish, here.tpm); !ok) return Failure(ok.error());
        return firmware::reset(here.site, wish.classes, wish.keep);
    };
    auto changed = co_await blocking(std::move(work));
    tell(StoreEvent::What::reset, changed);
    co_return changed;
}

Task<bool> Nvram::cancel_reset() {
    auto guard = co_await domain_->turn({});
    auto here = place();
    auto work = [&here] { return firmware::remove_pending(here.site.folder); };
    bool there = co_await blocking(std::move(work));
    note_pending({});
    if (there) tell(StoreEvent(StoreEvent::What::reset_cancelled, who_));
    co_return there;
}

Task<> Nvram::require_confirmed(const model::Domain& definition, const ResetWish& wish) {
    auto here = place_of(definition);
    auto work = [&]() -> Result<> {
        if (auto ok = check_content(here.site, wish); !ok) return ok;
        return plan(here.site, wish, here.tpm);
    };
    co_await blocking(std::move(work));
}

Task<firmware::MemoryReset> Nvram::reset_with_memory(const model::Domain& definition, const ResetWish& wish) {
    auto here = place_of(definition);
    auto pending = pending_of(wish, who_, here.site.time_usec);
    pending.origin = firmware::PendingReset::Origin::from_memory;
    auto work = [&]() -> Result<firmware::MemoryReset> {
        if (auto ok = plan(here.site, wish, here.tpm); !ok) return Failure(ok.error());
        return firmware::reset_with_memory(here.site, pending);
    };
    auto made = co_await blocking(std::move(work));
    note_pending(pending);
    tell(StoreEvent(StoreEvent::What::reset_pending, who_));
    co_return made;
}

Task<> Nvram::undo_reset_with_memory(const model::Domain& definition, firmware::MemoryReset made) {
    auto here = place_of(definition);
    auto work = [&] { return firmware::undo_reset_with_memory(here.site, made); };
    co_await blocking(std::move(work));
    note_pending(made.before);
    tell(StoreEvent(StoreEvent::What::reset_cancelled, who_));
}

// ── migration ──

namespace {

// What the definition is to say after it.
model::Domain target_of(model::Domain definition, const MigrationWish& wish, const fs::path& data) {
    auto& nvram = *definition.os.nvram;
    auto before = firmware::store_of(definition, data);
    if (!wish.code.empty()) definition.os.loader->path = wish.code;
    if (!wish.template_path.empty()) {
        nvram.template_path = wish.template_path;
        nvram.template_format = firmware::flash_format(wish.template_format.value_or(firmware::StoreFormat::raw));
    }
    if (!wish.format || !before || *wish.format == before->format) return definition;
    if (!nvram.template_format) nvram.template_format = model::FirmwareFormat::raw;  // what its absence means
    nvram.format = firmware::flash_format(*wish.format);
    if (before->own)
        nvram.path = firmware::default_store(data, *definition.uuid, *wish.format);
    else
        nvram.path = before->path.parent_path() /
                     (before->path.stem().string() + (*wish.format == firmware::StoreFormat::qcow2 ? ".qcow2" : ".fd"));
    return definition;
}

// A definition that names a place where no store is yet, while one of the guest's lies where another form would be.
void find_old_store(firmware::Site& from, const model::Uuid& uuid, const fs::path& data) {
    std::error_code ignored;
    if (!from.store.own || fs::exists(from.store.path, ignored)) return;
    for (auto format : {firmware::StoreFormat::raw, firmware::StoreFormat::qcow2, firmware::StoreFormat::json}) {
        auto other = firmware::default_store(data, uuid, format);
        if (other == from.store.path || !fs::exists(other, ignored)) continue;
        from.store.path = other;
        from.store.format = format;
        return;
    }
}

}  // namespace

Task<firmware::Migrated> Nvram::import_store(std::filesystem::path file) {
    if (!file.is_absolute())
        throw Error(Errc::invalid_argument, "the store's path '" + file.string() + "' must be absolute");
    auto guard = co_await turn("import a store into");
    auto here = place();
    auto there = here.site;
    there.store.path = std::move(file);
    there.store.own = false;
    auto work = [&] { return firmware::migrate(there, here.site); };
    auto imported = co_await blocking(std::move(work));
    tell(StoreEvent::What::migrated, imported.change);
    co_return imported;
}

Task<MigrationResult> Nvram::migrate(MigrationWish wish) {
    if (wish.format == firmware::StoreFormat::json)
        throw Error(Errc::unsupported, "a guest with flash cannot use a JSON store")
            .with_hint("QEMU's uefi-vars device needs another definition: <varstore>");
    auto guard = co_await turn("migrate");
    auto here = place();
    auto& env = domain_->env_;
    auto wanted = target_of(here.definition, wish, env.layout.data);
    auto there = place_of(wanted);
    bool new_definition = model::format_domain_xml(wanted) != model::format_domain_xml(here.definition);
    if (new_definition && !domain_->persistent())
        throw Error(Errc::invalid_state, "a transient domain's definition cannot be changed")
            .with_object(domain_->name());
    find_old_store(here.site, *here.definition.uuid, env.layout.data);
    // What cannot be stored, or used, is refused before anything is made.
    if (new_definition) co_await complete(env, wanted, domain_->persistent_xml_);
    there = place_of(wanted);
    auto work = [&]() -> Result<firmware::Migrated> {
        auto planned = firmware::plan_migration(here.site, there.site);
        if (!planned || wish.dry_run) return planned;
        auto before = firmware::view(here.site);
        auto* old = before && before->variables ? &*before->variables : nullptr;
        if (auto ok = require(firmware::confirmations(old, {}, planned->change.changes, here.tpm), wish.confirm); !ok)
            return Failure(ok.error());
        return firmware::migrate(here.site, there.site);
    };
    MigrationResult result;
    result.path = there.site.store.path;
    result.format = there.site.store.format;
    result.migrated = co_await blocking(std::move(work));
    if (wish.dry_run) co_return result;
    // The new store is whole; only now the definition names it, and only then the old one goes.
    bool moved = here.site.store.path != there.site.store.path;
    std::exception_ptr failure;
    try {
        if (new_definition) co_await domain_->store_definition(wanted);
    } catch (...) {
        failure = std::current_exception();
    }
    if (failure) {
        auto back = [&there, moved] { return moved ? firmware::retire(there.site) : Result<>(); };
        co_await blocking(std::move(back));
        std::rethrow_exception(failure);
    }
    if (moved) {
        auto retire = [&here] { return firmware::retire(here.site); };
        co_await blocking(std::move(retire));
    }
    tell(StoreEvent::What::migrated, result.migrated.change);
    co_return result;
}

// ── the trash ──

Task<Changed> Nvram::take_back(std::string trash_id, StoreTerms terms) {
    auto guard = co_await turn("replace");
    auto here = place();
    auto trash = domain_->env_.layout.data / "trash";
    auto work = [&]() -> Result<Changed> {
        auto found = firmware::find_trashed(trash, trash_id);
        if (!found) return Failure(found.error());
        if (terms.if_sha256) {
            auto now = firmware::view(here.site);
            if (!now) return Failure(now.error());
            if (now->sha256 != *terms.if_sha256)
                return fail(Errc::conflict, "the variable store has another content now, with SHA-256 ", now->sha256);
        }
        firmware::Site old = here.site;
        old.store.path = found->file;
        old.store.format = found->format;
        old.store.kind = firmware::StoreKind::file;
        old.store.own = true;
        auto content = firmware::view(old);
        if (!content) return Failure(content.error());
        if (!content->variables)
            return fail(Errc::invalid_state, "what is in the trash cannot be used: ", content->health.sentence);
        firmware::take_history_along(*found, here.site.folder);
        auto edit = [&content](firmware::VariableStore& store) -> Result<> {
            store = *content->variables;
            return {};
        };
        auto changed =
            firmware::change(here.site, firmware::BackupReason::before_restore, guarded(edit, terms.confirm, here.tpm));
        if (changed) (void)firmware::remove_trashed(trash, trash_id);
        return changed;
    };
    auto changed = co_await blocking(std::move(work));
    tell(StoreEvent::What::restored, changed);
    co_return changed;
}

// ── telling ──

void Nvram::note_health(firmware::HealthState health, bool exists) {
    auto& facts = domain_->store_;
    auto before = facts.health;
    facts.health = exists ? std::optional(health) : std::nullopt;
    facts.seen_usec = now_usec();
    if (before != facts.health) domain_->env_.observer.changed(*domain_);
    bool usable = health == firmware::HealthState::valid || health == firmware::HealthState::blank ||
                  health == firmware::HealthState::clogged;
    if (!exists || usable || before == facts.health) return;
    StoreEvent event(StoreEvent::What::unhealthy, "");
    event.health = health;
    tell(std::move(event));
}

void Nvram::note_pending(std::optional<firmware::PendingReset> pending) {
    domain_->store_.pending = std::move(pending);
    domain_->env_.observer.changed(*domain_);
}

void Nvram::tell(StoreEvent event) {
    domain_->tell(event);
}

void Nvram::tell(StoreEvent::What what, const Changed& changed) {
    note_health(changed.health.state, true);
    if (changed.created) {
        StoreEvent made(StoreEvent::What::created, who_);
        made.template_sha256 = changed.template_sha256;
        tell(std::move(made));
    }
    if (!changed.changed) return;
    StoreEvent event(what, who_);
    event.template_sha256 = changed.template_sha256;
    event.sha256 = changed.sha256;
    if (changed.backup) event.backup = changed.backup->id;
    tell(std::move(event));
}

}  // namespace vireo::domain
