// SPDX-License-Identifier: LGPL-2.1-or-later
#include "service/hub.hpp"

#include "api/service.hpp"
#include "service/domain_service.hpp"
#include "service/firmware_service.hpp"
#include "service/firmware_translate.hpp"
#include "service/translate.hpp"
#include "support/log.hpp"

namespace vireo::service {
namespace {

api::Event object_event(api::Event::Kind kind, api::ObjectPath path) {
    api::Event event;
    event.kind = kind;
    event.interface = &api::interface_of("Domain");
    event.object = std::move(path);
    return event;
}

// What is new; it takes the old one's place.
api::json::object difference(api::json::object& before, api::json::object now) {
    api::json::object new_ones;
    for (auto& [key, value] : now)
        if (auto* old = before.if_contains(key); !old || *old != value) new_ones[key] = value;
    if (!new_ones.empty()) before = std::move(now);
    return new_ones;
}

}  // namespace

Hub::Hub(Executor executor, api::Events& e) : events(e), jobs(executor, e) {
    jobs.changed = [this](const api::ObjectPath& path) {  // the domain's Job property
        if (auto domain = domains ? domains->find_uuid(uuid_of(path.value)) : nullptr) changed(*domain);
    };
}

std::shared_ptr<domain::Domain> Hub::require(const api::ObjectPath& path) const {
    auto domain = domains->find_uuid(uuid_of(path.value));
    if (!domain) throw Error(Errc::not_found, "there is no domain " + path.value);
    return domain;
}

api::ObjectPath Hub::resolve(std::string_view key) const {
    auto domain = key.starts_with(domain_prefix) ? domains->find_uuid(uuid_of(key)) : domains->find(key);
    if (!domain)
        throw Error(Errc::not_found, "there is no domain '" + std::string(key.substr(0, 300)) + "'")
            .with_hint("see the list of all: vireo list --all");
    return path_of(domain->uuid());
}

void Hub::added(const domain::Domain& domain) {
    auto path = path_of(domain.uuid());
    events.emit(object_event(api::Event::Kind::object_added, path));
    events.emit(api::manager_domain_added(path, domain.uuid(), domain.name()));
}

void Hub::removed(const domain::Domain& domain) {
    told_.erase(domain.uuid());
    auto path = path_of(domain.uuid());
    events.emit(api::manager_domain_removed(path, domain.uuid(), domain.name()));
    events.emit(object_event(api::Event::Kind::object_removed, path));
}

void Hub::lifecycle(const domain::Domain& domain, domain::Lifecycle event, std::string_view detail) {
    auto word = translate(event);
    log::write(log::Level::info, fmt::format("domain {} {} ({})", domain.name(), api::to_string(word), detail),
               {{"VIREO_DOMAIN", domain.name()}, {"VIREO_DOMAIN_UUID", domain.uuid()}});
    events.emit(api::domain_lifecycle(path_of(domain.uuid()), word, std::string(detail)));
}

void Hub::store_changed(const domain::Domain& domain, const domain::StoreEvent& event) {
    auto details = details_of(event);
    auto word = same_word<api::StoreEvent>(event.what, api::store_event_from);
    bool bad = event.what == domain::StoreEvent::What::unhealthy;
    log::write(
        bad ? log::Level::warning : log::Level::info,
        fmt::format("variable store of domain {}: {}{}{}", domain.name(), api::to_string(word),
                    event.sentence.empty() ? "" : ": " + event.sentence, event.who.empty() ? "" : ", for " + event.who),
        {{"VIREO_DOMAIN", domain.name()}, {"VIREO_DOMAIN_UUID", domain.uuid()}});
    events.emit(api::domain_firmware_store_changed(path_of(domain.uuid()), word, std::move(details)));
}

void Hub::rebooted(const domain::Domain& domain) {
    events.emit(api::domain_rebooted(path_of(domain.uuid())));
}

void Hub::renamed(const domain::Domain& domain, const std::string& old_name) {
    events.emit(api::domain_renamed(path_of(domain.uuid()), old_name, domain.name()));
}

void Hub::firmware_changed(const domain::Domain& domain, const domain::FirmwareChange& change) {
    log::write(log::Level::info,
               fmt::format("domain {} has other firmware ({}): {} with SHA-256 {} instead of {} with {}", domain.name(),
                           change.how, change.new_code, change.new_hash, change.old_code, change.old_hash),
               {{"VIREO_DOMAIN", domain.name()}, {"VIREO_DOMAIN_UUID", domain.uuid()}});
    api::StoreEventDetails details;
    details.sentence = fmt::format("{}: {} instead of {}", change.how, change.new_code, change.old_code);
    details.who = change.who;
    details.old_code_sha256 = change.old_hash;
    details.new_code_sha256 = change.new_hash;
    if (!change.new_template_hash.empty()) details.template_sha256 = change.new_template_hash;
    events.emit(api::domain_firmware_store_changed(path_of(domain.uuid()), api::StoreEvent::firmware_changed,
                                                   std::move(details)));
}

// Only what differs from what was told last is told.
void Hub::changed(const domain::Domain& domain) {
    auto path = path_of(domain.uuid());
    auto& told = told_[domain.uuid()];
    api::json::object now, now_firmware;
    encode_properties(DomainApi::properties_of(domain, *this), now);
    encode_properties(FirmwareApi::properties_of(domain), now_firmware);
    if (auto new_ones = difference(told.domain, std::move(now)); !new_ones.empty())
        events.emit(api::domain_properties_changed(path, std::move(new_ones)));
    if (auto new_ones = difference(told.firmware, std::move(now_firmware)); !new_ones.empty())
        events.emit(api::domain_firmware_properties_changed(path, std::move(new_ones)));
}

}  // namespace vireo::service
