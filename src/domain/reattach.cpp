// SPDX-License-Identifier: LGPL-2.1-or-later
// The daemon's start: what still runs is taken over as it is, what ended meanwhile is told, and starts that were cut in
// half are undone. A guest that does not answer is left alone.
#include "domain/auxiliary.hpp"
#include "domain/complete.hpp"
#include "domain/domains.hpp"
#include "domain/folders.hpp"
#include "domain/tpm.hpp"
#include "firmware/nvram.hpp"
#include "support/log.hpp"
#include "support/timeout.hpp"

#include <csignal>
#include <fmt/format.h>

namespace vireo::domain {
namespace {

constexpr auto half_start_limit = std::chrono::seconds(10);  // for the QEMU of a half-made start to die

// The definition that a status document holds; what was accepted once is not refused now.
Result<model::Domain> live_definition(const state::Status& status) {
    auto parsed = model::parse_domain_xml(status.live_xml, model::ParseOptions{.lenient = true});
    if (!parsed) return Failure(parsed.error());
    return std::move(parsed->domain);
}

}  // namespace

class Reattach {
public:
    Reattach(Environment& env, Domains& domains) : env_(env), domains_(domains) {}

    Task<> run() {
        auto loaded = take(env_.statuses.load_all());
        for (auto& problem : loaded.problems)
            log::error("{} is left alone: {}", problem.file.string(), problem.error.what());
        for (auto& status : loaded.statuses) {
            env_.last_id = std::max(env_.last_id, static_cast<int>(status.id));
            auto uuid = status.uuid;
            try {
                if (status.phase == state::Phase::starting)
                    co_await undo(std::move(status));
                else
                    take_over(std::move(status));
            } catch (const Error& error) {
                log::error("domain {}: cannot take it over: {}", uuid, error.what());
            }
        }
        co_await remove_left_cgroups();
    }

private:
    // A start that was cut off: its QEMU, which nobody has used, goes, and what the start had changed is put back.
    Task<> undo(state::Status status) {
        log::warning("the start of domain {} was cut off; it is undone", status.name);
        if (status.pid > 0) {
            if (auto process = Process::adopt(env_.executor, status.pid, status.process_start_time)) {
                process->kill(SIGKILL);
                co_await with_timeout(process->wait(), half_start_limit,
                                      "the end of the half-started QEMU of " + status.name);
            }
        }
        co_await end_auxiliaries(env_, status);
        if (auto definition = live_definition(status)) {
            if (auto place = firmware::tpm_place(*definition, env_.layout.tpm); place && tpm_made(status)) {
                auto work = [&place](std::stop_token) { return firmware::remove_tpm(*place); };
                take(co_await env_.pool.call(std::move(work)));
            }
            if (auto site = firmware::site_of(*definition, env_.layout.data)) {
                auto work = [&site](std::stop_token) { return firmware::recover_site(*site, firmware::Started::no); };
                auto recovered = co_await env_.pool.call(std::move(work));
                if (!recovered) throw recovered.error();  // the status stays: tried again next time
            }
        }
        co_await clean_folders(env_, status);
        if (auto domain = domains_.find_uuid(status.uuid)) domain->set_state(State::shut_off, "failed");
    }

    void take_over(state::Status status) {
        auto domain = placed(status);
        auto run = std::make_shared<Running>(env_.executor);
        run->id = static_cast<int>(status.id);
        run->start_usec = static_cast<std::uint64_t>(status.started_usec);
        run->known_usec = run->start_usec;
        run->live_xml = std::make_shared<const std::string>(status.live_xml);
        bool was_stopping = status.phase == state::Phase::stopping;
        if (was_stopping) run->stop_reason = "destroyed";
        if (auto definition = live_definition(status)) describe(*run, *definition);
        env_.ports_in_use.insert(run->display_ports.begin(), run->display_ports.end());
        run->status = std::move(status);
        domain->running_ = run;
        domain->state_ = state_from(run->status.state);
        domain->reason_ = run->status.reason;
        finish_firmware(*run);
        auto machine = qemu::MachineProcess::adopt(env_.executor, run->status.pid, run->status.process_start_time,
                                                   run->status.monitor_path, domain->callbacks(run));
        run->started = true;
        if (!machine) {  // it ended while nobody watched
            ExitStatus unknown;
            unknown.known = false;
            domain->keep_running(domain->ended(run, unknown));
            return;
        }
        run->machine = std::move(*machine);
        run->auxiliaries = adopt_auxiliaries(env_, run->status);
        domain->watch_auxiliaries(run);
        run->probing = true;
        domain->keep_running(reconnect(domain, run, was_stopping));
    }

    // A start had succeeded, but the old variable store of its reset was perhaps not put away yet.
    void finish_firmware(const Running& run) {
        auto definition = live_definition(run.status);
        if (!definition) return;
        if (auto site = firmware::site_of(*definition, env_.layout.data))
            if (auto done = firmware::recover_site(*site, firmware::Started::yes); !done)
                log::warning("domain {}: {}", run.status.name, done.error().what());
    }

    static Task<> reconnect(std::shared_ptr<Domain> domain, std::shared_ptr<Running> run, bool was_stopping) {
        bool failed = false;
        try {
            co_await domain->synchronise(run);
            domain->answered(run);
        } catch (const Error& error) {
            if (error.code() == Errc::cancelled) throw;
            log::warning("domain {} runs, but does not answer: {}", domain->name_, error.what());
            failed = true;
        }
        run->probing = false;
        if (failed && !was_stopping) {
            domain->unresponsive(run);
        } else if (!failed) {
            co_await domain->open_ports(run);
        }
        if (was_stopping && !run->has_ended) co_await domain->take_down(run, false, "destroyed");
    }

    // The object of a running domain: the persistent one, or one made anew for what was created.
    std::shared_ptr<Domain> placed(const state::Status& status) {
        if (auto domain = domains_.find_uuid(status.uuid)) return domain;
        auto name = status.name;
        for (int n = 2; domains_.by_name_.contains(name); ++n) name = fmt::format("{}-{}", status.name, n);
        auto domain = std::make_shared<Domain>(env_, status.uuid, name);
        domain->transient_xml_ = std::make_shared<const std::string>(status.live_xml);
        if (auto definition = live_definition(status)) domain->note_definition(*definition);
        domain->listed_ = true;
        domain->bump();
        domains_.by_uuid_.emplace(status.uuid, domain);
        domains_.by_name_.emplace(name, domain);
        env_.observer.added(*domain);
        return domain;
    }

    // Folders of our guests that are off. Those of unknown UUIDs may be another daemon's.
    Task<> remove_left_cgroups() {
        std::vector<std::filesystem::path> left;
        for (auto& uuid : env_.cgroups.found()) {
            auto domain = domains_.find_uuid(uuid);
            if (!domain || domain->active()) continue;
            for (auto& parent : env_.cgroups.parents()) left.push_back(parent / uuid);
        }
        if (left.empty()) co_return;
        auto work = [left](std::stop_token) { return host::Cgroups::remove(left); };
        if (auto removed = co_await env_.pool.call(std::move(work)); !removed)
            log::warning("{}", removed.error().what());
    }

    Environment& env_;
    Domains& domains_;
};

Task<> Domains::reattach() {
    Reattach work(env_, *this);
    co_await work.run();
}

Task<> Domains::load() {
    load_definitions();
    co_await reattach();
    co_await finish_stores();
}

}  // namespace vireo::domain
