// SPDX-License-Identifier: LGPL-2.1-or-later
#include "domain/nvram.hpp"

#include "domain/nvram_work.hpp"
#include "model/domain_xml.hpp"
#include "support/clock.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace vireo::domain {
using firmware::Changed;
using firmware::VariableStore;
namespace {

Error not_readable(const firmware::Site& site, const firmware::View& view) {
    auto advice = firmware::Checked{view.health, firmware::advice(site, view.health)};
    return Error(Errc::invalid_state, "the variables cannot be read: " + view.health.sentence)
        .with_object(site.store.path.string())
        .with_hint(advice.hint());
}

Result<> check_sha256(const firmware::Site& site, const StoreTerms& terms) {
    if (!terms.if_sha256) return {};
    auto view = firmware::view(site);
    if (!view) return Failure(view.error());
    if (view->sha256 == *terms.if_sha256) return {};
    return Failure(Error(Errc::conflict, fmt::format("the variable store has another content now, with SHA-256 {}",
                                                     view->sha256.empty() ? "(none: there is no store)" : view->sha256))
                       .with_object(site.store.path.string()));
}

}  // namespace

Result<> require(std::vector<std::string> wanted, const std::vector<std::string>& given) {
    auto missing = firmware::unconfirmed(wanted, given);
    if (missing.empty()) return {};
    std::string options;
    for (auto& word : missing) options += (options.empty() ? "" : ",") + word;
    return Failure(
        Error(Errc::needs_confirmation,
              fmt::format("this changes what other things depend on, and was not accepted: {}", explain(missing)))
            .with_hint("when that is meant: --confirm " + options)
            .with_needs(std::move(missing)));
}

std::string explain(const std::vector<std::string>& words) {
    std::string text;
    for (auto& word : words) {
        if (!text.empty()) text += "; ";
        text += word;
        if (word.starts_with("tpm-"))
            text += " (the domain has a TPM: disks whose keys are sealed to it will ask for their recovery key)";
        if (word == "secure-boot-keys") text += " (keys of Secure Boot are enrolled, and go)";
    }
    return text;
}

firmware::Edit guarded(firmware::Edit edit, std::vector<std::string> confirm, bool tpm) {
    return [edit = std::move(edit), confirm = std::move(confirm), tpm](VariableStore& store) -> Result<> {
        auto before = store;
        if (auto ok = edit(store); !ok) return ok;
        return require(firmware::confirmations(&before, {}, firmware::diff(before, store), tpm), confirm);
    };
}

bool has_tpm(const model::Domain& definition) {
    return !definition.devices.tpms.empty();
}

StoreFacts StoreFacts::of(const model::Domain& definition, const std::filesystem::path& data, StoreFacts before) {
    StoreFacts facts;
    auto site = firmware::site_of(definition, data);
    if (!site) return facts;
    facts.path = site->store.path.string();
    if (facts.path == before.path) {
        facts.health = before.health;
        facts.seen_usec = before.seen_usec;
    }
    if (auto pending = firmware::read_pending(site->folder)) facts.pending = std::move(*pending);
    return facts;
}

// ── the domain's part ──

model::Domain Nvram::definition() const {
    auto text = take(domain_->xml());
    return take(model::parse_domain_xml(*text, model::ParseOptions{.lenient = true})).domain;
}

Nvram::Place Nvram::place() const {
    return place_of(definition());
}

Nvram::Place Nvram::place_of(model::Domain definition) const {
    Place place;
    auto site = firmware::site_of(definition, domain_->env_.layout.data);
    if (!site)
        throw Error(Errc::not_applicable, fmt::format("domain {} has no variable store: {}", domain_->name(),
                                                      firmware::why_no_store(definition)))
            .with_object(domain_->name());
    place.site = std::move(*site);
    place.site.who = who_;
    place.site.time_usec = static_cast<std::int64_t>(now_usec());
    place.tpm = has_tpm(definition);
    place.definition = std::move(definition);
    return place;
}

Task<AsyncMutex::Guard> Nvram::turn(const char* what) {
    auto guard = co_await domain_->turn({});
    if (!domain_->listed())
        throw Error(Errc::not_found, "domain " + domain_->name() + " was removed meanwhile")
            .with_object(domain_->name());
    if (domain_->active())
        throw Error(Errc::invalid_state,
                    fmt::format("cannot {} the variable store of domain {} while it runs: its firmware has the store "
                                "open",
                                what, domain_->name()))
            .with_object(domain_->name())
            .with_hint("shut it down first; a reset can be asked for now, and is done at its next cold start");
    co_return guard;
}

// ── looking ──

Task<Nvram::Looked> Nvram::look() {
    auto here = place();
    Looked looked;
    looked.seen_usec = now_usec();
    looked.live = domain_->active();
    looked.tpm = here.tpm;
    auto work = [&here] { return firmware::view(here.site); };
    looked.view = co_await blocking(std::move(work));
    looked.site = std::move(here.site);
    note_health(looked.view.health.state, looked.view.exists);
    co_return looked;
}

