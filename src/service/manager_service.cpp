// SPDX-License-Identifier: LGPL-2.1-or-later
#include "service/manager_service.hpp"

#include "model/domain_json.hpp"
#include "service/domain_service.hpp"
#include "service/firmware_report.hpp"
#include "service/firmware_translate.hpp"
#include "service/translate.hpp"

#include <algorithm>
#include <fnmatch.h>

namespace vireo::service {
namespace {

constexpr std::size_t longest_pattern = 512;  // names are at most 255 bytes

model::ParseOptions parse_options(std::optional<bool> lenient) {
    model::ParseOptions options;
    options.lenient = lenient.value_or(false);
    return options;
}

bool matches(const domain::Domain& domain, const api::DomainFilter& filter) {
    if (filter.active && *filter.active != domain.active()) return false;
    if (filter.persistent && *filter.persistent != domain.persistent()) return false;
    if (filter.autostart && *filter.autostart != domain.autostart()) return false;
    if (filter.states && std::ranges::find(*filter.states, translate(domain.state())) == filter.states->end())
        return false;
    return !filter.name || ::fnmatch(filter.name->c_str(), domain.name().c_str(), 0) == 0;
}

domain::DomainCapabilitiesQuestion question_of(api::DomainCapabilitiesOptions options) {
    domain::DomainCapabilitiesQuestion question;
    question.emulator = std::move(options.emulator).value_or("");
    question.architecture = std::move(options.architecture).value_or("");
    question.machine = std::move(options.machine).value_or("");
    question.type = std::move(options.type).value_or("");
    return question;
}

}  // namespace

ManagerApi::Properties ManagerApi::properties() const {
    Properties p;
    p.version = host_.info.version;
    p.scope = host_.info.scope;
    p.epoch = hub_.events.epoch();
    p.domain_count = static_cast<std::uint32_t>(hub_.domains->count());
    p.active_domain_count = static_cast<std::uint32_t>(hub_.domains->active_count());
    return p;
}

Task<api::AnyDict> ManagerApi::get_capabilities(api::Call) {
    co_return (co_await host_.capabilities->host()).json;
}
Task<std::string> ManagerApi::get_capabilities_xml(api::Call) {
    co_return (co_await host_.capabilities->host()).xml;
}
Task<api::AnyDict> ManagerApi::get_domain_capabilities(api::Call, api::DomainCapabilitiesOptions options) {
    co_return (co_await host_.capabilities->domain(question_of(std::move(options)))).json;
}
Task<std::string> ManagerApi::get_domain_capabilities_xml(api::Call, api::DomainCapabilitiesOptions options) {
    co_return (co_await host_.capabilities->domain(question_of(std::move(options)))).xml;
}

Task<api::ManagerListFirmwareResult> ManagerApi::list_firmware(api::Call) {
    auto catalog = co_await hub_.domains->firmware_catalog();
    api::ManagerListFirmwareResult result;
    for (auto& entry : catalog->entries()) result.firmware.push_back(describe(entry));
    for (auto& warning : catalog->warnings()) result.warnings.push_back(warning.message);
    co_return result;
}

Task<api::FirmwareReport> ManagerApi::describe_firmware(api::Call, api::FirmwareRequirements requirements) {
    std::optional<model::Domain> definition;
    if (requirements.domain) {
        auto text = take(hub_.require(*requirements.domain)->xml());
        definition = take(model::parse_domain_xml(*text, parse_options(true))).domain;
    }
    auto wanted = translate(requirements, definition ? &*definition : nullptr);
    auto catalog = co_await hub_.domains->firmware_catalog();
    co_return report(wanted, *catalog);
}

Task<api::DefineResult> ManagerApi::define_domain_xml(api::Call, std::string xml, api::DefineOptions options) {
    co_return co_await define(take(model::parse_domain_xml(xml, parse_options(options.lenient))), options);
}
Task<api::DefineResult> ManagerApi::define_domain(api::Call, api::AnyDict definition, api::DefineOptions options) {
    co_return co_await define(take(model::parse_domain_json(definition, parse_options(options.lenient))), options);
}

Task<api::NativeCommand> ManagerApi::domain_xml_to_native(api::Call, std::string xml) {
    auto native = co_await hub_.domains->to_native(take(model::parse_domain_xml(xml)).domain);
    api::NativeCommand result;
    result.command = std::move(native.command);
    result.environment = std::move(native.environment);
    result.xml = std::move(native.xml);
    co_return result;
}

Task<api::DefineResult> ManagerApi::define(model::Parsed parsed, api::DefineOptions options) {
    domain::DefineRequest request;
    request.definition = std::move(parsed.domain);
    request.dry_run = options.dry_run.value_or(false);
    request.if_revision = options.if_revision;
    auto defined = co_await hub_.domains->define(std::move(request));
    api::DefineResult result;
    result.domain = path_of(defined.uuid);
    result.uuid = defined.uuid;
    result.name = defined.name;
    result.created = defined.created;
    result.revision = defined.revision;
    result.warnings = std::move(parsed.warnings);
    if (!defined.created) result.changes.emplace();
    for (const auto& change : defined.changes) result.changes->push_back(translate(change));
    if (options.dry_run.value_or(false)) result.xml = std::move(defined.xml);
    co_return result;
}

Task<api::ManagerCreateDomainXMLResult> ManagerApi::create_domain_xml(api::Call call, std::string xml,
                                                                      api::CreateOptions options) {
    auto parsed = take(model::parse_domain_xml(xml, parse_options(options.lenient)));
    auto [domain, job] = co_await create(std::move(call), std::move(parsed), options);
    api::ManagerCreateDomainXMLResult result;
    result.domain = std::move(domain);
    result.job = std::move(job);
    co_return result;
}
Task<api::ManagerCreateDomainResult> ManagerApi::create_domain(api::Call call, api::AnyDict definition,
                                                               api::CreateOptions options) {
    auto parsed = take(model::parse_domain_json(definition, parse_options(options.lenient)));
    auto [domain, job] = co_await create(std::move(call), std::move(parsed), options);
    api::ManagerCreateDomainResult result;
    result.domain = std::move(domain);
    result.job = std::move(job);
    co_return result;
}

Task<std::pair<api::ObjectPath, api::ObjectPath>> ManagerApi::create(api::Call call, model::Parsed parsed,
                                                                     api::CreateOptions options) {
    domain::StartRequest request;
    request.paused = options.paused.value_or(false);
    request.reset_nvram = wish_of(options);
    request.accept_firmware = accepts_firmware(options.confirm);
    request.who = requester_of(call);
    if (options.nvram) request.nvram = translate(*options.nvram);
    auto domain = co_await hub_.domains->create(std::move(parsed.domain));
    auto job = start_job(hub_, call, domain, "create", request, options.autodestroy.value_or(false));
    co_return std::pair(path_of(domain->uuid()), job->path);
}

api::ObjectPath ManagerApi::lookup_domain(const api::Call&, std::string key) {
    auto domain = hub_.domains->find(key);
    if (!domain) throw Error(Errc::not_found, "there is no domain '" + key.substr(0, 300) + "'");
    return path_of(domain->uuid());
}

std::vector<api::DomainSummary> ManagerApi::list_domains(const api::Call&, api::DomainFilter filter) {
    if (filter.name && filter.name->size() > longest_pattern)
        throw Error(Errc::invalid_argument, "params.filter.name is too long");
    std::vector<api::DomainSummary> list;
    for (auto& domain : hub_.domains->all())
        if (matches(*domain, filter)) list.push_back(summary_of(*domain));
    return list;
}

std::vector<api::JobInfo> ManagerApi::list_jobs(const api::Call&) {
    std::vector<api::JobInfo> list;
    for (auto& job : hub_.jobs.all()) list.push_back(job->info());
    return list;
}

Task<std::vector<api::TrashedStore>> ManagerApi::list_nvram_trash(api::Call) {
    auto all = co_await hub_.domains->list_trash();
    std::vector<api::TrashedStore> list;
    for (auto& trashed : all) {
        auto& one = list.emplace_back();
        one.id = trashed.id;
        one.uuid = trashed.guest.to_string();
        one.time_usec = static_cast<std::uint64_t>(trashed.time_usec);
        if (auto kept = hub_.domains->trash_retention(); kept.count() > 0)
            one.expires_usec = one.time_usec + static_cast<std::uint64_t>(kept.count());
        one.path = trashed.file.string();
        one.size_bytes = trashed.size;
        if (!trashed.origin.empty()) one.origin = trashed.origin.string();
    }
    co_return list;
}
Task<> ManagerApi::remove_nvram_trash(api::Call, std::vector<std::string> ids) {
    co_await hub_.domains->remove_trash(std::move(ids));
}

api::EventPosition ManagerApi::position() const {
    api::EventPosition position;
    position.epoch = hub_.events.epoch();
    position.sequence = hub_.events.sequence();
    return position;
}

api::Subscription ManagerApi::subscribe(const api::Call& call, api::SubscribeOptions options) {
    api::Subscription subscription;
    subscription.position = position();
    if (options.since) {
        auto missed = hub_.events.since(options.since->epoch, options.since->sequence);
        subscription.gap = missed.gap;
        for (auto* event : missed.events) {
            auto& entry = subscription.missed.emplace_back();
            entry.interface = event->interface->name;
            entry.signal = event->signal->name;
            entry.object = event->object.value.empty() ? api::ObjectPath(api::root_path) : event->object;
            entry.arguments = event->args;
        }
    }
    call.session->set_subscribed(true);
    return subscription;
}
void ManagerApi::unsubscribe(const api::Call& call) {
    call.session->set_subscribed(false);
}

api::Snapshot ManagerApi::get_snapshot(const api::Call& call) {
    api::Snapshot snapshot;
    snapshot.position = position();
    snapshot.domains = list_domains(call, {});
    snapshot.jobs = list_jobs(call);
    return snapshot;
}

}  // namespace vireo::service
