// SPDX-License-Identifier: LGPL-2.1-or-later
// Services that note what they were asked and answer with what the test put there.
#pragma once
#include "api/dispatcher.hpp"
#include "api/service.hpp"
#include "support/empty_manager.hpp"
#include "support/fake_firmware.hpp"

#include <fcntl.h>
#include <memory>
#include <optional>
#include <string>
#include <unistd.h>
#include <vector>

namespace vireo::test {

inline const std::string domain_path = "/org/vireo1/domain/8c0bd0a4_5f0e_4f5f_9f0c_1df3c3a3a111";

struct FakeManager final : EmptyManager {
    Properties properties() const override {
        Properties p;
        p.version = "1.2.3";
        p.scope = api::Scope::session;
        p.domain_count = 4;
        return p;
    }
    void ping(const api::Call&) override { ++pings; }
    api::HostInfo get_host_info(const api::Call&) override { return {}; }
    Task<std::vector<api::Hypervisor>> list_hypervisors(api::Call) override {
        std::vector<api::Hypervisor> list(2);
        list[0].binary = "/usr/bin/qemu-system-x86_64";
        list[0].machines = {"pc-q35-7.2", "pc-i440fx-7.2"};
        list[1].binary = "/opt/broken";
        list[1].error = "it does not start";
        co_return list;
    }
    Task<api::DefineResult> define_domain_xml(api::Call, std::string xml, api::DefineOptions options) override {
        seen_xml = std::move(xml);
        seen_define = std::move(options);
        co_return api::DefineResult();
    }
    Task<api::DefineResult> define_domain(api::Call, api::AnyDict definition, api::DefineOptions) override {
        seen_definition = std::move(definition);
        co_return api::DefineResult();
    }
    Task<api::ManagerCreateDomainXMLResult> create_domain_xml(api::Call, std::string, api::CreateOptions) override {
        api::ManagerCreateDomainXMLResult result;
        result.domain = api::ObjectPath(domain_path);
        result.job = api::ObjectPath("/org/vireo1/job/3");
        co_return result;
    }
    Task<api::ManagerCreateDomainResult> create_domain(api::Call, api::AnyDict, api::CreateOptions) override {
        throw std::runtime_error("something of the standard library");
        co_return api::ManagerCreateDomainResult();
    }
    api::ObjectPath lookup_domain(const api::Call&, std::string key) override {
        if (key != "demo") throw Error(Errc::not_found, "there is no domain '" + key + "'");
        return api::ObjectPath(domain_path);
    }
    std::vector<api::DomainSummary> list_domains(const api::Call&, api::DomainFilter filter) override {
        seen_filter = std::move(filter);
        return std::vector<api::DomainSummary>(2);
    }
    std::vector<api::JobInfo> list_jobs(const api::Call&) override { return {}; }
    api::Subscription subscribe(const api::Call&, api::SubscribeOptions options) override {
        seen_since = options.since;
        return {};
    }
    void unsubscribe(const api::Call&) override {}
    api::Snapshot get_snapshot(const api::Call&) override { throw 42; }

    int pings = 0;
    std::string seen_xml;
    api::DefineOptions seen_define;
    api::AnyDict seen_definition;
    api::DomainFilter seen_filter;
    std::optional<api::EventPosition> seen_since;
};

struct FakeDomain final : api::DomainService {
    Properties properties(const api::ObjectPath& path) const override {
        if (path.value != domain_path) throw Error(Errc::not_found, "there is no domain " + path.value);
        Properties p;
        p.uuid = "8c0bd0a4-5f0e-4f5f-9f0c-1df3c3a3a111";
        p.name = "demo";
        p.id = -1;
        p.state = api::DomainState::shut_off;
        p.vcpu_count = 2;
        p.job = api::ObjectPath("/");
        return p;
    }
    api::ObjectPath resolve(std::string_view key) const override {
        if (key != "demo" && key != domain_path)
            throw Error(Errc::not_found, "there is no domain '" + std::string(key) + "'");
        return api::ObjectPath(domain_path);
    }
    bool exists(std::string_view path) const override { return path == domain_path; }
    std::vector<api::ObjectPath> objects() const override { return {api::ObjectPath(domain_path)}; }

