// SPDX-License-Identifier: LGPL-2.1-or-later
// Whether a running domain's QEMU answers, and finding out what it does when it answers again: after a silence, or
// after a restart of the daemon.
#include "domain/domain.hpp"
#include "domain/labels.hpp"
#include "support/clock.hpp"
#include "support/log.hpp"

#include <chrono>
#include <fmt/format.h>

namespace vireo::domain {
namespace {

std::string text_at(const boost::json::value& value, std::string_view key) {
    auto* object = value.if_object();
    auto* found = object ? object->if_contains(key) : nullptr;
    auto* text = found ? found->if_string() : nullptr;
    return text ? std::string(*text) : std::string();
}

constexpr std::string_view terminal_prefix = "pty:";

}  // namespace

void Domain::answered(const std::shared_ptr<Running>& run) {
    run->known_usec = now_usec();
    if (run->health == Health::ok) return;
    if (run->health == Health::unresponsive) log::info("domain {} answers again", name_);
    run->health = Health::ok;
    env_.observer.changed(*this);
}

void Domain::unresponsive(const std::shared_ptr<Running>& run) {
    if (run != running_ || run->has_ended || run->health == Health::unresponsive) return;
    log::write(log::Level::warning, fmt::format("domain {} does not answer; it is left alone", name_),
               {{"VIREO_DOMAIN", name_}, {"VIREO_DOMAIN_UUID", uuid_}});
    run->health = Health::unresponsive;
    env_.observer.changed(*this);
    if (!std::exchange(run->probing, true)) keep_running(probe(run));
}

// Goes on trying as long as the process lives.
Task<> Domain::probe(std::shared_ptr<Running> run) {
    Clock::duration pause = probe_first;
    while (!run->has_ended && run->health != Health::ok) {
        co_await sleep_for(pause);
        pause = std::min<Clock::duration>(pause * 2, probe_at_most);
        bool answers = false;
        try {
            co_await synchronise(run);
            answers = true;
        } catch (const Error& error) {
            if (error.code() == Errc::cancelled) throw;
            log::debug("domain {} still does not answer: {}", name_, error.what());
        }
        if (answers) answered(run);
    }
    run->probing = false;
}

// Connects if need be and takes over what QEMU says it is doing (QMP: query-status, RunState).
Task<> Domain::synchronise(std::shared_ptr<Running> run) {
    if (!run->machine->connected()) co_await run->machine->connect(monitor_limit);
    auto answer = co_await run->machine->execute("query-status", {}, monitor_limit);
    if (run != running_ || run->has_ended) co_return;
    auto status = text_at(answer, "status");
    if (status == "shutdown") {
        guest_shut_down(run, true, "guest-shutdown");
    } else if (status == "guest-panicked") {
        if (state_ != State::crashed) {
            set_state(State::crashed, "panicked");
            keep_running(follow_crash(run));
        }
    } else if (status == "suspended") {
        if (state_ != State::pm_suspended) set_state(State::pm_suspended, "unknown");
    } else if (status == "running") {
        heard_resume(*run);
    } else if (state_ == State::running) {
        run->pause_reason = status == "io-error" || status == "watchdog" ? status : "unknown";
        heard_stop(*run);
    }
}

// Finds the pseudo-terminals that QEMU made (QMP: query-chardev) and opens them.
Task<> Domain::open_ports(std::shared_ptr<Running> run) {
    auto answer = co_await run->machine->execute("query-chardev", {}, monitor_limit);
    auto* devices = answer.if_array();
    if (!devices) co_return;
    const auto usual = env_.qemu_account ? env_.qemu_account->uid : ::geteuid();
    const auto owner = account_noted_in(run->status).value_or(usual);
    for (auto& device : *devices) {
        auto label = text_at(device, "label"), file = text_at(device, "filename");
        if (!file.starts_with(terminal_prefix)) continue;
        for (auto& port : run->ports) {
            if (label != "char" + port.alias || port.console) continue;
            port.path = file.substr(terminal_prefix.size());
            auto console = Console::open(env_.executor, port.path, owner);
            if (console)
                port.console = std::move(*console);
            else
                log::warning("domain {}, {}: {}", name_, port.alias, console.error().what());
        }
    }
}

}  // namespace vireo::domain
