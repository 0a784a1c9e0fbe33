// SPDX-License-Identifier: LGPL-2.1-or-later
#include "support/process.hpp"

#include "support/file.hpp"
#include "support/task_group.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <array>
#include <cerrno>
#include <charconv>
#include <csignal>
#include <fcntl.h>
#include <fmt/format.h>
#include <linux/close_range.h>
#include <linux/mempolicy.h>
#include <linux/sched.h>
#include <poll.h>
#include <pthread.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>

namespace vireo {
namespace {

constexpr std::size_t max_fds = 256;
constexpr int high_fd = 1000;  // descriptors are parked here on their way

struct StartFailure {
    int error;
    char step[28];
};

constexpr unsigned most_nodes = 1024;  // Linux: MAX_NUMNODES

struct ChildPlan {  // all that the child needs, allocated before the clone
    const char* const* argv;
    const char* const* env;
    const int (*fds)[2];
    int count;
    const Command* command;
    int report;
    int gate_writer;  // the other end, the parent's
    int gate;         // a byte from it means go; its end means do not
};

// Between clone and exec: only async-signal-safe calls, no allocation.
[[noreturn]] void child_main(const ChildPlan& plan) {
    int report = plan.report, gate = plan.gate;
    int parked[max_fds];
    auto fail = [&](const char* step) {
        StartFailure failure{errno, {}};
        for (int i = 0; step[i] && i < 27; ++i) failure.step[i] = step[i];
        (void)!::write(report, &failure, sizeof failure);
        ::_exit(127);
    };
    for (int s = 1; s < NSIG; ++s)
        if (s != SIGKILL && s != SIGSTOP) ::signal(s, SIG_DFL);
    sigset_t none;
    ::sigemptyset(&none);
    if (::sigprocmask(SIG_SETMASK, &none, nullptr)) fail("resetting signals");
    if (::setsid() < 0) fail("making a session");
    // Everything is close-on-exec (asio's accept() does not set it), then the named ones come back.
    if (::syscall(SYS_close_range, 3u, ~0u, CLOSE_RANGE_CLOEXEC)) fail("closing descriptors");
    // First above all targets, so that no dup2 overwrites a source (or the report) still needed.
    if ((report = ::fcntl(report, F_DUPFD_CLOEXEC, high_fd)) < 0) ::_exit(127);
    if ((gate = ::fcntl(gate, F_DUPFD_CLOEXEC, high_fd)) < 0) fail("passing descriptors");
    ::close(plan.gate_writer);  // else its own copy would keep the gate from ending
    for (int i = 0; i < plan.count; ++i)
        if ((parked[i] = ::fcntl(plan.fds[i][1], F_DUPFD_CLOEXEC, high_fd)) < 0) fail("passing descriptors");
    for (int i = 0; i < plan.count; ++i)
        if (::dup2(parked[i], plan.fds[i][0]) < 0) fail("passing descriptors");
    if (!plan.command->memory_nodes.empty()) {  // set_mempolicy(2): every thread inherits it
        unsigned long mask[most_nodes / (8 * sizeof(unsigned long))] = {};
        constexpr unsigned bits = 8 * sizeof(unsigned long);
        for (unsigned node : plan.command->memory_nodes)
            if (node < most_nodes) mask[node / bits] |= 1ul << (node % bits);
        if (::syscall(SYS_set_mempolicy, MPOL_BIND, mask, most_nodes + 1)) fail("binding its memory");
    }
    // Before the change of user: a folder that was given to it may lie where it could not go by itself.
    if (::chdir(plan.command->folder.c_str())) fail("changing the folder");
    if (plan.command->uid) {
        // The kernel's calls, not the C library's: those hand the change to every thread that the parent had, and wait
        // for ever for one that was just being made.
        auto& groups = plan.command->groups;
        if (::syscall(SYS_setgroups, groups.size(), groups.data())) fail("setting groups");
        auto gid = plan.command->gid.value_or(static_cast<gid_t>(*plan.command->uid));
        if (::syscall(SYS_setresgid, gid, gid, gid)) fail("setting the group");
        auto uid = *plan.command->uid;
        if (::syscall(SYS_setresuid, uid, uid, uid)) fail("setting the user");
    }
    // After the change of user, which takes it back. A parent that has died meanwhile is noticed at the gate.
    if (plan.command->dies_with_us && ::prctl(PR_SET_PDEATHSIG, SIGKILL)) fail("tying it to us");
    char go = 0;
    ssize_t n;
    while ((n = ::read(gate, &go, 1)) < 0 && errno == EINTR) {}
    if (n != 1) ::_exit(126);  // the parent died or changed its mind
    ::execve(plan.argv[0], const_cast<char* const*>(plan.argv), const_cast<char* const*>(plan.env));
    fail("exec");
    ::_exit(127);
}

std::vector<const char*> pointers(const std::vector<std::string>& strings) {
    std::vector<const char*> all;
    for (auto& s : strings) all.push_back(s.c_str());
    all.push_back(nullptr);
    return all;
}

}  // namespace

struct Process::State {
    State(const Executor& executor, pid_t p, int pidfd) : pid(p), descriptor(executor, pidfd) {}
    pid_t pid;
    std::uint64_t start_time = 0;
    asio::posix::stream_descriptor descriptor;
    std::optional<ExitStatus> status;