    api::DomainInfo get_info(const api::Call&, const api::ObjectPath& path) override {
        if (path.value != domain_path) throw Error(Errc::not_found, "there is no domain " + path.value);
        return info;
    }
    std::string get_xml(const api::Call&, const api::ObjectPath&, api::DumpOptions options) override {
        seen_dump = options;
        return "<domain/>";
    }
    api::AnyDict get_definition(const api::Call&, const api::ObjectPath&, api::DumpOptions) override {
        return {{"name", "demo"}, {"devices", {{"disks", api::json::array{1, 2}}}}};
    }
    std::vector<api::ConsoleInfo> list_consoles(const api::Call&, const api::ObjectPath&) override { return {}; }
    Task<UniqueFd> open_console(api::Call, api::ObjectPath, api::ConsoleOptions) override {
        co_return UniqueFd(::open("/dev/null", O_RDWR | O_CLOEXEC));
    }
    Task<api::ObjectPath> start(api::Call call, api::ObjectPath path, api::StartOptions options) override {
        seen_start = options;
        seen_path = std::move(path);
        seen_origin = call.session->origin();
        co_return api::ObjectPath("/org/vireo1/job/1");
    }
    Task<api::ObjectPath> shutdown(api::Call, api::ObjectPath, api::ShutdownOptions options) override {
        seen_shutdown = options;
        co_return api::ObjectPath("/org/vireo1/job/2");
    }
    Task<api::ObjectPath> reboot(api::Call, api::ObjectPath, api::ShutdownOptions) override {
        co_return api::ObjectPath();
    }
    Task<api::ObjectPath> destroy(api::Call, api::ObjectPath, api::DestroyOptions) override {
        co_return api::ObjectPath();
    }
    Task<> reset(api::Call, api::ObjectPath, api::ChangeOptions) override {
        throw Error(Errc::invalid_state, "cannot reset demo", Error(Errc::invalid_state, "it does not run"))
            .with_object("demo")
            .with_stage("monitor")
            .with_hint("Start it first.");
        co_return;
    }
    Task<> suspend(api::Call, api::ObjectPath, api::ChangeOptions) override { co_return; }
    Task<> resume(api::Call, api::ObjectPath, api::ChangeOptions) override { co_return; }
    Task<> undefine(api::Call, api::ObjectPath, api::UndefineOptions) override { co_return; }
    Task<> rename(api::Call, api::ObjectPath, std::string new_name, api::ChangeOptions) override {
        seen_name = std::move(new_name);
        co_return;
    }
    Task<> set_autostart(api::Call, api::ObjectPath, bool on, api::ChangeOptions) override {
        autostart = on;
        co_return;
    }
    Task<> import_tpm(api::Call, api::ObjectPath, std::string) override { co_return; }

    api::DomainInfo info;
    api::DumpOptions seen_dump;
    api::StartOptions seen_start;
    api::ShutdownOptions seen_shutdown;
    api::ObjectPath seen_path;
    std::string seen_origin, seen_name;
    bool autostart = false;
};

struct FakeJob final : api::JobService {
    Properties properties(const api::ObjectPath&) const override { return {}; }
    api::ObjectPath resolve(std::string_view key) const override {
        return api::ObjectPath("/org/vireo1/job/" + std::string(key));
    }
    bool exists(std::string_view) const override { return false; }
    std::vector<api::ObjectPath> objects() const override { return {}; }
    api::JobInfo get_info(const api::Call&, const api::ObjectPath&) override { return {}; }
    Task<api::JobInfo> wait(api::Call, api::ObjectPath path, api::WaitOptions) override {
        api::JobInfo info;
        info.job = std::move(path);
        info.domain = api::ObjectPath(domain_path);
        info.state = api::JobState::succeeded;
        info.progress = 1;
        info.stages.emplace_back().name = "firmware";
        info.stages.back().state = api::StageState::done;
        co_return info;
    }
    void cancel(const api::Call&, const api::ObjectPath&) override {}
};

struct World {
    World() {
        authorizer.allowed_now = [this](const api::Call&, const char*) { return allowed; };
    }
    api::Dispatcher dispatcher() {
        authorizer.ask = [this](api::Call asking, const char* action) { return ask(std::move(asking), action); };
        return api::Dispatcher(services, events, authorizer);
    }
    Task<> ask(api::Call, std::string action) {
        asked.push_back(action);
        if (!agrees) throw Error(Errc::access_denied, "not allowed: " + action);
        co_return;
    }

    FakeManager manager;
    FakeDomain domain;
    FakeFirmware firmware{domain};
    FakeJob job;
    api::Services services{manager, domain, firmware, job};
    api::Events events;
    bool allowed = true, agrees = true;
    std::vector<std::string> asked;
    api::Dispatcher::Authorizer authorizer;
    std::shared_ptr<api::Session> session = std::make_shared<api::Session>("rpc 7", 1000, 4711);
    api::Call call{session};
};

}  // namespace vireo::test
