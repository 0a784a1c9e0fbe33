// SPDX-License-Identifier: LGPL-2.1-or-later
// The firmware that a definition records: what a start makes of it when its files have changed, and what a person may
// decide about it.
#include "domain/domains.hpp"
#include "domain/start.hpp"
#include "firmware/resolve.hpp"
#include "model/domain_xml.hpp"
#include "support/log.hpp"

#include <sys/stat.h>

namespace vireo::domain {
namespace {

FirmwareChange change_of(std::string_view how, std::string who, const model::FirmwareIdentity& before,
                         const model::FirmwareIdentity& after) {
    FirmwareChange change;
    change.how = how;
    change.who = std::move(who);
    change.old_code = before.code->file;
    change.new_code = after.code->file;
    change.old_hash = before.code->sha256;
    change.new_hash = after.code->sha256;
    if (before.store_template) change.old_template_hash = before.store_template->sha256;
    if (after.store_template) change.new_template_hash = after.store_template->sha256;
    return change;
}

model::FirmwareIdentity recorded_in(const model::Domain& definition) {
    return take(model::firmware_identity_of(definition)).value_or(model::FirmwareIdentity());
}

bool store_is_there(const model::Domain& definition, const std::filesystem::path& data) {
    auto store = firmware::store_of(definition, data);
    struct stat status{};
    return store && (store->kind == firmware::StoreKind::network || ::stat(store->path.c_str(), &status) == 0);
}

}  // namespace

// ── a start ──

// One stat when nothing has changed. Else the files are read, and the guest's policy decides.
Task<> Start::settle_firmware() {
    firmware::DecideOptions options;
    options.data = env_.layout.data;
    options.accepted = request_.accept_firmware;
    bool reset = request_.reset_nvram || domain_.store().pending;
    auto hashes = env_.hashes;
    auto look = [this, reset, &options, &hashes](std::stop_token) {
        options.with_template = reset || !store_is_there(live_, options.data);
        return firmware::surely_as_recorded(live_, options.with_template, hashes);
    };
    if (co_await env_.pool.call(std::move(look))) co_return;
    auto catalog = co_await env_.firmwares.get();
    auto work = [this, &options, &hashes, catalog](std::stop_token) {
        return firmware::decide(live_, *catalog, options, hashes);
    };
    auto decided = co_await env_.pool.call(std::move(work));
    env_.hashes = std::move(hashes);
    decision_ = take(std::move(decided));
    if (!decision_.update) co_return;
    firmware::adopt(live_, *decision_.update);
    write_live_definition();
}

// The start has succeeded: the definition names what the guest booted with, and a pinned guest keeps a copy of it. The
// guest runs whatever becomes of this.
Task<> Start::record_firmware() {
    auto& text = domain_.persistent_xml_ ? domain_.persistent_xml_ : domain_.transient_xml_;
    auto definition = take(model::parse_domain_xml(*text, model::ParseOptions{.lenient = true})).domain;
    if (decision_.update) {
        auto before = recorded_in(definition);
        firmware::adopt(definition, *decision_.update);
        std::exception_ptr failure;
        try {
            co_await domain_.store_definition(definition);
        } catch (...) {
            failure = std::current_exception();
        }
        if (failure)
            log::error("domain {} runs with updated firmware, which cannot be recorded: {}", domain_.name(),
                       current_error(failure).what());
        env_.observer.firmware_changed(domain_, change_of(request_.accept_firmware ? "accepted" : "followed",
                                                          request_.who, before, decision_.update->identity));
    }
    if (recorded_in(definition).policy != model::FirmwarePolicy::pin) co_return;
    auto keep = [](std::shared_ptr<Domain> domain, model::Domain kept) -> Task<> {
        auto work = [data = domain->env_.layout.data, &kept](std::stop_token) {
            return firmware::keep_copies(data, kept);
        };
        auto done = co_await domain->env_.pool.call(std::move(work));
        if (!done) log::warning("domain {}: {}", domain->name(), done.error().what());
    };
    env_.background.spawn(keep(domain_.shared_from_this(), std::move(definition)));
}

// ── what a person decides ──

Task<> Domain::store_definition(model::Domain definition) {
    auto xml = std::make_shared<const std::string>(model::format_domain_xml(definition));
    if (persistent_xml_) {
        co_await env_.definitions.save(uuid_, *xml);
        persistent_xml_ = std::move(xml);
    } else {
        transient_xml_ = std::move(xml);
    }
    note_definition(definition);
    bump();
    env_.observer.changed(*this);
}

Task<std::optional<firmware::Standing>> Domain::firmware_standing() {
    auto text = persistent_xml_ ? persistent_xml_ : transient_xml_;
    if (!text && running_) text = running_->live_xml;
    if (!text) co_return std::nullopt;
    auto catalog = co_await env_.firmwares.get();
    auto hashes = env_.hashes;
    using Found = Result<std::optional<firmware::Standing>>;
    auto work = [text, catalog, &hashes, data = env_.layout.data](std::stop_token) -> Found {
        auto parsed = model::parse_domain_xml(*text, model::ParseOptions{.lenient = true});
        if (!parsed) return Failure(parsed.error());
        return firmware::standing_of(parsed->domain, data, *catalog, hashes);
    };
    auto found = co_await env_.pool.call(std::move(work));
    env_.hashes = std::move(hashes);
    co_return take(std::move(found));
}

Task<bool> Domain::accept_firmware(std::optional<std::uint64_t> if_revision, std::string who) {
    auto guard = co_await turn(if_revision);
    auto text = take(xml(Kind::persistent));
    auto standing = co_await firmware_standing();
    if (!standing) throw Error(Errc::not_applicable, "domain " + name_ + " records no firmware").with_object(name_);
    if (standing->same()) co_return false;
    if (!standing->update)
        throw Error(Errc::invalid_state, "the firmware " + standing->recorded.code->file + " of domain " + name_ +
                                             " is gone, and no installed descriptor says what took its place")
            .with_object(name_)
            .with_hint("install its package again, or name another loader in the definition");
    auto definition = take(model::parse_domain_xml(*text, model::ParseOptions{.lenient = true})).domain;
    firmware::adopt(definition, *standing->update);
    co_await store_definition(std::move(definition));
    env_.observer.firmware_changed(
        *this, change_of("accepted", std::move(who), standing->recorded, standing->update->identity));
    co_return true;
}

Task<> Domain::set_firmware_policy(model::FirmwarePolicy policy, std::optional<std::uint64_t> if_revision) {
    auto guard = co_await turn(if_revision);
    auto text = take(xml(Kind::persistent));
    auto definition = take(model::parse_domain_xml(*text, model::ParseOptions{.lenient = true})).domain;
    auto identity = recorded_in(definition);
    if (!identity.recorded())
        throw Error(Errc::not_applicable, "domain " + name_ + " records no firmware: a policy would mean nothing")
            .with_object(name_);
    bool flash = definition.os.loader->type == model::Loader::Type::pflash;
    if (policy == model::FirmwarePolicy::pin && !flash)
        throw Error(Errc::unsupported, "the firmware of domain " + name_ + " is a ROM, of which no copy is kept")
            .with_object(name_);
    identity.policy = policy;
    model::set_firmware_identity(definition, identity);
    auto copies = [data = env_.layout.data, &definition, policy](std::stop_token) {
        return policy == model::FirmwarePolicy::pin ? firmware::keep_copies(data, definition)
                                                    : firmware::drop_copies(data, *definition.uuid);
    };
    take(co_await env_.pool.call(std::move(copies)));
    co_await store_definition(std::move(definition));
}

}  // namespace vireo::domain
