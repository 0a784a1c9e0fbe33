// SPDX-License-Identifier: LGPL-2.1-or-later
#include "qemu/machine_process.hpp"

#include "qemu/process_text.hpp"
#include "support/notifier.hpp"
#include "support/task_group.hpp"
#include "support/timeout.hpp"

#include <boost/asio/cancellation_type.hpp>

#include <csignal>
#include <fmt/format.h>
#include <sys/stat.h>

namespace vireo::qemu {
namespace {

constexpr Clock::duration last_events_limit = std::chrono::seconds(1);  // from QEMU's end to that of its stream
constexpr Clock::duration end_limit = std::chrono::seconds(2);          // from the end of the stream to QEMU's
namespace fs = std::filesystem;

Error not_connected() {
    return Error(Errc::unavailable, "QEMU's monitor is not connected");
}

}  // namespace

struct MachineProcess::State {
    State(const Executor& e, Process p, fs::path m, Callbacks c)
        : executor(e), process(std::move(p)), monitor(std::move(m)), callbacks(std::move(c)), changed(e), group(e) {}

    Executor executor;
    Process process;
    fs::path monitor;
    Callbacks callbacks;
    std::shared_ptr<QmpClient> client;  // shared: a command may outlast a reconnection
    QmpGreeting greeting;
    Notifier changed;
    std::optional<ExitStatus> status;  // set when the last event is through
    bool abandoned = false;            // no more callbacks
    TaskGroup group;

