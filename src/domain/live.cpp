// SPDX-License-Identifier: LGPL-2.1-or-later
// A running domain from its start to its end: what its QEMU says, and what follows from it. Nothing here waits for the
// domain's turn: what has happened has happened.
#include "domain/auxiliary.hpp"
#include "domain/complete.hpp"
#include "domain/domain.hpp"
#include "domain/domains.hpp"
#include "domain/folders.hpp"
#include "domain/tpm.hpp"
#include "firmware/prepare.hpp"
#include "firmware/resolve.hpp"
#include "model/domain_xml.hpp"
#include "support/log.hpp"
#include "support/timeout.hpp"

#include <chrono>
#include <fmt/format.h>

namespace vireo::domain {
namespace {

std::string_view text_of(const boost::json::object& data, std::string_view key) {
    auto* value = data.if_contains(key);
    auto* text = value ? value->if_string() : nullptr;
    return text ? std::string_view(*text) : std::string_view();
}

bool flag_of(const boost::json::object& data, std::string_view key) {
    auto* value = data.if_contains(key);
    return value && value->is_bool() && value->get_bool();
}

// Is this state one in which the processors stop anyhow, so that QEMU's STOP says nothing new?
bool standing(State state) {
    return state == State::in_shutdown || state == State::crashed || state == State::shut_off;
}

}  // namespace

qemu::MachineProcess::Callbacks Domain::callbacks(const std::shared_ptr<Running>& run) {
    qemu::MachineProcess::Callbacks callbacks;
    std::weak_ptr<Domain> domain = weak_from_this();
    std::weak_ptr<Running> weak = run;
    callbacks.event = [domain, weak](const qemu::QmpEvent& event) {
        auto self = domain.lock();
        auto live = weak.lock();
        if (self && live) self->heard(live, event);
    };
    callbacks.lost = [domain, weak](const Error& why) {
        auto self = domain.lock();
        auto live = weak.lock();
        if (!self || !live || !live->started) return;
        log::warning("domain {}: the monitor was lost: {}", self->name_, why.what());
        self->unresponsive(live);
    };
    callbacks.ended = [domain, weak](const ExitStatus& status) {
        auto self = domain.lock();
        auto live = weak.lock();
        if (!self || !live) return;
        live->exit_status = status;
        if (live->started) self->keep_running(self->ended(live, status));
    };
    return callbacks;
}

void Domain::began(const std::shared_ptr<Running>& run) {
    run->started = true;
    answered(run);
    watch_auxiliaries(run);
    auto early = std::exchange(run->early, {});
    for (auto& event : early) heard(run, event);
    if (run->exit_status) keep_running(ended(run, *run->exit_status));
}

namespace {

constexpr auto end_together = std::chrono::seconds(1);  // QEMU and the programs beside it, in whatever order

Task<> watch(std::string name, std::string uuid, std::shared_ptr<Running> run, std::shared_ptr<Auxiliary> auxiliary) {
    auto status = co_await auxiliary->process.wait();
    co_await sleep_for(end_together);
    if (run->has_ended || run->exit_status || !run->stop_reason.empty()) co_return;
    log::write(log::Level::error,
               fmt::format("domain {} runs on without one of its devices: {}", name, auxiliary->ended(status).what()),
               {{"VIREO_DOMAIN", name}, {"VIREO_DOMAIN_UUID", uuid}});
}

}  // namespace

void Domain::watch_auxiliaries(const std::shared_ptr<Running>& run) {
    for (auto& auxiliary : run->auxiliaries) keep_running(watch(name_, uuid_, run, auxiliary));
}

void Domain::heard(const std::shared_ptr<Running>& run, const qemu::QmpEvent& event) {
    if (run != running_ || run->has_ended) return;
    if (!run->started) {
        run->early.push_back(event);  // told again once the start has succeeded
        return;
    }
    if (run->health != Health::ok) answered(run);
    auto& data = event.data;
    if (event.name == "STOP") return heard_stop(*run);
    if (event.name == "RESUME") return heard_resume(*run);
    if (event.name == "SHUTDOWN")
        return guest_shut_down(run, flag_of(data, "guest"), std::string(text_of(data, "reason")));
    if (event.name == "RESET") {
        if (flag_of(data, "guest") || text_of(data, "reason").find("reset") != std::string_view::npos)
            env_.observer.rebooted(*this);
    } else if (event.name == "SUSPEND") {
        set_state(State::pm_suspended, "unknown");
        tell(Lifecycle::pm_suspended, "memory");
    } else if (event.name == "WAKEUP") {
        set_state(State::running, "wakeup");
        tell(Lifecycle::started, "wakeup");
    } else if (event.name == "BLOCK_IO_ERROR") {
        if (text_of(data, "action") == "stop") run->pause_reason = "io-error";
    } else if (event.name == "WATCHDOG") {
        if (text_of(data, "action") == "pause") run->pause_reason = "watchdog";
    } else if (event.name == "GUEST_PANICKED") {
        set_state(State::crashed, "panicked");
        tell(Lifecycle::crashed, "panicked");
        keep_running(follow_crash(run));
    }
}

void Domain::heard_stop(Running& run) {
    auto reason = std::exchange(run.pause_reason, {});
    if (standing(state_)) return;
    if (reason.empty()) reason = "unknown";
    set_state(State::paused, reason);
    tell(Lifecycle::suspended, reason == "io-error" || reason == "watchdog" ? reason : "paused");
}

void Domain::heard_resume(Running&) {
    if (state_ == State::running) return;
    bool again = standing(state_);  // after a reset that a reboot or an action asked for
    set_state(State::running, again ? "booted" : "unpaused");
    if (!again) tell(Lifecycle::resumed, "unpaused");
}

void Domain::guest_shut_down(const std::shared_ptr<Running>& run, bool by_guest, const std::string& cause) {
    if (!run->stop_reason.empty()) return;                     // it is being stopped anyhow
    if (cause == "host-signal" || cause == "host-qmp-quit") {  // somebody else ends the process: no action follows
        run->stop_reason = "shutdown";
        tell(Lifecycle::shutdown, "host");
        return;
    }
    if (cause == "guest-panic") return;  // GUEST_PANICKED says what follows
    set_state(State::in_shutdown, "unknown");
    auto action = cause == "guest-reset" ? run->on_reboot : run->on_poweroff;
    if (run->reboot_wanted) {
        keep_running(follow_action(run, model::LifecycleAction::restart, "shutdown"));
        return;
    }
    if (cause != "guest-reset") tell(Lifecycle::shutdown, by_guest ? "guest" : "finished");
    keep_running(follow_action(run, action, "shutdown"));
}

// destroy ends it, restart resets it, preserve keeps it as it is for a look. Errors are the log's: nobody waits.
Task<> Domain::follow_action(std::shared_ptr<Running> run, model::LifecycleAction action, std::string reason) {
    if (action == model::LifecycleAction::preserve) co_return;
    if (action == model::LifecycleAction::destroy) {
        co_await take_down(run, false, std::move(reason));
        co_return;
    }
    co_await command(run, "system_reset", "reset");
    run->reboot_wanted = false;
    co_await command(run, "cont", "resume");
    run->finished.notify_all();
}

Task<> Domain::follow_crash(std::shared_ptr<Running> run) {
    switch (run->on_crash) {
        case model::CrashAction::preserve:
            co_return;
        case model::CrashAction::restart:
        case model::CrashAction::rename_restart:
        case model::CrashAction::coredump_restart:
            co_await follow_action(run, model::LifecycleAction::restart, "crashed");
            co_return;
        case model::CrashAction::destroy:
        case model::CrashAction::coredump_destroy:
            co_await take_down(run, false, "crashed");
            co_return;
    }
}

// The process is gone. What it had is given back, then the domain is off.
Task<> Domain::ended(std::shared_ptr<Running> run, ExitStatus status) {
    co_await asio::this_coro::reset_cancellation_state(asio::disable_cancellation());
    if (run->has_ended) co_return;
    for (auto& port : run->ports)
        if (port.console) port.console->close();
    co_await clean_up(run);
    for (int port : run->display_ports) env_.ports_in_use.erase(port);
    if (run->stop_reason.empty()) {
        run->stop_reason = "crashed";
        log::write(log::Level::error, fmt::format("QEMU of domain {} {}", name_, status.text()),
                   {{"VIREO_DOMAIN", name_}, {"VIREO_DOMAIN_UUID", uuid_}});
    }
    run->has_ended = true;
    auto keep = shared_from_this();
    running_.reset();
    run->autodestroy.reset();
    set_state(State::shut_off, run->stop_reason);
    tell(Lifecycle::stopped, run->stop_reason);
    if (!persistent()) env_.domains->forget(keep);
    run->finished.notify_all();
}

// What the run had on the host. Without a definition the variable store that this run made goes with it; one that was
// there before, or that lies where the user said, stays, unless an undefine said otherwise.
Task<> Domain::clean_up(std::shared_ptr<Running> run) {
    co_await clean_folders(env_, run->status);
    if (persistent()) co_return;
    try {
        co_await dispose_of_transient_tpm(env_, *run);
    } catch (const Error& error) {
        log::error("domain {}: the state of its TPM is left where it is: {}", name_, error.what());
    }
    auto definition = model::parse_domain_xml(*run->live_xml, model::ParseOptions{.lenient = true});
    if (!definition) co_return;
    auto disposal = disposal_of(run->status, store_key);
    if (!disposal && run->status.firmware == firmware::to_string(firmware::StoreOutcome::created)) {
        auto store = firmware::store_of(definition->domain, env_.layout.data);
        if (store && store->own) disposal = NvramDisposal::remove;
    }
    try {
        co_await dispose_of_nvram(env_, std::move(definition->domain), disposal.value_or(NvramDisposal::keep), *this,
                                  "");
    } catch (const Error& error) {
        log::error("domain {}: its variable store is left where it is: {}", name_, error.what());
    }
}

}  // namespace vireo::domain