    bool look() {  // has it ended?
        if (status) return true;
        siginfo_t info{};
        if (::waitid(P_PIDFD, static_cast<id_t>(descriptor.native_handle()), &info, WEXITED | WNOHANG) == 0) {
            if (info.si_pid != 0) {
                status.emplace();
                status->signalled = info.si_code != CLD_EXITED;
                status->value = info.si_status;
            }
        } else {  // adopted, not our child: gone, status unknown
            pollfd gone{descriptor.native_handle(), POLLIN, 0};
            if (::poll(&gone, 1, 0) == 1) {
                status.emplace();
                status->known = false;
            }
        }
        return status.has_value();
    }
};

std::string ExitStatus::text() const {
    if (!known) return "ended (its exit status is not known)";
    if (signalled) return fmt::format("was killed by signal {}", value);
    return fmt::format("exited with status {}", value);
}

Result<std::uint64_t> process_start_time(pid_t pid) {
    auto gone = [&] { return fail(Errc::not_found, "there is no process ", std::to_string(pid)); };
    auto text = read_file(fmt::format("/proc/{}/stat", pid), 65536);
    if (!text) return gone();
    auto after_name = text->rfind(')');  // the name itself may hold spaces and parentheses
    if (after_name == std::string::npos || after_name + 2 >= text->size()) return gone();
    std::string_view rest = std::string_view(*text).substr(after_name + 2);
    if (rest.front() == 'Z' || rest.front() == 'X') return gone();
    for (int field = 3; field < 22; ++field) {
        auto space = rest.find(' ');
        if (space == std::string_view::npos) return gone();
        rest.remove_prefix(space + 1);
    }
    std::uint64_t ticks = 0;
    if (std::from_chars(rest.data(), rest.data() + rest.size(), ticks).ec != std::errc()) return gone();
    return ticks;
}

Process::Process(std::shared_ptr<State> state) : state_(std::move(state)) {}
Process::Process(Process&&) noexcept = default;
Process& Process::operator=(Process&&) noexcept = default;
Process::~Process() = default;
pid_t Process::pid() const noexcept {
    return state_->pid;
}
std::uint64_t Process::start_time() const noexcept {
    return state_->start_time;
}
bool Process::ended() noexcept {
    return state_->look();
}
void Process::kill(int signal) noexcept {
    ::syscall(SYS_pidfd_send_signal, state_->descriptor.native_handle(), signal, nullptr, 0);
}

// It leads a group of its own (setsid in child_main), whose number stays taken while it is there.
void Process::kill_group(int signal) noexcept {
    if (!ended() && ::getpgid(state_->pid) == state_->pid) ::kill(-state_->pid, signal);
    kill(signal);
}

namespace {

// A child that carries out the plan; its pidfd, too. -1 and errno: there is none.
pid_t clone_child(const ChildPlan& plan, UniqueFd& pidfd) {
    int raw = -1;
    clone_args args{};
    int cgroup = plan.command->cgroup_fd;
    args.flags = CLONE_PIDFD | (cgroup >= 0 ? CLONE_INTO_CGROUP : 0);
    args.pidfd = reinterpret_cast<__u64>(&raw);
    args.exit_signal = SIGCHLD;
    if (cgroup >= 0) args.cgroup = static_cast<__u64>(cgroup);
    sigset_t all, old;  // no handler of ours runs in the child
    ::sigfillset(&all);
    ::pthread_sigmask(SIG_SETMASK, &all, &old);
    auto pid = static_cast<pid_t>(::syscall(SYS_clone3, &args, sizeof args));
    if (pid == 0) child_main(plan);
    int error = errno;
    ::pthread_sigmask(SIG_SETMASK, &old, nullptr);
    pidfd = UniqueFd(raw);
    errno = error;
    return pid;
}

// Blocks until the child runs the program (its end of the pipe closes) or has said why it cannot.
Result<> until_exec(int report, const std::string& program) {
    StartFailure failure{};
    ssize_t n;
    while ((n = ::read(report, &failure, sizeof failure)) < 0 && errno == EINTR) {}
    if (n != sizeof failure) return {};
    return Failure(system_error(failure.error, fmt::format("cannot start {} ({})", program, failure.step)));
}

}  // namespace

Result<Process> Process::start(Executor executor, const Command& command) {
    auto argv = pointers(command.argv), env = pointers(command.env);
    UniqueFd null(::open("/dev/null", O_RDWR | O_CLOEXEC));
    std::vector<std::array<int, 2>> fds;
    for (int i = 0; i < 3; ++i)
        if (!command.fds.contains(i)) fds.push_back({i, null.get()});
    for (auto [child, ours] : command.fds) fds.push_back({child, ours});
    if (fds.size() > max_fds) return fail(Errc::limit_exceeded, "too many descriptors for one child");
    int ends[2];
    if (::pipe2(ends, O_CLOEXEC)) return Failure(system_error(errno, "cannot make a pipe"));
    UniqueFd read_end(ends[0]), write_end(ends[1]);
    if (::pipe2(ends, O_CLOEXEC)) return Failure(system_error(errno, "cannot make a pipe"));
    UniqueFd gate(ends[0]), open_gate(ends[1]);

    ChildPlan plan{argv.data(),
                   env.data(),
                   reinterpret_cast<const int(*)[2]>(fds.data()),
                   static_cast<int>(fds.size()),
                   &command,
                   write_end.get(),
                   open_gate.get(),
                   gate.get()};
    UniqueFd pidfd;
    auto pid = clone_child(plan, pidfd);
    if (pid < 0) return Failure(system_error(errno, "cannot make a process for " + command.argv[0]));
    write_end.reset();
    auto start_time = process_start_time(pid).value_or(0);
    auto allowed = command.before_exec ? command.before_exec(pid, start_time) : Result<>();
    // The reading end is still open here: a child that has failed already costs no SIGPIPE, and says so below.
    if (allowed) (void)!::write(open_gate.get(), "g", 1);
    open_gate.reset();
    if (auto runs = until_exec(read_end.get(), command.argv[0]); !allowed || !runs) {
        siginfo_t info{};
        ::waitid(P_PIDFD, static_cast<id_t>(pidfd.get()), &info, WEXITED);
        return Failure(allowed ? runs.error() : allowed.error());
    }
    auto state = std::make_shared<State>(executor, pid, pidfd.release());
    state->start_time = start_time;
    return Process(std::move(state));
}

Result<Process> Process::adopt(Executor executor, pid_t pid, std::uint64_t start_time) {
    UniqueFd fd(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)));
    if (!fd) return Failure(system_error(errno, fmt::format("process {}", pid)));
    auto actual = process_start_time(pid);
    if (!actual) return Failure(actual.error());
    if (*actual != start_time) return fail(Errc::not_found, "process ", std::to_string(pid), " is another one now");
    auto state = std::make_shared<State>(executor, pid, fd.release());
    state->start_time = start_time;
    return Process(std::move(state));
}

