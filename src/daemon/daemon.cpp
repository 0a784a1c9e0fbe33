// SPDX-License-Identifier: LGPL-2.1-or-later
#include "daemon/daemon.hpp"

#include "daemon/systemd.hpp"
#include "dbus/service.hpp"
#include "domain/domains.hpp"
#include "host/facts.hpp"
#include "rpc/listen.hpp"
#include "rpc/server.hpp"
#include "service/domain_service.hpp"
#include "service/firmware_service.hpp"
#include "service/job_service.hpp"
#include "service/manager_service.hpp"
#include "service/translate.hpp"
#include "state/lock.hpp"
#include "support/file.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <csignal>
#include <cstdlib>
#include <unistd.h>

namespace vireo::daemon {
namespace {

// Made in this order and destroyed in the opposite one.
struct Parts {
    Parts(Executor executor, const Configuration& c, state::Layout l, qemu::ProbeSettings probe)
        : layout(std::move(l)),
          definitions(pool, layout.definitions),
          statuses(layout.status),
          capabilities(pool, layout.cache / "capabilities", std::move(probe)),
          firmwares(pool, firmware_folders(c)),
          cgroups(c.cgroups ? host::Cgroups::detect(c.cgroup_parent) : host::Cgroups()),
          hub(executor, events),
          environment(executor, pool, layout, definitions, statuses, capabilities, firmwares, cgroups, hub),
          domains(environment),
          host_capabilities(environment),
          domain_api(hub),
          firmware_api(hub),
          job_api(hub) {
        hub.domains = &domains;
        if (c.trash_retention_days) domains.set_trash_retention(std::chrono::days(*c.trash_retention_days));
    }

    static std::vector<std::filesystem::path> firmware_folders(const Configuration& c) {
        if (!c.firmware_folders.empty()) return c.firmware_folders;
        return c.scope == Scope::system ? firmware::system_folders() : firmware::session_folders();
    }

