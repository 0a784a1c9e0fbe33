// SPDX-License-Identifier: LGPL-2.1-or-later
#include "service/hub.hpp"

#include "api/service.hpp"
#include "service/domain_service.hpp"
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
}

// Only what differs from what was told last is told.
void Hub::changed(const domain::Domain& domain) {
    api::json::object now;
    auto path = path_of(domain.uuid());
    encode_properties(DomainApi::properties_of(domain, *this), now);
    auto& before = told_[domain.uuid()];
    api::json::object difference;
    for (auto& [key, value] : now)
        if (auto* old = before.if_contains(key); !old || *old != value) difference[key] = value;
    if (difference.empty()) return;
    before = std::move(now);
    events.emit(api::domain_properties_changed(path, std::move(difference)));
}

}  // namespace vireo::service