Task<ExitStatus> Process::wait() {
    auto state = state_;  // may outlive this object
    while (!state->look()) {
        auto [error] = co_await state->descriptor.async_wait(asio::posix::stream_descriptor::wait_read,
                                                             asio::as_tuple(asio::use_awaitable));
        if (error) throw Error(Errc::cancelled, fmt::format("stopped waiting for process {}", state->pid));
    }
    co_return *state->status;
}

namespace {

Task<> drain(asio::posix::stream_descriptor& from, std::string& into, std::size_t limit) {
    std::array<char, 4096> buffer;
    for (;;) {
        auto [error, n] = co_await from.async_read_some(asio::buffer(buffer), asio::as_tuple(asio::use_awaitable));
        if (error) co_return;
        into.append(buffer.data(), std::min(n, limit - std::min(limit, into.size())));
    }
}

// A cancelled run leaves no zombie and no grandchild; blocks for the moment that SIGKILL takes.
struct KillAndReap {
    Process& process;
    ~KillAndReap() {
        if (process.ended()) return;
        process.kill_group(SIGKILL);
        siginfo_t info{};
        // not P_PIDFD: asio made it O_NONBLOCK, and then waitid() answers EAGAIN instead of waiting
        while (::waitid(P_PID, static_cast<id_t>(process.pid()), &info, WEXITED) < 0 && errno == EINTR) {}
    }
};

}  // namespace

Task<Output> run_program(Command command, std::size_t limit) {
    auto executor = co_await asio::this_coro::executor;
    int o[2], e[2];
    if (::pipe2(o, O_CLOEXEC)) throw system_error(errno, "cannot make a pipe");
    asio::posix::stream_descriptor out(executor, o[0]);
    UniqueFd out_end(o[1]);
    if (::pipe2(e, O_CLOEXEC)) throw system_error(errno, "cannot make a pipe");
    asio::posix::stream_descriptor err(executor, e[0]);
    UniqueFd err_end(e[1]);
    command.fds[1] = out_end.get();
    command.fds[2] = err_end.get();
    auto process = take(Process::start(executor, command));
    KillAndReap reap{process};
    out_end.reset();
    err_end.reset();
    Output output;
    auto [a, b, status] = co_await all(drain(out, output.out, limit), drain(err, output.err, limit), process.wait());
    (void)a;
    (void)b;
    output.status = status;
    co_return output;
}

}  // namespace vireo
