// SPDX-License-Identifier: LGPL-2.1-or-later
// The programs that serve one run of a guest beside its QEMU: swtpm, virtiofsd, passt. Each is started before QEMU, in
// the guest's control group, with one end of a connection whose other end is QEMU's; it is noted in the status document
// before it does anything, so that the next daemon finds it, and is ended when QEMU has ended.
#pragma once
#include "domain/environment.hpp"
#include "support/process.hpp"

#include <memory>
#include <string>
#include <vector>

namespace vireo::domain {

inline constexpr auto auxiliary_end = std::chrono::seconds(5);    // from SIGTERM to SIGKILL
inline constexpr auto auxiliary_kill = std::chrono::seconds(10);  // longer: stuck in the kernel

// Its descriptors: the connection, and the log once more (1 and 2 are the log too), since swtpm does not take 2 for
// one.
inline constexpr int channel_fd = 3, auxiliary_log_fd = 4;

struct Auxiliary {  // one that runs
    Auxiliary(std::string p, std::string d, Process r)
        : program(std::move(p)), device(std::move(d)), process(std::move(r)) {}
    std::string program, device;  // "swtpm", "tpm0"
    Process process;
    UniqueFd log;        // none when another daemon started it
    long log_start = 0;  // of what this run wrote there

    std::string what() const { return program + " of device " + device; }
    Error ended(const ExitStatus& status) const;  // hypervisor_failed, with its last words
};

// What every program of a run is given: its environment, the guest's control group where a process can be born into
// it, and whom it runs as (none: ourselves).
void prepare_command(Command& command, int cgroup, const std::optional<host::Account>& account = {});

std::filesystem::path auxiliary_log_path(const Environment& environment, const std::string& uuid,
                                         const std::string& device);

// Those of a run that are there; what has ended or is another process by now is passed over.
std::vector<std::shared_ptr<Auxiliary>> adopt_auxiliaries(Environment& environment, const state::Status& status);

// Asks them to end, and makes them. Failures are logged.
Task<> end_auxiliaries(Environment& environment, state::Status status);

}  // namespace vireo::domain
