// SPDX-License-Identifier: LGPL-2.1-or-later
// Turning a running domain off and on, pausing it, asking its guest.
#include "domain/domain.hpp"
#include "support/log.hpp"
#include "support/timeout.hpp"

#include <fmt/format.h>

namespace vireo::domain {

// One command of the monitor. A guest that does not answer is marked so, and left alone.
Task<> Domain::command(std::shared_ptr<Running> run, std::string name, std::string what) {
    std::exception_ptr failure;
    try {
        co_await run->machine->execute(std::move(name), {}, monitor_limit);
        co_return;
    } catch (...) {
        failure = std::current_exception();
    }
    auto error = current_error(failure);
    if (error.code() == Errc::timeout) unresponsive(run);
    auto outer = error.wrap(fmt::format("cannot {} domain {}", what, name_)).with_object(name_);
    if (error.code() == Errc::timeout)
        throw outer.with_hint("its QEMU does not answer; vireo destroy " + name_ + " ends it");
    throw outer;
}

Task<> Domain::reset(std::optional<std::uint64_t> if_revision) {
    auto guard = co_await turn(if_revision);
    require_running("reset");
    co_await command(running_, "system_reset", "reset");
}

Task<> Domain::suspend(std::optional<std::uint64_t> if_revision) {
    auto guard = co_await turn(if_revision);
    auto& run = require_running("suspend");
    if (state_ == State::paused) co_return;
    if (state_ != State::running)
        throw Error(Errc::invalid_state, fmt::format("cannot suspend domain {}: it is {}", name_, to_string(state_)))
            .with_object(name_);
    run.pause_reason = "user";
    co_await command(running_, "stop", "suspend");
}

Task<> Domain::resume(std::optional<std::uint64_t> if_revision) {
    auto guard = co_await turn(if_revision);
    require_running("resume");
    if (state_ == State::pm_suspended) {
        co_await command(running_, "system_wakeup", "wake");
        co_return;
    }
    if (state_ == State::running)
        throw Error(Errc::invalid_state, "domain " + name_ + " is running already").with_object(name_);
    if (state_ != State::paused)
        throw Error(Errc::invalid_state, fmt::format("cannot resume domain {}: it is {}", name_, to_string(state_)))
            .with_object(name_);
    co_await command(running_, "cont", "resume");
}

Task<> Domain::shutdown(ShutdownRequest request, Stages& stages) {
    stages.expect(request.wait ? 2 : 1);
    auto run = co_await press_power_button(false, stages);
    if (!request.wait) co_return;
    auto ended = [](std::shared_ptr<Running> r) -> Task<> {
        while (!r->has_ended) co_await r->finished.wait();
    };
    co_await stage(stages, "guest",
                   with_timeout(ended(run), request.limit, "the shutdown of domain " + name_ + " (which goes on)"));
}

Task<> Domain::reboot(ShutdownRequest request, Stages& stages) {
    stages.expect(request.wait ? 2 : 1);
    auto run = co_await press_power_button(true, stages);
    if (!request.wait) co_return;
    auto rebooted = [](std::shared_ptr<Running> r) -> Task<> {
        while (r->reboot_wanted && !r->has_ended) co_await r->finished.wait();
        if (r->has_ended) throw Error(Errc::invalid_state, "the domain stopped instead of rebooting");
    };
    co_await stage(stages, "guest",
                   with_timeout(rebooted(run), request.limit, "the reboot of domain " + name_ + " (which goes on)"));
}

// Only the pressing takes the domain's turn: what the guest does then takes its time, and may be destroyed meanwhile.
Task<std::shared_ptr<Running>> Domain::press_power_button(bool reboot, Stages& stages) {
    auto guard = co_await turn({});
    auto& run = require_running(reboot ? "reboot" : "shut down");
    if (state_ != State::running && state_ != State::pm_suspended)
        throw Error(Errc::invalid_state, fmt::format("cannot {} domain {}: it is {}", reboot ? "reboot" : "shut down",
                                                     name_, to_string(state_)))
            .with_object(name_)
            .with_hint(state_ == State::paused ? "resume it first: vireo resume " + name_ : "");
    run.reboot_wanted = reboot;
    co_await stage(stages, "ask", command(running_, "system_powerdown", reboot ? "reboot" : "shut down"));
    co_return running_;
}

Task<> Domain::destroy(bool graceful, std::optional<std::uint64_t> if_revision, Stages& stages) {
    bool starting = running_ && !running_->started;
    if (starting && cancel_start) cancel_start();  // it undoes what it has done; then it is our turn
    auto guard = co_await turn(if_revision);
    if (starting && !running_) co_return;
    if (!running_) throw Error(Errc::invalid_state, "domain " + name_ + " is not running").with_object(name_);
    stages.expect(1);
    co_await stage(stages, "stop", take_down(running_, graceful, "destroyed"));
}

Task<> Domain::take_down(std::shared_ptr<Running> run, bool graceful, std::string reason) {
    auto before = std::exchange(run->stop_reason, std::move(reason));
    run->status.phase = state::Phase::stopping;
    save_status(*run);
    std::exception_ptr failure;
    qemu::QuitLimits limits;
    limits.terminate = graceful ? Clock::duration(graceful_limit) : Clock::duration(kill_after);
    limits.force = !graceful;
    try {
        co_await run->machine->quit(limits);
    } catch (...) {
        failure = std::current_exception();
    }
    if (failure) {
        run->stop_reason = std::move(before);
        run->status.phase = state::Phase::running;
        save_status(*run);
        throw current_error(failure).wrap("cannot stop domain " + name_).with_object(name_);
    }
    while (!run->has_ended) co_await run->finished.wait();
}

}  // namespace vireo::domain