Task<firmware::Checked> Nvram::check() {
    auto here = place();
    bool exists = false;
    auto work = [&here, &exists] {
        std::error_code ignored;
        exists = std::filesystem::exists(here.site.store.path, ignored);
        return firmware::check(here.site);
    };
    auto checked = co_await blocking(std::move(work));
    note_health(checked.health.state, exists);
    co_return checked;
}

Task<firmware::Ring> Nvram::history() {
    auto here = place();
    auto work = [&here] { return firmware::history(here.site); };
    co_return co_await blocking(std::move(work));
}

Task<VariableStore> Nvram::backup_variables(std::string id) {
    auto here = place();
    auto work = [&here, &id]() -> Result<VariableStore> {
        auto content = firmware::read_backup(here.site, id);
        if (!content) return Failure(content.error());
        if (content->variables) return std::move(*content->variables);
        return fail(Errc::invalid_state, "the variables of backup ", id, " cannot be read");
    };
    co_return co_await blocking(std::move(work));
}

Task<VariableStore> Nvram::template_variables() {
    auto here = place();
    auto work = [&here] { return firmware::template_variables(here.site); };
    co_return co_await blocking(std::move(work));
}

Task<firmware::ResetPlan> Nvram::plan_reset(ResetWish wish) {
    auto here = place();
    auto work = [&here, &wish] { return firmware::plan_reset(here.site, wish.classes, wish.keep, here.tpm); };
    co_return co_await blocking(std::move(work));
}

Task<Changed> Nvram::preview(firmware::Edit edit) {
    auto here = place();
    auto work = [&here, &edit]() -> Result<Changed> {
        auto view = firmware::view(here.site);
        if (!view) return Failure(view.error());
        if (view->exists && !view->variables && view->health.state != firmware::HealthState::blank)
            return Failure(not_readable(here.site, *view));
        auto before =
            view->variables ? Result<VariableStore>(*view->variables) : firmware::template_variables(here.site);
        if (!before) return Failure(before.error());
        auto after = *before;
        if (auto ok = edit(after); !ok) return Failure(ok.error());
        Changed changed;
        changed.changes = firmware::diff(*before, after);
        changed.changed = !changed.changes.empty();
        return changed;
    };
    co_return co_await blocking(std::move(work));
}

// ── changing ──

Task<Changed> Nvram::change(firmware::Edit edit, StoreTerms terms) {
    auto guard = co_await turn("change");
    auto here = place();
    auto safe = guarded(std::move(edit), terms.confirm, here.tpm);
    auto work = [&]() -> Result<Changed> {
        if (auto ok = check_sha256(here.site, terms); !ok) return Failure(ok.error());
        return firmware::change(here.site, firmware::BackupReason::before_change, safe);
    };
    auto changed = co_await blocking(std::move(work));
    tell(StoreEvent::What::changed, changed);
    co_return changed;
}

Task<Changed> Nvram::compact(StoreTerms terms) {
    auto guard = co_await turn("compact");
    auto here = place();
    auto work = [&]() -> Result<Changed> {
        if (auto ok = check_sha256(here.site, terms); !ok) return Failure(ok.error());
        return firmware::compact(here.site);
    };
    auto changed = co_await blocking(std::move(work));
    tell(StoreEvent::What::compacted, changed);
    co_return changed;
}

Task<firmware::Backup> Nvram::back_up() {
    auto guard = co_await domain_->turn({});
    auto here = place();
    auto work = [&here] { return firmware::back_up(here.site); };
    auto backup = co_await blocking(std::move(work));
    StoreEvent event(StoreEvent::What::backed_up, who_);
    event.backup = backup.id;
    event.sha256 = backup.sha256;
    tell(std::move(event));
    co_return backup;
}

Task<Changed> Nvram::restore(std::string id, StoreTerms terms) {
    auto guard = co_await turn("restore");
    auto here = place();
    auto work = [&]() -> Result<Changed> {
        if (auto ok = check_sha256(here.site, terms); !ok) return Failure(ok.error());
        auto content = firmware::read_backup(here.site, id);
        if (!content) return Failure(content.error());
        auto view = firmware::view(here.site);
        if (!view) return Failure(view.error());
        firmware::VariableChanges changes;
        if (view->variables && content->variables) changes = firmware::diff(*view->variables, *content->variables);
        auto* before = view->variables ? &*view->variables : nullptr;
        // What cannot be compared begins anew, as far as anybody can tell.
        auto anew = before || !view->exists ? firmware::VariableClasses() : firmware::VariableClasses::all();
        if (auto ok = require(firmware::confirmations(before, anew, changes, here.tpm), terms.confirm); !ok)
            return Failure(ok.error());
        return firmware::restore(here.site, id);
    };
    auto changed = co_await blocking(std::move(work));
    tell(StoreEvent::What::restored, changed);
    co_return changed;
}

Task<std::size_t> Nvram::prune(std::optional<std::size_t> keep, std::vector<std::string> ids) {
    auto guard = co_await domain_->turn({});
    auto here = place();
    auto work = [&here, &keep, &ids] {
        return keep ? firmware::prune(here.site, *keep) : firmware::prune(here.site, ids);
    };
    co_return co_await blocking(std::move(work));
}

}  // namespace vireo::domain
