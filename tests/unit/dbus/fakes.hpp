// SPDX-License-Identifier: LGPL-2.1-or-later
// Services that answer from a table of made-up domains.
#pragma once
#include "api/service.hpp"
#include "support/empty_manager.hpp"
#include "support/error.hpp"
#include "support/fake_firmware.hpp"
#include "support/notifier.hpp"

#include <fcntl.h>
#include <map>
#include <memory>
#include <string>
#include <unistd.h>
#include <vector>

namespace vireo::test {

struct FakeState {
    explicit FakeState(const Executor& executor) : changed(executor) {}
    struct Domain {
        std::string uuid, name;
        api::AnyDict definition;
        std::uint64_t revision = 1;
    };
    std::map<std::string, Domain, std::less<>> domains;  // by path
    api::ObjectPath job{"/org/vireo1/job/1"};
    Notifier changed;
    bool job_done = false;
    int waiting = 0, changes = 0, closed = 0, property_reads = 0;
    std::vector<std::string> asked;  // keys of LookupDomain, in order
    std::vector<api::Session::Handle> watches;
    std::vector<std::shared_ptr<api::Session>> callers;

    void add(int count) {
        for (int i = 0; i < count; ++i) {
            auto number = std::to_string(i);
            Domain domain;
            domain.uuid = "00000000-0000-4000-8000-" + std::string(12 - number.size(), '0') + number;
            domain.name = "guest-" + number;
            domain.definition = {{"name", domain.name}};
            auto path = "/org/vireo1/domain/00000000_0000_4000_8000_" + std::string(12 - number.size(), '0') + number;
            domains.emplace(path, std::move(domain));
        }
    }
    Domain& at(const api::ObjectPath& path) {
        auto it = domains.find(path.value);
        if (it == domains.end()) throw Error(Errc::not_found, "there is no domain " + path.value);
        return it->second;
    }
    void meet(const api::Call& call) {
        for (auto& known : callers)
            if (known == call.session) return;
        callers.push_back(call.session);
        watches.push_back(call.session->on_close([this] {
            ++closed;
            changed.notify_all();
        }));
    }
};

class FakeManager : public EmptyManager {
public:
    explicit FakeManager(FakeState& state) : state_(state) {}
    Properties properties() const override {
        Properties out;
        out.version = "1.2.3";
        out.scope = api::Scope::session;
        out.epoch = "epoch";
        out.domain_count = static_cast<std::uint32_t>(state_.domains.size());
        return out;
    }
    void ping(const api::Call& call) override { state_.meet(call); }
    api::HostInfo get_host_info(const api::Call&) override {
        api::HostInfo out;
        out.hostname = "host";
        out.memory_bytes = 1ULL << 40;
        return out;
    }
    Task<std::vector<api::Hypervisor>> list_hypervisors(api::Call) override {
        std::vector<api::Hypervisor> out(1);
        out[0].binary = "/usr/bin/qemu";
        out[0].machines = std::vector<std::string>{"q35", "pc"};
        co_return out;
    }
    Task<api::DefineResult> define_domain_xml(api::Call, std::string xml, api::DefineOptions options) override {
        co_await yield_now();
        if (xml == "bad")
            throw Error(
                Errc::invalid_config, "cannot define the domain",
                Error(Errc::invalid_config, "line 1: <x> is unknown", Error(Errc::invalid_config, "really\nunknown")))
                .with_object("guest-1")
                .with_stage("parse")
                .with_hint("Leave it out.");
        api::DefineResult out;
        out.domain = api::ObjectPath("/org/vireo1/domain/new");
        out.name = xml;
        out.revision = options.if_revision.value_or(1);
        out.created = options.dry_run.value_or(false);
        co_return out;
    }
    Task<api::DefineResult> define_domain(api::Call, api::AnyDict definition, api::DefineOptions) override {
        auto& first = *state_.domains.begin();
        first.second.definition = std::move(definition);
        api::DefineResult out;
        out.domain = api::ObjectPath(first.first);
        co_return out;
    }
    Task<api::ManagerCreateDomainXMLResult> create_domain_xml(api::Call, std::string, api::CreateOptions) override {
        api::ManagerCreateDomainXMLResult out;
        out.domain = api::ObjectPath("/org/vireo1/domain/new");
        out.job = state_.job;
        co_return out;
    }
    Task<api::ManagerCreateDomainResult> create_domain(api::Call, api::AnyDict, api::CreateOptions) override {
        throw Error(Errc::unsupported, "no");
    }
    api::ObjectPath lookup_domain(const api::Call&, std::string key) override {
        state_.asked.push_back(key);
        for (auto& [path, domain] : state_.domains)
            if (domain.name == key || domain.uuid == key) return api::ObjectPath(path);
        throw Error(Errc::not_found, "there is no domain called " + key).with_object(key).with_hint("List them.");
    }
    std::vector<api::DomainSummary> list_domains(const api::Call&, api::DomainFilter filter) override {
        std::vector<api::DomainSummary> out;
        for (auto& [path, domain] : state_.domains) {
            if (filter.name && *filter.name != domain.name) continue;
            auto& summary = out.emplace_back();
            summary.domain = api::ObjectPath(path);
            summary.uuid = domain.uuid;
            summary.name = domain.name;
        }
        return out;
    }
    std::vector<api::JobInfo> list_jobs(const api::Call&) override { return {}; }
    api::Subscription subscribe(const api::Call&, api::SubscribeOptions) override { return {}; }
    void unsubscribe(const api::Call&) override {}
    api::Snapshot get_snapshot(const api::Call&) override { return {}; }

private:
    FakeState& state_;
};

class FakeDomain : public api::DomainService {
public:
    explicit FakeDomain(FakeState& state) : state_(state) {}
    Properties properties(const api::ObjectPath& path) const override {
        ++state_.property_reads;
        auto& domain = state_.at(path);
        Properties out;
        out.uuid = domain.uuid;
        out.name = domain.name;
        out.id = -1;
        out.state = api::DomainState::shut_off;
        out.max_memory_bytes = 1ULL << 30;
        out.revision = domain.revision;
        out.job = api::ObjectPath("/");
        return out;
    }
    api::ObjectPath resolve(std::string_view) const override { throw Error(Errc::not_found, "not used"); }
    bool exists(std::string_view path) const override { return state_.domains.contains(path); }
    std::vector<api::ObjectPath> objects() const override {
        std::vector<api::ObjectPath> out;
        for (auto& [path, domain] : state_.domains) out.emplace_back(path);
        return out;
    }
    api::DomainInfo get_info(const api::Call&, const api::ObjectPath& path) override {
        (void)state_.at(path);
        api::DomainInfo out;
        out.state = api::DomainState::running;
        out.id = 7;
        out.max_memory_bytes = 1ULL << 33;
        out.pid = 4242;
        return out;
    }
    std::string get_xml(const api::Call&, const api::ObjectPath& path, api::DumpOptions) override {
        return "<domain><name>" + state_.at(path).name + "</name></domain>";
    }
    api::AnyDict get_definition(const api::Call&, const api::ObjectPath& path, api::DumpOptions) override {
        return state_.at(path).definition;
    }
    std::vector<api::ConsoleInfo> list_consoles(const api::Call&, const api::ObjectPath&) override { return {}; }
    Task<UniqueFd> open_console(api::Call, api::ObjectPath path, api::ConsoleOptions) override {
        int ends[2];
        if (::pipe2(ends, O_CLOEXEC) != 0) throw system_error(errno, "pipe");
        UniqueFd reading(ends[0]), writing(ends[1]);
        auto text = "console of " + state_.at(path).name;
        if (::write(writing.get(), text.data(), text.size()) < 0) throw system_error(errno, "write");
        co_return std::move(reading);
    }
    Task<api::ObjectPath> start(api::Call, api::ObjectPath, api::StartOptions) override { co_return state_.job; }
    Task<api::ObjectPath> shutdown(api::Call, api::ObjectPath, api::ShutdownOptions) override { co_return state_.job; }
    Task<api::ObjectPath> reboot(api::Call, api::ObjectPath, api::ShutdownOptions) override { co_return state_.job; }
    Task<api::ObjectPath> destroy(api::Call, api::ObjectPath, api::DestroyOptions) override { co_return state_.job; }
    Task<> reset(api::Call, api::ObjectPath, api::ChangeOptions) override { co_return; }
    Task<> suspend(api::Call, api::ObjectPath, api::ChangeOptions) override { co_return; }
    Task<> resume(api::Call, api::ObjectPath, api::ChangeOptions) override { co_return; }
    Task<> undefine(api::Call, api::ObjectPath, api::UndefineOptions) override { co_return; }
    Task<> rename(api::Call, api::ObjectPath path, std::string name, api::ChangeOptions) override {
        state_.at(path).name = name;
        ++state_.changes;
        co_return;
    }
    Task<> set_autostart(api::Call, api::ObjectPath, bool, api::ChangeOptions) override { co_return; }
    Task<> import_tpm(api::Call, api::ObjectPath, std::string) override { co_return; }

private:
    FakeState& state_;
};

class FakeJob : public api::JobService {
public:
    explicit FakeJob(FakeState& state) : state_(state) {}
    Properties properties(const api::ObjectPath&) const override {
        Properties out;
        out.operation = "start";
        out.domain = api::ObjectPath("/org/vireo1/domain/x");
        out.progress = 0.5;
        return out;
    }
    api::ObjectPath resolve(std::string_view) const override { return state_.job; }
    bool exists(std::string_view path) const override { return path == state_.job.value; }
    std::vector<api::ObjectPath> objects() const override { return {state_.job}; }
    api::JobInfo get_info(const api::Call&, const api::ObjectPath&) override { return info(); }
    // Waits for finish(), and says in FakeState::changes that it did.
    Task<api::JobInfo> wait(api::Call call, api::ObjectPath, api::WaitOptions) override {
        state_.meet(call);
        ++state_.waiting;
        state_.changed.notify_all();
        while (!state_.job_done) co_await state_.changed.wait();
        ++state_.changes;
        co_return info();
    }
    void cancel(const api::Call&, const api::ObjectPath&) override { finish(); }
    void finish() {
        state_.job_done = true;
        state_.changed.notify_all();
    }

private:
    api::JobInfo info() const {
        api::JobInfo out;
        out.job = state_.job;
        out.operation = "start";
        out.domain = api::ObjectPath("/org/vireo1/domain/x");
        out.state = state_.job_done ? api::JobState::succeeded : api::JobState::running;
        out.stages.resize(1);
        out.stages[0].name = "firmware";
        return out;
    }
    FakeState& state_;
};

}  // namespace vireo::test
