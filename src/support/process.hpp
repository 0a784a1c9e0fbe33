// SPDX-License-Identifier: LGPL-2.1-or-later
// Starts a program and waits for it through a pidfd: no SIGCHLD handler, no race on a reused pid. Only the descriptors
// named in fds reach it; it gets its own session, default signals and an empty mask.
#pragma once
#include "support/error.hpp"
#include "support/fd.hpp"
#include "support/task.hpp"

#include <boost/asio/posix/stream_descriptor.hpp>

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <sys/types.h>
#include <vector>

namespace vireo {

struct Command {
    Command() = default;
    std::vector<std::string> argv;  // argv[0] is the absolute path
    std::vector<std::string> env;   // "NAME=value"
    std::map<int, int> fds;         // number in the child → ours (borrowed); 0-2 default to /dev/null
    std::optional<uid_t> uid;       // set with gid; supplementary groups are dropped
    std::optional<gid_t> gid;
    std::vector<gid_t> groups;           // supplementary groups when uid is set (kvm …)
    int cgroup_fd = -1;                  // cgroup v2 folder it is born into (CLONE_INTO_CGROUP); -1: ours
    std::string folder = "/";            // working directory; uid need not be able to reach it
    std::vector<unsigned> memory_nodes;  // of the host, that its memory may come from; empty: any
    bool dies_with_us =
        false;  // killed by the kernel when the thread that starts it ends: for errands, never for guests
    // Called once the process exists and before it runs the program, with its pid and start time. The program starts
    // only when this returns success; when this process dies instead, the other one ends too. So whatever is written
    // down here is on disk before anything has happened. Blocks the loop: keep it short.
    std::function<Result<>(pid_t, std::uint64_t)> before_exec;
};

struct ExitStatus {
    bool known = true;  // false: an adopted process that was not our child
    bool signalled = false;
    int value = 0;  // exit code, or the signal
    bool ok() const { return known && !signalled && value == 0; }
    std::string text() const;  // "exited with status 1", "was killed by signal 9"
};

// Who a process is, beyond its pid, which is reused: field 22 of /proc/PID/stat, in clock ticks since boot (proc(5)).
Result<std::uint64_t> process_start_time(pid_t pid);  // Error(not_found): gone, or a zombie, which is as good as gone

class Process {
public:
    // Blocks the loop until exec, a few ms at most. The error names the step that failed.
    static Result<Process> start(Executor executor, const Command& command);
    // A process that another instance of us started. Error(not_found) when it is gone or start_time does not match.
    static Result<Process> adopt(Executor executor, pid_t pid, std::uint64_t start_time);

    Process(Process&&) noexcept;
    Process& operator=(Process&&) noexcept;
    ~Process();  // does not kill

    pid_t pid() const noexcept;
    std::uint64_t start_time() const noexcept;  // 0 when it ended before it could be read
    Task<ExitStatus> wait();                    // by any number of tasks; cancellable
    bool ended() noexcept;                      // at once; a zombie has ended
    void kill(int signal) noexcept;             // through the pidfd: cannot hit a stranger
    // The same for it and whatever it has started that made no session of its own.
    void kill_group(int signal) noexcept;

private:
    struct State;
    explicit Process(std::shared_ptr<State> state);
    std::shared_ptr<State> state_;
};

struct Output {
    ExitStatus status;
    std::string out, err;
};
// Runs a program to its end; at most limit bytes of each stream are kept. Cancelled: killed and reaped.
Task<Output> run_program(Command command, std::size_t limit = 1u << 20);

}  // namespace vireo