    state::Layout layout;
    Blocking pool{8};  // they wait for disks, not for processors
    state::DefinitionStore definitions;
    state::StatusStore statuses;
    qemu::CapabilitiesCache capabilities;
    firmware::CatalogCache firmwares;
    host::Cgroups cgroups;
    api::Events events;
    service::Hub hub;
    domain::Environment environment;
    domain::Domains domains;
    domain::HostCapabilities host_capabilities;
    service::DomainApi domain_api;
    service::FirmwareApi firmware_api;
    service::JobApi job_api;
};

state::Layout layout_of(const Configuration& c) {
    if (c.scope == Scope::system) return state::Layout::for_system();
    return take(state::Layout::for_user([](const char* name) -> const char* { return std::getenv(name); }));
}

// Whom QEMU runs as: never root. None: this daemon is somebody's own and QEMU is theirs too.
std::optional<host::Account> qemu_account(const Configuration& c) {
    if (::geteuid() != 0) return std::nullopt;
    auto account = take(host::find_account(c.qemu_user));
    if (account.name == "nobody")
        log::warning(
            "there is no user vireo-qemu: guests run as nobody; install the package's sysusers.d file or set "
            "qemu-user");
    return account;
}

qemu::ProbeSettings probe_settings(const std::optional<host::Account>& account) {
    qemu::ProbeSettings settings;
    if (!account) return settings;
    settings.uid = account->uid;
    settings.gid = account->gid;
    settings.groups = account->groups;
    return settings;
}

Task<std::vector<api::Hypervisor>> hypervisors(Parts& parts) {
    std::vector<api::Hypervisor> list;
    auto look = [](std::stop_token) { return qemu::find_binaries(); };
    auto binaries = co_await parts.pool.call(std::move(look));
    for (auto& found : binaries) {
        api::Hypervisor entry;
        entry.binary = found.path;
        try {
            auto caps = co_await parts.capabilities.get(found.path);
            entry.version = caps->version.text();
            entry.architecture = caps->arch;
            entry.kvm = caps->kvm_enabled;
            entry.machines.emplace();
            for (auto& machine : caps->machines) entry.machines->push_back(machine.name);
            if (auto* machine = caps->default_machine()) entry.default_machine = machine->name;
        } catch (const Error& error) {
            if (error.code() == Errc::cancelled) throw;
            entry.error = error.what();
        }
        list.push_back(std::move(entry));
    }
    co_return list;
}

service::ManagerApi::Host host_of(const Configuration& c, Parts& parts) {
    auto facts = host::collect_facts();
    service::ManagerApi::Host host;
    host.info.hostname = facts.hostname;
    host.info.architecture = facts.architecture;
    host.info.kernel = facts.kernel;
    host.info.cpus = facts.cpus;
    host.info.memory_bytes = facts.memory;
    host.info.kvm = facts.kvm;
    host.info.cgroups = host::to_string(parts.cgroups.kind());
    host.info.scope = c.scope == Scope::system ? api::Scope::system : api::Scope::session;
    host.info.version = VIREO_VERSION;
    host.hypervisors = [&parts] { return hypervisors(parts); };
    host.capabilities = &parts.host_capabilities;
    return host;
}

api::Dispatcher::Authorizer authorizer(const Configuration& c, dbus::Polkit& polkit) {
    api::Dispatcher::Authorizer authorizer;
    authorizer.allowed_now = [system = c.scope == Scope::system](const api::Call& call, const char* action) {
        if (dbus::Polkit::allowed_now(call)) return true;
        // What org.vireo1.read allows everybody by default need not be asked each time; changing that default is
        // polkit's business only where reading is to be refused, and then the socket's mode is the place.
        return system && std::string_view(action) == "org.vireo1.read";
    };
    authorizer.ask = [&polkit](api::Call call, const char* action) { return polkit.ask(std::move(call), action); };
    return authorizer;
}

// Once per boot: what is marked starts, after the daemon has come up for the first time.
Task<> autostart(Parts& parts) {
    auto mark = parts.layout.run / "autostarted";
    if (::access(mark.c_str(), F_OK) == 0) co_return;
    if (auto marked = replace_file(mark, "", 0600, Durable::no); !marked) log::warning("{}", marked.error().what());
    auto session = std::make_shared<api::Session>("autostart", ::geteuid(), ::getpid());
    auto start = [&parts, session](std::shared_ptr<domain::Domain> domain) -> Task<> {
        service::start_job(parts.hub, api::Call(session), domain, "start", {}, false);
        co_return;
    };
    co_await parts.domains.start_marked(start);
}

Task<> until_signalled(asio::signal_set& signals) {
    auto [error, number] = co_await signals.async_wait(asio::as_tuple(asio::use_awaitable));
    if (!error) log::info("stopping: signal {}", number);
}

}  // namespace

Task<> run(Configuration configuration) {
    auto executor = co_await asio::this_coro::executor;
    asio::signal_set signals(executor, SIGINT, SIGTERM);
    auto layout = layout_of(configuration);
    take(layout.create());
    auto lock = take(state::Lock::take(layout));
    auto account = qemu_account(configuration);
    Parts parts(executor, configuration, layout, probe_settings(account));
    parts.environment.qemu_account = account;
    parts.environment.compact_nvram_above = configuration.compact_nvram_above;
    co_await parts.domains.load();

    service::ManagerApi manager(parts.hub, host_of(configuration, parts));
    api::Services services{manager, parts.domain_api, parts.firmware_api, parts.job_api};
    dbus::Polkit polkit;
    api::Dispatcher dispatcher(services, parts.events, authorizer(configuration, polkit));
    auto activated = take(activated_socket());
    auto path = configuration.socket.empty() ? layout.socket() : configuration.socket;
    // Everybody may connect to the system's: what they may do is asked per call. A user's is the user's alone.
    auto socket =
        activated ? std::move(*activated) : rpc::listen_on(path, configuration.scope == Scope::system ? 0666 : 0600);
    rpc::Server server(executor, std::move(socket), dispatcher);
    auto kind = configuration.scope == Scope::system ? dbus::BusKind::system : dbus::BusKind::session;
    dbus::Service bus(executor, kind, dispatcher, parts.pool, &polkit);

    auto serving = [&](TaskGroup& group) -> Task<> {
        group.spawn(server.run());
        if (configuration.bus) group.spawn(bus.run());
        group.spawn(feed_watchdog());
        group.spawn(parts.domains.expire_trash_daily());
        notify("READY=1\nSTATUS=Serving");
        log::info("vireod {} serves {} domains at {}", VIREO_VERSION, parts.domains.count(), path.string());
        if (configuration.autostart) group.spawn(autostart(parts));
        co_await until_signalled(signals);
        notify("STOPPING=1");
        group.cancel();
    };
    std::exception_ptr failure;
    try {
        co_await scoped(serving);
    } catch (...) {
        failure = std::current_exception();
    }
    co_await parts.hub.jobs.close();
    co_await parts.domains.close();
    if (failure) std::rethrow_exception(failure);
}

}  // namespace vireo::daemon
