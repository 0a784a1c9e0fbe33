// SPDX-License-Identifier: LGPL-2.1-or-later
#include "domain/start.hpp"

#include "domain/auxiliary.hpp"
#include "domain/complete.hpp"
#include "domain/domains.hpp"
#include "domain/folders.hpp"
#include "domain/host_devices.hpp"
#include "domain/labels.hpp"
#include "domain/nvram.hpp"
#include "domain/ports.hpp"
#include "domain/servable.hpp"
#include "host/locked_memory.hpp"
#include "model/domain_xml.hpp"
#include "qemu/aliases.hpp"
#include "qemu/assign.hpp"
#include "qemu/cpu_check.hpp"
#include "qemu/host_model.hpp"
#include "support/clock.hpp"
#include "support/log.hpp"

#include <algorithm>
#include <chrono>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <ranges>
#include <unistd.h>

namespace vireo::domain {
namespace {

constexpr std::size_t stage_count = 12;

}  // namespace

Task<> Domain::start(StartRequest request, Stages& stages) {
    auto guard = co_await turn(request.if_revision);
    if (active()) throw Error(Errc::invalid_state, "domain " + name_ + " is running already").with_object(name_);
    if (!listed_) throw Error(Errc::not_found, "domain " + name_ + " was removed meanwhile").with_object(name_);
    Start start(*this, std::move(request), stages);
    std::exception_ptr failure;
    try {
        co_await start.run();
    } catch (...) {
        failure = std::current_exception();
    }
    cancel_start = nullptr;
    if (failure) throw current_error(failure).wrap("cannot start domain " + name_).with_object(name_);
}

Task<> Start::run() {
    stages_.expect(stage_count);
    run_ = std::make_shared<Running>(env_.executor);
    run_->id = ++env_.last_id;
    run_->summary = domain_.summary_;  // until the live definition is read
    domain_.running_ = run_;
    domain_.set_state(State::paused, "starting-up");
    auto body = [this](Rollback& rollback) -> Task<> { return stages(rollback); };
    std::exception_ptr failure;
    try {
        co_await transaction(body);
    } catch (...) {
        failure = std::current_exception();
    }
    if (!failure) co_return;
    for (auto& auxiliary : run_->auxiliaries) (void)auxiliary->process.ended();  // takes note of it: no zombie stays
    for (int port : run_->display_ports) env_.ports_in_use.erase(port);
    domain_.running_.reset();
    domain_.set_state(State::shut_off, "failed");
    if (domain_.listed() && run_->start_usec) domain_.tell(Lifecycle::stopped, "failed");
    if (!domain_.persistent()) env_.domains->forget(domain_.shared_from_this());
    run_->has_ended = true;
    run_->finished.notify_all();
    std::rethrow_exception(failure);
}

Task<> Start::stages(Rollback& rollback) {
    co_await stage(stages_, "prepare", prepare());
    // Noted before anything is touched: a daemon that finds this undoes what follows.
    run_->status.phase = state::Phase::starting;
    take(env_.statuses.save(run_->status));
    rollback.add("the run's folders", [this]() -> Task<> { return clean_folders(env_, run_->status); });
    co_await all(stage(stages_, "firmware", firmware(rollback)), stage(stages_, "disks", disks()),
                 stage(stages_, "runtime", runtime()), stage(stages_, "cgroup", cgroup()),
                 stage(stages_, "hostdevs", host_devices()), stage(stages_, "network", networks()));
    co_await stage(stages_, "auxiliaries", auxiliaries(rollback));
    rollback.add("QEMU", [this]() -> Task<> { return undo_process(); });
    co_await all(stage(stages_, "launch", launch()), stage(stages_, "attach", attach_cgroups()));
    co_await stage(stages_, "devices", devices());
    co_await stage(stages_, "run", go());
}

// The live definition: the persistent one, completed again (which changes nothing unless an older Vireo stored it),
// with names for its devices.
Task<> Start::prepare() {
    auto& text = domain_.persistent_xml_ ? domain_.persistent_xml_ : domain_.transient_xml_;
    live_ = take(model::parse_domain_xml(*text, model::ParseOptions{.lenient = true})).domain;
    auto binary = co_await emulator_of(env_, live_.devices.emulator, live_.os.type.arch);
    capabilities_ = co_await env_.capabilities.get(binary);
    take(qemu::complete(live_, *capabilities_));
    if (request_.reset_nvram)
        co_await Nvram(domain_.shared_from_this(), request_.who).require_confirmed(live_, *request_.reset_nvram);
    take(check_servable(live_));
    co_await find_account();
    co_await processor(binary);
    take(qemu::assign_aliases(live_));
    auto given = take(choose_ports(live_, env_.ports_in_use));
    live_.id = static_cast<std::uint32_t>(run_->id);
    describe(*run_, live_);
    run_->display_ports = std::move(given);
    if (auto& taints = run_->summary.taints; !taints.empty())
        log::warning("domain {} is tainted: {}", domain_.name(),
                     fmt::join(taints | std::views::transform([](auto taint) { return to_string(taint); }), ", "));
    write_live_definition();
    auto& status = run_->status;
    status.uuid = domain_.uuid();
    status.name = domain_.name();
    status.id = run_->id;
    status.monitor_path = monitor_path(env_, domain_.uuid());
    status.persistent = domain_.persistent();
    status.definition_revision = domain_.revision();
    if (request_.nvram && !domain_.persistent()) set_disposal(status, store_key, *request_.nvram);
}

// Checked against, and made of, what the binary said about its processors once; nothing is asked of the running guest.
Task<> Start::processor(std::string binary) {
    const auto wanted = qemu::cpu_checks(live_);
    const auto accelerator = live_.type == model::DomainType::kvm ? qemu::Accelerator::kvm : qemu::Accelerator::tcg;
    if (wanted != qemu::CpuChecks::none) {
        auto available =
            co_await env_.capabilities.expand_cpu(binary, accelerator, std::string(qemu::fullest_cpu(accelerator)));
        std::shared_ptr<const qemu::CpuExpansion> model;
        if (wanted == qemu::CpuChecks::everything)
            model = co_await env_.capabilities.expand_cpu(binary, accelerator, live_.cpu->model->name);
        take(qemu::check_cpu(live_, *available, model.get()));
    }
    if (!qemu::needs_host_model(live_)) co_return;
    auto host = co_await env_.capabilities.host_model(binary, accelerator);
    qemu::expand_host_model(live_, *host);
}

// The account of guests, unless a label of the definition names another.
Task<> Start::find_account() {
    account_ = env_.qemu_account;
    auto label = account_label(live_);
    if (label.empty()) co_return;
    auto work = [label](std::stop_token) { return host::account_of_label(label); };
    auto account = take(co_await env_.pool.call(std::move(work)));
    if (::geteuid() && account.uid != ::geteuid())
        throw Error(Errc::access_denied, "seclabel: only a vireod of root can run a guest as " + account.name);
    if (::geteuid()) co_return;  // we are that
    note_account(run_->status, account);
    account_ = std::move(account);
}

void Start::write_live_definition() {
    auto text = model::format_domain_xml(live_);
    run_->live_xml = std::make_shared<const std::string>(text);
    run_->status.live_xml = std::move(text);
}

Result<> Start::note_process(pid_t pid, std::uint64_t start_time) {
    run_->status.pid = pid;
    run_->status.process_start_time = start_time;
    process_noted_.notify_all();
    if (auto bytes = locked_memory(live_))
        if (auto allowed = host::allow_locked_memory(pid, *bytes); !allowed) return allowed;
    return env_.statuses.save(run_->status);
}

namespace {

// One of the programs that QEMU talks to fails: QEMU would only say that a connection was lost. When one ends without
// an error, QEMU has closed the connection, and says why itself.
Task<> until_failed(std::shared_ptr<Auxiliary> auxiliary) {
    auto status = co_await auxiliary->process.wait();
    if (!status.ok()) throw auxiliary->ended(status);
}

}  // namespace

Task<> Start::launch() {
    auto body = [this](TaskGroup& group) { return launch_machine(group); };
    co_await scoped(body);
}

Task<> Start::launch_machine(TaskGroup& group) {
    for (auto& auxiliary : run_->auxiliaries) group.spawn(until_failed(auxiliary));
    auto prepared = command();
    qemu::MachineProcess::LaunchOptions options;
    options.log_fd = log_.get();
    options.callbacks = domain_.callbacks(run_);
    run_->machine =
        co_await qemu::MachineProcess::launch(std::move(prepared), std::move(*monitor_), std::move(options));
    log_.reset();
    images_.clear();  // QEMU has its own descriptors now
    firmware_.code.reset();
    firmware_.nvram.reset();
    characters_.clear();
    character_fds_.clear();
    files_ = HostFiles();
    auxiliary_fds_.clear();
    memory_folder_.reset();
    host_tpm_.reset();
    host_tpm_cancel_.reset();
    group.cancel();  // from here on the domain watches them
}

Task<> Start::undo_process() {
    if (!run_->machine || run_->machine->ended()) co_return;
    qemu::QuitLimits at_once;
    at_once.terminate = Clock::duration::zero();
    co_await run_->machine->quit(at_once);
}

// While QEMU comes up: the hierarchies of version 1 take only a process that exists, and the kernel takes milliseconds
// for each. A QEMU that ended meanwhile is the launch's to explain.
Task<> Start::attach_cgroups() {
    if (cgroup_.to_attach.empty()) co_return;
    while (!run_->status.pid) co_await process_noted_.wait();
    auto work = [folders = cgroup_.to_attach, pid = run_->status.pid](std::stop_token) -> Result<> {
        auto attached = host::Cgroups::attach(folders, pid);
        return !attached && !process_start_time(pid) ? Result<>() : attached;
    };
    take(co_await env_.pool.call(std::move(work)));
}

// From here on it counts: the processors run, the new variable store stays, the status says so.
Task<> Start::go() {
    run_->status.phase = state::Phase::running;
    run_->start_usec = now_usec();
    run_->status.started_usec = static_cast<std::int64_t>(run_->start_usec);
    if (!request_.paused) co_await run_->machine->execute("cont", {}, monitor_limit);
    co_await asio::this_coro::reset_cancellation_state(asio::disable_cancellation());
    domain_.state_ = request_.paused ? State::paused : State::running;
    domain_.reason_ = request_.paused ? "user" : "booted";
    domain_.save_status(*run_);
    co_await firmware_.commit();
    co_await record_firmware();
    tell_firmware();
    domain_.tell(Lifecycle::started, "booted");
    if (request_.paused) domain_.tell(Lifecycle::suspended, "paused");
    domain_.began(run_);
    env_.observer.changed(domain_);
}

}  // namespace vireo::domain
