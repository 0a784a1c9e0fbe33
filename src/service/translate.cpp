// SPDX-License-Identifier: LGPL-2.1-or-later
#include "service/translate.hpp"

#include <boost/json/serialize.hpp>

#include <algorithm>
#include <fmt/format.h>

namespace vireo::service {

api::ObjectPath path_of(std::string_view uuid) {
    std::string path(domain_prefix);
    path.append(uuid);
    std::replace(path.begin() + static_cast<std::ptrdiff_t>(domain_prefix.size()), path.end(), '-', '_');
    return api::ObjectPath(std::move(path));
}

std::string uuid_of(std::string_view path) {
    if (!path.starts_with(domain_prefix)) return {};
    std::string uuid(path.substr(domain_prefix.size()));
    std::ranges::replace(uuid, '_', '-');
    return uuid;
}

api::DefinitionChange translate(const model::Change& change) {
    using Kind = model::Change::Kind;
    api::DefinitionChange out;
    out.path = change.path;
    out.kind = change.kind == Kind::added     ? api::ChangeKind::added
               : change.kind == Kind::removed ? api::ChangeKind::removed
                                              : api::ChangeKind::changed;
    out.effect = change.effect == model::Change::Effect::live ? api::ChangeEffect::live : api::ChangeEffect::next_boot;
    if (change.kind != Kind::added) out.before = boost::json::serialize(change.before);
    if (change.kind != Kind::removed) out.after = boost::json::serialize(change.after);
    return out;
}

api::DomainState translate(domain::State state) {
    switch (state) {
        case domain::State::no_state:
            return api::DomainState::no_state;
        case domain::State::running:
            return api::DomainState::running;
        case domain::State::blocked:
            return api::DomainState::blocked;
        case domain::State::paused:
            return api::DomainState::paused;
        case domain::State::in_shutdown:
            return api::DomainState::in_shutdown;
        case domain::State::shut_off:
            return api::DomainState::shut_off;
        case domain::State::crashed:
            return api::DomainState::crashed;
        case domain::State::pm_suspended:
            return api::DomainState::pm_suspended;
    }
    return api::DomainState::no_state;
}

api::Health translate(domain::Health health) {
    switch (health) {
        case domain::Health::none:
            return api::Health::none;
        case domain::Health::ok:
            return api::Health::ok;
        case domain::Health::connecting:
            return api::Health::connecting;
        case domain::Health::unresponsive:
            return api::Health::unresponsive;
    }
    return api::Health::none;
}

api::LifecycleEvent translate(domain::Lifecycle event) {
    switch (event) {
        case domain::Lifecycle::defined:
            return api::LifecycleEvent::defined;
        case domain::Lifecycle::undefined:
            return api::LifecycleEvent::undefined;
        case domain::Lifecycle::started:
            return api::LifecycleEvent::started;
        case domain::Lifecycle::suspended:
            return api::LifecycleEvent::suspended;
        case domain::Lifecycle::resumed:
            return api::LifecycleEvent::resumed;
        case domain::Lifecycle::stopped:
            return api::LifecycleEvent::stopped;
        case domain::Lifecycle::shutdown:
            return api::LifecycleEvent::shutdown;
        case domain::Lifecycle::pm_suspended:
            return api::LifecycleEvent::pm_suspended;
        case domain::Lifecycle::crashed:
            return api::LifecycleEvent::crashed;
    }
    return api::LifecycleEvent::stopped;
}

domain::NvramDisposal translate(api::NvramDisposal disposal) {
    switch (disposal) {
        case api::NvramDisposal::trash:
            return domain::NvramDisposal::trash;
        case api::NvramDisposal::keep:
            return domain::NvramDisposal::keep;
        case api::NvramDisposal::remove:
            return domain::NvramDisposal::remove;
    }
    return domain::NvramDisposal::keep;
}

api::DomainSummary summary_of(const domain::Domain& domain) {
    api::DomainSummary summary;
    summary.domain = path_of(domain.uuid());
    summary.uuid = domain.uuid();
    summary.name = domain.name();
    summary.id = domain.id();
    summary.state = translate(domain.state());
    summary.reason = domain.reason();
    summary.health = translate(domain.health());
    summary.persistent = domain.persistent();
    summary.autostart = domain.autostart();
    if (!domain.summary().title.empty()) summary.title = domain.summary().title;
    summary.revision = domain.revision();
    return summary;
}

std::string requester_of(const api::Call& call) {
    if (call.session->uid() == static_cast<uid_t>(-1)) return call.session->origin();
    return fmt::format("uid {}, {}", call.session->uid(), call.session->origin());
}

}  // namespace vireo::service
