// SPDX-License-Identifier: LGPL-2.1-or-later
#include "domain/domains.hpp"

#include "domain/complete.hpp"
#include "domain/tpm.hpp"
#include "firmware/resolve.hpp"
#include "model/validate.hpp"
#include "qemu/native.hpp"
#include "support/clock.hpp"
#include "support/log.hpp"

#include <charconv>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

namespace vireo::domain {
namespace {

Error name_taken(const Domain& other) {
    return Error(Errc::already_exists,
                 fmt::format("the name {} is taken by the domain with UUID {}", other.name(), other.uuid()))
        .with_object(other.name())
        .with_hint("to change that domain, give its UUID in the definition; else choose another name");
}

// The revision: see Domain::note_revision().
std::uint64_t written_usec(const std::filesystem::path& document) {
    struct stat status{};
    if (::stat(document.c_str(), &status)) return 1;
    return static_cast<std::uint64_t>(status.st_mtim.tv_sec) * 1'000'000 +
           static_cast<std::uint64_t>(status.st_mtim.tv_nsec) / 1000;
}

}  // namespace

Domains::Domains(Environment& environment) : env_(environment) {
    env_.domains = this;
}
Domains::~Domains() = default;

std::shared_ptr<Domain> Domains::find_uuid(std::string_view uuid) const {
    auto found = by_uuid_.find(uuid);
    return found == by_uuid_.end() || !found->second->listed() ? nullptr : found->second;
}
std::shared_ptr<Domain> Domains::find_name(std::string_view name) const {
    auto found = by_name_.find(name);
    return found == by_name_.end() || !found->second->listed() ? nullptr : found->second;
}

std::shared_ptr<Domain> Domains::find(std::string_view key) const {
    if (auto uuid = model::Uuid::parse(key))
        if (auto domain = find_uuid(uuid->to_string())) return domain;
    if (auto domain = find_name(key)) return domain;
    int id = 0;
    auto [end, error] = std::from_chars(key.data(), key.data() + key.size(), id);
    if (error != std::errc() || end != key.data() + key.size()) return nullptr;
    for (auto& [name, domain] : by_name_)
        if (domain->listed() && domain->active() && domain->id() == id) return domain;
    return nullptr;
}

std::vector<std::shared_ptr<Domain>> Domains::all() const {
    std::vector<std::shared_ptr<Domain>> list;
    list.reserve(by_name_.size());
    for (auto& [name, domain] : by_name_)
        if (domain->listed()) list.push_back(domain);
    return list;
}

std::size_t Domains::active_count() const noexcept {
    std::size_t count = 0;
    for (auto& [uuid, domain] : by_uuid_) count += domain->active();
    return count;
}

// The object that a definition is about, made when there is none: not listed, but its name and UUID are taken.
std::shared_ptr<Domain> Domains::place(const model::Domain& definition, bool& fresh) {
    auto uuid = definition.uuid->to_string();
    auto same_name = by_name_.find(definition.name);
    if (auto found = by_uuid_.find(uuid); found != by_uuid_.end()) {
        auto& domain = found->second;
        if (domain->name() != definition.name)
            throw Error(Errc::already_exists, fmt::format("UUID {} belongs to the domain {}", uuid, domain->name()))
                .with_object(domain->name())
                .with_hint(fmt::format("to give it another name: vireo rename {} NEW-NAME", domain->name()));
        fresh = false;
        return domain;
    }
    if (same_name != by_name_.end()) throw name_taken(*same_name->second);
    auto domain = std::make_shared<Domain>(env_, uuid, definition.name);
    by_uuid_.emplace(uuid, domain);
    by_name_.emplace(definition.name, domain);
    fresh = true;
    return domain;
}

void Domains::drop(const std::shared_ptr<Domain>& domain) {
    auto keep = domain;
    by_uuid_.erase(keep->uuid());
    by_name_.erase(keep->name());
}

std::vector<model::Change> Domains::changes_to(const Domain& domain, const model::Domain& definition) {
    if (!domain.persistent_xml_) return {};
    model::ParseOptions options;
    options.lenient = true;
    const auto before = model::parse_domain_xml(*domain.persistent_xml_, options);
    return before ? model::compare(before->domain, definition) : std::vector<model::Change>();
}

Task<Defined> Domains::define(DefineRequest request) {
    auto& definition = request.definition;
    definition.id.reset();
    if (!definition.uuid) definition.uuid = model::Uuid::random();
    Defined defined;
    defined.uuid = definition.uuid->to_string();
    defined.name = definition.name;
    if (request.dry_run) {
        defined.domain = find_uuid(defined.uuid);
        defined.created = !defined.domain || !defined.domain->persistent();
        if (auto other = find_name(definition.name); other && other != defined.domain) throw name_taken(*other);
        auto earlier = defined.domain ? defined.domain->persistent_xml_ : nullptr;
        defined.xml = co_await complete(env_, definition, std::move(earlier));
        co_await check_files(definition);
        if (!defined.created) defined.changes = changes_to(*defined.domain, definition);
        co_return defined;
    }
    bool fresh = false;
    auto domain = place(definition, fresh);
    std::exception_ptr failure;
    try {
        auto guard = co_await domain->turn(request.if_revision);
        if (by_uuid_.find(defined.uuid) == by_uuid_.end())
            throw Error(Errc::busy, "domain " + definition.name + " was removed meanwhile");
        defined.created = !domain->persistent();
        auto xml = std::make_shared<const std::string>(co_await complete(env_, definition, domain->persistent_xml_));
        co_await check_files(definition);
        if (!defined.created) defined.changes = changes_to(*domain, definition);
        co_await env_.definitions.save(defined.uuid, *xml);
        domain->persistent_xml_ = std::move(xml);
        domain->note_definition(definition);
        domain->bump();
    } catch (...) {
        failure = std::current_exception();
    }
    if (failure) {
        if (!domain->listed() && !domain->queue_.locked()) drop(domain);
        throw current_error(failure).with_object(defined.name);
    }
    if (!std::exchange(domain->listed_, true)) env_.observer.added(*domain);
    domain->tell(Lifecycle::defined, defined.created ? "added" : "updated");
    env_.observer.changed(*domain);
    defined.domain = domain;
    defined.revision = domain->revision();
    co_return defined;
}

Task<NativeCommand> Domains::to_native(model::Domain definition) {
    definition.id.reset();
    if (!definition.uuid) definition.uuid = model::Uuid::random();
    NativeCommand result;
    result.xml = co_await complete(env_, definition);
    const auto capabilities = co_await env_.capabilities.get(definition.devices.emulator);
    auto native = take(qemu::to_native(std::move(definition), *capabilities));
    result.command = std::move(native.line.argv);
    result.environment = std::move(native.line.env);
    co_return result;
}

Task<std::shared_ptr<Domain>> Domains::create(model::Domain definition) {
    definition.id.reset();
    if (!definition.uuid) definition.uuid = model::Uuid::random();
    bool fresh = false;
    auto domain = place(definition, fresh);
    if (!fresh)
        throw Error(Errc::already_exists, "there is a domain " + domain->name() + " already")
            .with_object(domain->name())
            .with_hint("start it: vireo start " + domain->name());
    std::exception_ptr failure;
    try {
        auto guard = co_await domain->turn({});
        domain->transient_xml_ = std::make_shared<const std::string>(co_await complete(env_, definition));
        co_await check_files(definition);
        domain->note_definition(definition);
        domain->bump();
    } catch (...) {
        failure = std::current_exception();
    }
    if (failure) {
        drop(domain);
        throw current_error(failure).with_object(definition.name);
    }
    domain->listed_ = true;
    env_.observer.added(*domain);
    co_return domain;
}

// Two definitions that are being stored at once may both pass: the lock on the store finds them when both are started.
Task<> Domains::check_files(const model::Domain& definition) {
    auto mine = Claims::of(definition, env_.layout.data);
    std::vector<std::shared_ptr<const Claims>> others;
    others.reserve(by_uuid_.size());
    for (auto& [uuid, domain] : by_uuid_)
        if (domain->claims_) others.push_back(domain->claims_);
    auto work = [&](std::stop_token) { return check_claims(mine, others); };
    take(co_await env_.pool.call(std::move(work)));
}

void Domains::forget(const std::shared_ptr<Domain>& domain) {
    if (domain->persistent() || domain->active() || by_uuid_.find(domain->uuid()) == by_uuid_.end()) return;
    drop(domain);
    domain->listed_ = false;
    env_.observer.removed(*domain);
}

Task<> Domains::undefine(std::shared_ptr<Domain> domain, NvramDisposal nvram, std::optional<NvramDisposal> tpm,
                         std::optional<std::uint64_t> if_revision, std::string who) {
    auto guard = co_await domain->turn(if_revision);
    if (!domain->persistent())
        throw Error(Errc::invalid_state, "domain " + domain->name() + " is transient: it has no definition to remove")
            .with_object(domain->name());
    auto definition =
        take(model::parse_domain_xml(*domain->persistent_xml_, model::ParseOptions{.lenient = true})).domain;
    // Everything is decided before anything is touched; from then on a daemon that finds this half-done goes on with
    // it.
    const auto* emulated = firmware::emulated_tpm(definition);
    const bool lasting = emulated && emulated->backend.persistent_state == true;
    const auto tpm_disposal = tpm.value_or(lasting ? NvramDisposal::keep : nvram);
    co_await plan_nvram_disposal(env_, definition, nvram, domain->active());
    co_await plan_tpm_disposal(env_, domain->uuid(), tpm_disposal);
    co_await env_.definitions.remove(domain->uuid());
    domain->persistent_xml_.reset();
    domain->autostart_ = false;
    domain->bump();
    domain->tell(Lifecycle::undefined, "removed");
    if (domain->active()) {  // it goes on, and its variable store goes when it ends
        set_disposal(domain->running_->status, store_key, nvram);
        set_disposal(domain->running_->status, tpm_key, tpm_disposal);
        domain->set_state(domain->state(), domain->reason());
        co_return;
    }
    auto keep = domain;
    forget(domain);
    co_await dispose_of_tpm(env_, keep->uuid(), tpm_disposal);
    co_await dispose_of_nvram(env_, std::move(definition), nvram, *keep, who);
}

Task<> Domains::rename(std::shared_ptr<Domain> domain, std::string new_name, std::optional<std::uint64_t> if_revision) {
    if (auto valid = model::validate_name(new_name); !valid) throw valid.error().with_code(Errc::invalid_argument);
    auto guard = co_await domain->turn(if_revision);
    if (!domain->persistent())
        throw Error(Errc::invalid_state, "domain " + domain->name() + " is transient: it cannot be renamed")
            .with_object(domain->name());
    if (domain->active())
        throw Error(Errc::invalid_state, "domain " + domain->name() + " is running: it cannot be renamed")
            .with_object(domain->name())
            .with_hint("shut it down first");
    if (new_name == domain->name()) co_return;
    if (auto taken = by_name_.find(new_name); taken != by_name_.end()) throw name_taken(*taken->second);
    by_name_.emplace(new_name, domain);  // both names are ours until it is on disk
    auto definition =
        take(model::parse_domain_xml(*domain->persistent_xml_, model::ParseOptions{.lenient = true})).domain;
    definition.name = new_name;
    auto xml = std::make_shared<const std::string>(model::format_domain_xml(definition));
    std::exception_ptr failure;
    try {
        co_await env_.definitions.save(domain->uuid(), *xml);
    } catch (...) {
        failure = std::current_exception();
    }
    if (failure) {
        by_name_.erase(new_name);
        std::rethrow_exception(failure);
    }
    auto old_name = std::exchange(domain->name_, std::move(new_name));
    by_name_.erase(old_name);
    domain->persistent_xml_ = std::move(xml);
    domain->note_definition(definition);
    domain->bump();
    env_.observer.renamed(*domain, old_name);
    domain->tell(Lifecycle::defined, "renamed");
    env_.observer.changed(*domain);
}

void Domains::load_definitions() {
    auto loaded = take(env_.definitions.load_all());
    for (auto& problem : loaded.problems)
        log::error("{} is left alone: {}", problem.file.string(), problem.error.what());
    for (auto& entry : loaded.definitions) {
        auto document = env_.definitions.folder() / (entry.uuid + ".xml");
        auto parsed = model::parse_domain_xml(entry.xml, model::ParseOptions{.lenient = true});
        if (!parsed || !parsed->domain.uuid || parsed->domain.uuid->to_string() != entry.uuid) {
            log::error("{} is left alone: {}", document.string(),
                       parsed ? "its UUID is not the one in its name" : parsed.error().what());
            continue;
        }
        auto& definition = parsed->domain;
        if (auto taken = by_name_.find(definition.name); taken != by_name_.end()) {
            log::error("{} is left alone: its name {} is taken by {}", document.string(), definition.name,
                       taken->second->uuid());
            continue;
        }
        auto domain = std::make_shared<Domain>(env_, entry.uuid, definition.name);
        domain->note_definition(definition);
        domain->persistent_xml_ = std::make_shared<const std::string>(model::format_domain_xml(definition));
        domain->autostart_ = entry.autostart;
        domain->revision_ = written_usec(document);
        domain->listed_ = true;
        if (auto site = firmware::site_of(definition, env_.layout.data)) stores_.push_back(std::move(*site));
        by_uuid_.emplace(entry.uuid, domain);
        by_name_.emplace(definition.name, std::move(domain));
    }
}

// After a power cut no status document tells of a start that was cut off, but its variable store does. What runs was
// finished when it was taken over; of the rest the start never succeeded. Changes that were cut off are put right too.
Task<> Domains::finish_stores() {
    std::vector<firmware::Site> sites;
    for (auto& site : std::exchange(stores_, {})) {
        auto domain = find_uuid(site.folder.filename().string());
        if (domain && !domain->active()) sites.push_back(std::move(site));
    }
    auto work = [&sites, trash = env_.layout.data / "trash"](std::stop_token) {
        for (auto& site : sites)
            if (auto done = firmware::recover_site(site, firmware::Started::no); !done)
                log::error("cannot recover {}: {}", site.store.path.string(), done.error().what());
        return firmware::notes(trash);
    };
    for (auto& request : co_await env_.pool.call(std::move(work))) co_await finish_undefine(std::move(request));
    co_await finish_tpms();
}

// The same for TPMs.
Task<> Domains::finish_tpms() {
    auto look = [tpms = env_.layout.tpm](std::stop_token) { return firmware::tpm_notes(tpms); };
    for (auto& note : co_await env_.pool.call(std::move(look))) {
        auto domain = find_uuid(note.guest);
        if (domain && !domain->persistent()) continue;  // it runs, and the state goes when it stops
        auto work = [&note, undefined = !domain, tpms = env_.layout.tpm, trash = env_.layout.data / "trash",
                     now = static_cast<std::int64_t>(now_usec())](std::stop_token) -> Result<> {
            if (!undefined) return firmware::note_tpm_disposal(tpms, note.guest, firmware::Disposal::keep);
            auto done = firmware::dispose_of_tpm(tpms, trash, note.guest, note.how, now);
            return done ? Result<>() : Failure(done.error());
        };
        if (auto done = co_await env_.pool.call(std::move(work)); !done)
            log::error("the TPM's state of domain {}, which was undefined: {}", note.guest, done.error().what());
    }
}

// An undefine that was cut off: with its definition still there it never happened.
Task<> Domains::finish_undefine(firmware::DisposalRequest request) {
    auto domain = find_uuid(request.guest.to_string());
    if (domain && !domain->persistent()) co_return;  // it runs, and its store goes when it stops
    request.time_usec = static_cast<std::int64_t>(now_usec());
    request.folder = env_.layout.nvram / request.guest.to_string();
    auto work = [&request, undefined = !domain](std::stop_token) -> Result<> {
        if (undefined)
            if (auto done = firmware::dispose(request); !done) return Failure(done.error());
        return firmware::remove_note(request);
    };
    auto done = co_await env_.pool.call(std::move(work));
    auto& path = request.store.path;
    if (!done)
        log::error("the variable store {} of a domain that was undefined: {}", path.string(), done.error().what());
    else if (!domain)
        log::info("the variable store {} of a domain that was undefined is put away", path.string());
}

Task<> Domains::start_marked(std::function<Task<>(std::shared_ptr<Domain>)> start) {
    for (auto& domain : all()) {
        if (!domain->autostart() || domain->active()) continue;
        try {
            co_await start(domain);
        } catch (const Error& error) {
            log::error("domain {} is marked autostart, but: {}", domain->name(), error.what());
        }
    }
}

Task<> Domains::close() {
    env_.background.cancel();
    co_await env_.background.join();
    for (auto& [uuid, domain] : by_uuid_)
        if (domain->running_)
            for (auto& port : domain->running_->ports)
                if (port.console) port.console->close();
}

}  // namespace vireo::domain
