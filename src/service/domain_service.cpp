// SPDX-License-Identifier: LGPL-2.1-or-later
#include "service/domain_service.hpp"

#include "model/domain_json.hpp"
#include "service/firmware_translate.hpp"
#include "service/translate.hpp"
#include "support/clock.hpp"

namespace vireo::service {
namespace {

std::optional<domain::Kind> kind_of(const api::DumpOptions& options) {
    if (!options.kind) return std::nullopt;
    return *options.kind == api::DefinitionKind::live ? domain::Kind::live : domain::Kind::persistent;
}

domain::ShutdownRequest request_of(const api::ShutdownOptions& options) {
    domain::ShutdownRequest request;
    request.wait = options.wait.value_or(false);
    constexpr std::uint64_t longest = 24ull * 3600 * 1'000'000;
    if (options.timeout_usec) request.limit = std::chrono::microseconds(std::min(*options.timeout_usec, longest));
    return request;
}

// Destroys the domain when the caller's connection ends before it does.
void destroy_with_session(Hub& hub, const std::shared_ptr<api::Session>& session,
                          const std::shared_ptr<domain::Domain>& domain) {
    auto run = domain->running_shared();
    if (!run) return;
    std::weak_ptr<domain::Domain> weak = domain;
    auto id = run->id;
    auto gone = [&hub, weak, id, origin = session->origin()] {
        auto target = weak.lock();
        if (!target || target->id() != id) return;  // another run of it is none of our business
        auto work = [target](Job& job) -> Task<> { return target->destroy(false, std::nullopt, job); };
        hub.jobs.start("destroy", path_of(target->uuid()), "autodestroy of " + origin, work);
    };
    if (session->closed())
        gone();
    else
        run->autodestroy = session->on_close(gone);
}

}  // namespace

std::shared_ptr<Job> start_job(Hub& hub, const api::Call& call, std::shared_ptr<domain::Domain> domain,
                               std::string operation, domain::StartRequest request, bool autodestroy) {
    auto session = call.session;
    auto work = [&hub, domain, request, autodestroy, session](Job& job) -> Task<> {
        co_await domain->start(request, job);
        if (autodestroy) destroy_with_session(hub, session, domain);
    };
    auto job = hub.jobs.start(std::move(operation), path_of(domain->uuid()), requester_of(call), work);
    domain->cancel_start = [&hub, weak = std::weak_ptr<Job>(job)] {
        if (auto running = weak.lock()) hub.jobs.cancel(*running);
    };
    hub.changed(*domain);  // its Job property
    return job;
}

DomainApi::Properties DomainApi::properties_of(const domain::Domain& domain, const Hub& hub) {
    Properties p;
    p.uuid = domain.uuid();
    p.name = domain.name();
    p.id = domain.id();
    p.state = translate(domain.state());
    p.reason = domain.reason();
    p.health = translate(domain.health());
    p.persistent = domain.persistent();
    p.autostart = domain.autostart();
    p.title = domain.summary().title;
    p.description = domain.summary().description;
    p.max_memory_bytes = domain.summary().max_memory_bytes;
    p.vcpu_count = domain.summary().vcpus;
    p.revision = domain.revision();
    auto job = hub.jobs.working_on(path_of(domain.uuid()));
    p.job = job ? job->path : api::ObjectPath("/");
    return p;
}

api::ObjectPath DomainApi::resolve(std::string_view key) const {
    return hub_.resolve(key);
}
bool DomainApi::exists(std::string_view path) const {
    return hub_.domains->find_uuid(uuid_of(path)) != nullptr;
}

std::vector<api::ObjectPath> DomainApi::objects() const {
    std::vector<api::ObjectPath> paths;
    for (auto& domain : hub_.domains->all()) paths.push_back(path_of(domain->uuid()));
    return paths;
}
DomainApi::Properties DomainApi::properties(const api::ObjectPath& path) const {
    return properties_of(*hub_.require(path), hub_);
}

api::DomainInfo DomainApi::get_info(const api::Call&, const api::ObjectPath& path) {
    auto domain = hub_.require(path);
    api::DomainInfo info;
    info.state = translate(domain->state());
    info.reason = domain->reason();
    info.health = translate(domain->health());
    info.id = domain->id();
    auto& summary = domain->summary();
    info.max_memory_bytes = summary.max_memory_bytes;
    info.memory_bytes = summary.memory_bytes;
    info.vcpus = summary.vcpus;
    for (auto taint : summary.taints) {
        if (!info.taints) info.taints.emplace();
        info.taints->emplace_back(to_string(taint));
    }
    info.as_of_usec = now_usec();
    if (auto* run = domain->running()) {
        info.pid = static_cast<std::uint32_t>(run->pid());
        info.start_usec = run->start_usec;
        if (run->health != domain::Health::ok) info.as_of_usec = run->known_usec;
    }
    return info;
}

std::string DomainApi::get_xml(const api::Call&, const api::ObjectPath& path, api::DumpOptions options) {
    return *take(hub_.require(path)->xml(kind_of(options)));
}

api::AnyDict DomainApi::get_definition(const api::Call&, const api::ObjectPath& path, api::DumpOptions options) {
    auto text = take(hub_.require(path)->xml(kind_of(options)));
    model::ParseOptions lenient;
    lenient.lenient = true;  // what was accepted once is not refused now
    return model::format_domain_json(take(model::parse_domain_xml(*text, lenient)).domain);
}

std::vector<api::ConsoleInfo> DomainApi::list_consoles(const api::Call&, const api::ObjectPath& path) {
    std::vector<api::ConsoleInfo> list;
    for (auto& port : hub_.require(path)->serial_ports()) {
        auto& info = list.emplace_back();
        info.device = port.alias;
        info.kind = port.kind;
        if (!port.path.empty()) info.path = port.path;
    }
    return list;
}

Task<UniqueFd> DomainApi::open_console(api::Call, api::ObjectPath path, api::ConsoleOptions options) {
    auto domain = hub_.require(path);
    co_return take(domain->open_console(options.device.value_or(""), options.force.value_or(false)));
}

Task<api::ObjectPath> DomainApi::start(api::Call call, api::ObjectPath path, api::StartOptions options) {
    auto domain = hub_.require(path);
    if (domain->active())
        throw Error(Errc::invalid_state, "domain " + domain->name() + " is running already")
            .with_object(domain->name());
    domain::StartRequest request;
    request.paused = options.paused.value_or(false);
    request.reset_nvram = wish_of(options);
    request.accept_firmware = accepts_firmware(options.confirm);
    request.who = requester_of(call);
    request.if_revision = options.if_revision;
    co_return start_job(hub_, call, domain, "start", request, options.autodestroy.value_or(false))->path;
}

Task<api::ObjectPath> DomainApi::shutdown(api::Call call, api::ObjectPath path, api::ShutdownOptions options) {
    auto domain = hub_.require(path);
    auto work = [domain, request = request_of(options)](Job& job) -> Task<> { return domain->shutdown(request, job); };
    co_return hub_.jobs.start("shutdown", path, requester_of(call), work)->path;
}

Task<api::ObjectPath> DomainApi::reboot(api::Call call, api::ObjectPath path, api::ShutdownOptions options) {
    auto domain = hub_.require(path);
    auto work = [domain, request = request_of(options)](Job& job) -> Task<> { return domain->reboot(request, job); };
    co_return hub_.jobs.start("reboot", path, requester_of(call), work)->path;
}

Task<api::ObjectPath> DomainApi::destroy(api::Call call, api::ObjectPath path, api::DestroyOptions options) {
    auto domain = hub_.require(path);
    auto work = [domain, options](Job& job) -> Task<> {
        return domain->destroy(options.graceful.value_or(false), options.if_revision, job);
    };
    co_return hub_.jobs.start("destroy", path, requester_of(call), work)->path;
}

Task<> DomainApi::reset(api::Call, api::ObjectPath path, api::ChangeOptions options) {
    auto domain = hub_.require(path);
    co_await domain->reset(options.if_revision);
}
Task<> DomainApi::suspend(api::Call, api::ObjectPath path, api::ChangeOptions options) {
    auto domain = hub_.require(path);
    co_await domain->suspend(options.if_revision);
}
Task<> DomainApi::resume(api::Call, api::ObjectPath path, api::ChangeOptions options) {
    auto domain = hub_.require(path);
    co_await domain->resume(options.if_revision);
}

Task<> DomainApi::undefine(api::Call call, api::ObjectPath path, api::UndefineOptions options) {
    auto domain = hub_.require(path);
    auto disposal = translate(options.nvram.value_or(api::NvramDisposal::trash));
    std::optional<domain::NvramDisposal> tpm;
    if (options.tpm) tpm = translate(*options.tpm);
    co_await hub_.domains->undefine(domain, disposal, tpm, options.if_revision, requester_of(call));
}
Task<> DomainApi::rename(api::Call, api::ObjectPath path, std::string new_name, api::ChangeOptions options) {
    auto domain = hub_.require(path);
    co_await hub_.domains->rename(domain, std::move(new_name), options.if_revision);
}
Task<> DomainApi::set_autostart(api::Call, api::ObjectPath path, bool autostart, api::ChangeOptions options) {
    auto domain = hub_.require(path);
    co_await domain->set_autostart(autostart, options.if_revision);
}

Task<> DomainApi::import_tpm(api::Call, api::ObjectPath path, std::string folder) {
    auto domain = hub_.require(path);
    co_await domain->import_tpm(std::move(folder));
}

}  // namespace vireo::service
