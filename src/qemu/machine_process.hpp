// SPDX-License-Identifier: LGPL-2.1-or-later
// One running QEMU: its process, watched through a pidfd, and its monitor. Started here, or adopted after a restart of
// the daemon. Destroying the object changes nothing for QEMU: guests outlive the daemon.
#pragma once
#include "qemu/monitor_socket.hpp"
#include "qemu/qmp_client.hpp"
#include "support/process.hpp"

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>

namespace vireo::qemu {

inline constexpr Clock::duration default_start_limit = std::chrono::seconds(60);      // from exec to the greeting
inline constexpr Clock::duration default_terminate_limit = std::chrono::seconds(10);  // SIGTERM; QEMU takes 3-15 ms
inline constexpr Clock::duration default_kill_limit = std::chrono::seconds(30);  // SIGKILL; longer: stuck in the kernel

struct QuitLimits {
    QuitLimits() = default;
    Clock::duration terminate = default_terminate_limit;  // zero: SIGKILL at once
    Clock::duration kill = default_kill_limit;
    bool force = true;  // SIGKILL when SIGTERM did not do it
};

class MachineProcess {
public:
    // All run on the loop, must not throw, and never come after the destructor.
    struct Callbacks {
        Callbacks() = default;
        std::function<void(const QmpEvent&)> event;
        // The monitor failed while QEMU runs on: it is out of reach until connect() succeeds again.
        std::function<void(const Error& why)> lost;
        // Once, after the last event. Not after a failed launch().
        std::function<void(const ExitStatus&)> ended;
    };
    struct LaunchOptions {
        LaunchOptions() = default;
        Clock::duration start_limit = default_start_limit;
        int log_fd = -1;  // where QEMU's standard error goes, readable and a file: its end explains a failed start
        Callbacks callbacks;
    };

    // Starts QEMU and returns when its monitor is ready. The command passes socket.fd() on under the number that its
    // -chardev names (server=on,wait=off). On any failure, also when cancelled, the process is dead and reaped.
    // Error(hypervisor_failed): it ended or does not talk sense ("QEMU exited with status 1: qemu-system-…: …");
    // Error(timeout): no greeting in time.
    static Task<MachineProcess> launch(Command command, MonitorSocket socket, LaunchOptions options);

    // A QEMU that another run of the daemon started; not connected yet. Failure(not_found): it is gone.
    static Result<MachineProcess> adopt(Executor executor, pid_t pid, std::uint64_t start_time,
                                        std::filesystem::path monitor, Callbacks callbacks);

    MachineProcess(MachineProcess&&) noexcept;
    MachineProcess& operator=(MachineProcess&&) noexcept;
    ~MachineProcess();

    // Connects and shakes hands, also again; QEMU serves one connection, so the one before is closed first.
    // Fails like connect_monitor() and QmpClient::ready(), and with QEMU's end.
    Task<> connect(Clock::duration limit = default_handshake_limit);
    bool connected() const noexcept;  // the monitor is ready

    // As QmpClient's. Error(unavailable) while not connected.
    Task<json::value> execute(std::string command, json::object arguments = {},
                              Clock::duration limit = default_command_limit);
    Task<json::value> execute(QmpCommand command, Clock::duration limit = default_command_limit);
    Task<std::vector<Result<json::value>>> execute_all(std::vector<QmpCommand> commands,
                                                       Clock::duration limit = default_command_limit);

    pid_t pid() const noexcept;
    std::uint64_t start_time() const noexcept;
    const std::filesystem::path& monitor_path() const noexcept;
    const QmpGreeting& greeting() const noexcept;  // all zero before the first connect()

    bool ended() const noexcept;  // a zombie has ended
    // When its last event was delivered too.
    Task<ExitStatus> wait_ended();

    // SIGTERM, then SIGKILL; returns when QEMU has ended. Error(timeout): it still runs after the limits.
    Task<ExitStatus> quit(QuitLimits limits = QuitLimits());

private:
    struct State;
    explicit MachineProcess(std::shared_ptr<State> state);
    std::shared_ptr<State> state_;  // shared with what runs: safe at any time
};

}  // namespace vireo::qemu