    static Task<> watch(std::shared_ptr<State> self);
    static Task<> connect(std::shared_ptr<State> self, UniqueFd socket, Clock::duration limit);
    static Task<> report_lost(std::shared_ptr<State> self, Error why);
    static Task<> greet(std::shared_ptr<State> self, UniqueFd socket, Clock::duration limit);
    static Task<ExitStatus> wait_ended(std::shared_ptr<State> self);
    static Task<ExitStatus> quit(std::shared_ptr<State> self, QuitLimits limits);
    void abandon() noexcept;
};

Task<> MachineProcess::State::watch(std::shared_ptr<State> self) {
    auto status = co_await self->process.wait();
    if (auto client = self->client) {  // what QEMU said last, its SHUTDOWN event above all
        try {
            co_await with_timeout(client->closed(), last_events_limit, "the end of QEMU's monitor");
        } catch (const Error&) {  // a child of QEMU's holds it open
        }
        client->close();
    }
    self->status = status;
    self->changed.notify_all();
    auto callback = std::move(self->callbacks.ended);
    if (callback && !self->abandoned) callback(status);
}

Task<> MachineProcess::State::connect(std::shared_ptr<State> self, UniqueFd socket, Clock::duration limit) {
    QmpClient::Options options;
    options.handshake_limit = limit;
    std::weak_ptr<State> weak = self;
    auto usable = std::make_shared<bool>(false);  // before that a failure is this function's to report
    options.on_event = [weak](const QmpEvent& event) {
        auto state = weak.lock();
        if (state && !state->abandoned && state->callbacks.event) state->callbacks.event(event);
    };
    options.on_closed = [weak, usable](const Error& why) {
        auto state = weak.lock();
        if (state && *usable) state->group.spawn(report_lost(state, why));
    };
    auto client = std::make_shared<QmpClient>(self->executor, std::move(socket), std::move(options));
    auto before = std::exchange(self->client, client);
    if (before) before->close();
    co_await client->ready();
    *usable = true;
    self->greeting = client->greeting();
}

// When QEMU ends, its sockets go a moment before it: that is no lost monitor.
Task<> MachineProcess::State::report_lost(std::shared_ptr<State> self, Error why) {
    try {
        co_await with_timeout(self->process.wait(), end_limit, "QEMU's end");
        co_return;
    } catch (const Error& e) {
        if (e.code() != Errc::timeout) throw;
    }
    bool again = self->client && !self->client->is_closed();  // connected anew meanwhile
    if (!again && !self->abandoned && self->callbacks.lost) self->callbacks.lost(why);
}

// The handshake, or the end of QEMU, whichever comes first.
Task<> MachineProcess::State::greet(std::shared_ptr<State> self, UniqueFd socket, Clock::duration limit) {
    auto until_ended = [self]() -> Task<> {
        auto status = co_await self->process.wait();
        throw Error(Errc::hypervisor_failed, "QEMU " + status.text());
    };
    auto body = [&](TaskGroup& group) -> Task<> {
        group.spawn(until_ended());
        co_await connect(self, std::move(socket), limit);
        group.cancel();
    };
    co_await scoped(body);
}

void MachineProcess::State::abandon() noexcept {
    abandoned = true;
    if (client) client->close();
    group.cancel();
}

namespace {

// A QEMU that did not come up goes, and its last words explain why.
Task<Error> clean_up(Process process, bool gone, Error failure, int log_fd, long log_start) {
    bool ended = process.ended();
    if (!ended && gone) {
        try {  // it may be ending: its sockets go first
            co_await with_timeout(process.wait(), end_limit, "QEMU's end");
            ended = true;
        } catch (const Error&) {}
    }
    if (!ended) {
        process.kill(SIGKILL);
        try {
            co_await with_timeout(process.wait(), default_kill_limit, "the end of a killed QEMU");
        } catch (const Error& e) {
            co_return Error(failure.code(), e.what(), failure);
        }
    }
    if (failure.code() == Errc::cancelled) co_return failure;
    auto words = last_words_of(log_fd, log_start);
    if (ended) {
        auto status = co_await process.wait();
        auto text = fmt::format("QEMU {}{}{}", status.text(), words.empty() ? "" : ": ", words);
        co_return Error(Errc::hypervisor_failed, text);
    }
    if (words.empty()) co_return failure;
    co_return failure.wrap(fmt::format("QEMU did not come up (it wrote: {})", words));
}

}  // namespace

Task<MachineProcess> MachineProcess::launch(Command command, MonitorSocket socket, LaunchOptions options) {
    auto executor = co_await asio::this_coro::executor;
    struct stat log{};
    long log_start = options.log_fd >= 0 && ::fstat(options.log_fd, &log) == 0 ? static_cast<long>(log.st_size) : 0;
    auto connection = take(connect_monitor(socket.path()));
    auto process = take(Process::start(executor, command));
    auto path = socket.path();
    {
        auto ours = std::move(socket);  // QEMU's is the only one now: when it dies, so does the connection
    }
    auto state = std::make_shared<State>(executor, std::move(process), std::move(path), std::move(options.callbacks));
    std::exception_ptr failure;
    try {
        co_await State::greet(state, std::move(connection), options.start_limit);
    } catch (...) {
        failure = std::current_exception();
    }
    if (!failure) {
        state->group.spawn(State::watch(state));
        co_return MachineProcess(std::move(state));
    }
    co_await asio::this_coro::reset_cancellation_state(asio::disable_cancellation());
    bool gone = state->client && state->client->is_gone();
    state->abandon();
    auto error = co_await clean_up(std::move(state->process), gone, current_error(failure), options.log_fd, log_start);
    co_await asio::this_coro::reset_cancellation_state(asio::enable_terminal_cancellation());
    throw error;
}

Result<MachineProcess> MachineProcess::adopt(Executor executor, pid_t pid, std::uint64_t start_time, fs::path monitor,
                                             Callbacks callbacks) {
    auto process = Process::adopt(executor, pid, start_time);
    if (!process) return Failure(process.error());
    auto state = std::make_shared<State>(executor, std::move(*process), std::move(monitor), std::move(callbacks));
    state->group.spawn(State::watch(state));
    return MachineProcess(std::move(state));
}

MachineProcess::MachineProcess(std::shared_ptr<State> state) : state_(std::move(state)) {}
MachineProcess::MachineProcess(MachineProcess&&) noexcept = default;
MachineProcess& MachineProcess::operator=(MachineProcess&& other) noexcept {
    if (this != &other) {
        if (state_) state_->abandon();
        state_ = std::move(other.state_);
    }
    return *this;
}
MachineProcess::~MachineProcess() {
    if (state_) state_->abandon();
}

Task<> MachineProcess::connect(Clock::duration limit) {
    auto state = state_;
    auto socket = take(connect_monitor(state->monitor));
    co_await State::greet(state, std::move(socket), limit);
}
bool MachineProcess::connected() const noexcept {
    return state_->client && state_->client->is_ready();
}

namespace {

template <class T>
Task<T> refuse() {
    throw not_connected();
    co_return T();
}

}  // namespace

Task<json::value> MachineProcess::execute(std::string command, json::object arguments, Clock::duration limit) {
    return execute(QmpCommand(std::move(command), std::move(arguments)), limit);
}
Task<json::value> MachineProcess::execute(QmpCommand command, Clock::duration limit) {
    if (!connected()) return refuse<json::value>();
    return state_->client->execute(std::move(command), limit);
}
Task<std::vector<Result<json::value>>> MachineProcess::execute_all(std::vector<QmpCommand> commands,
                                                                   Clock::duration limit) {
    if (!connected()) return refuse<std::vector<Result<json::value>>>();
    return state_->client->execute_all(std::move(commands), limit);
}

pid_t MachineProcess::pid() const noexcept {
    return state_->process.pid();
}
std::uint64_t MachineProcess::start_time() const noexcept {
    return state_->process.start_time();
}
const fs::path& MachineProcess::monitor_path() const noexcept {
    return state_->monitor;
}
const QmpGreeting& MachineProcess::greeting() const noexcept {
    return state_->greeting;
}
bool MachineProcess::ended() const noexcept {
    return state_->process.ended();
}

Task<ExitStatus> MachineProcess::State::wait_ended(std::shared_ptr<State> self) {
    while (!self->status) co_await self->changed.wait();
    co_return *self->status;
}
Task<ExitStatus> MachineProcess::wait_ended() {
    return State::wait_ended(state_);
}

Task<ExitStatus> MachineProcess::State::quit(std::shared_ptr<State> self, QuitLimits limits) {
    auto still_there = [&](Clock::duration limit) -> Task<bool> {
        try {
            co_await with_timeout(wait_ended(self), limit, "QEMU's end");
        } catch (const Error& e) {
            if (e.code() != Errc::timeout) throw;
            co_return true;
        }
        co_return false;
    };
    bool there = true;
    if (limits.terminate > Clock::duration::zero() || !limits.force) {
        self->process.kill(SIGTERM);
        there = co_await still_there(limits.terminate);
        if (there && !limits.force)
            throw Error(Errc::timeout, fmt::format("QEMU (process {}) did not end when asked to", self->process.pid()))
                .with_hint("It hangs or is stopped; end it by force.");
    }
    if (there) {
        self->process.kill(SIGKILL);
        there = co_await still_there(limits.kill);
    }
    if (there)
        throw Error(Errc::timeout, fmt::format("QEMU (process {}) does not even end when killed", self->process.pid()))
            .with_hint("The kernel holds it, usually because its storage does not answer.");
    co_return *self->status;
}
Task<ExitStatus> MachineProcess::quit(QuitLimits limits) {
    return State::quit(state_, limits);
}

}  // namespace vireo::qemu
