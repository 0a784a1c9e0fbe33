// SPDX-License-Identifier: LGPL-2.1-or-later
// The part of a domain that exists only while it is active.
#pragma once
#include "domain/console.hpp"
#include "domain/states.hpp"
#include "domain/summary.hpp"
#include "model/domain.hpp"
#include "qemu/machine_process.hpp"
#include "state/status_store.hpp"
#include "support/notifier.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace vireo::domain {

// What becomes of the variable store of a domain that goes, or of its emulated TPM's state.
enum class NvramDisposal { trash, keep, remove };

struct Auxiliary;  // auxiliary.hpp

struct SerialPort {                    // a serial, parallel or console device
    std::string alias, kind;           // "serial0", "serial"
    std::string path;                  // its pseudo-terminal; empty when it has none
    std::shared_ptr<Console> console;  // null when it cannot be opened
};

struct Running {
    explicit Running(const Executor& executor) : finished(executor) {}

    int id = -1;  // unique in this run of the daemon and among what it found
    std::shared_ptr<const std::string> live_xml;
    Summary summary;
    std::uint64_t start_usec = 0;  // microseconds since 1970-01-01 UTC
    std::uint64_t known_usec = 0;  // when the hypervisor answered last
    Health health = Health::connecting;
    model::LifecycleAction on_poweroff = model::LifecycleAction::destroy;
    model::LifecycleAction on_reboot = model::LifecycleAction::restart;
    model::CrashAction on_crash = model::CrashAction::destroy;

    std::optional<qemu::MachineProcess> machine;  // none until it is launched
    std::vector<std::shared_ptr<Auxiliary>> auxiliaries;
    std::vector<SerialPort> ports;
    std::vector<int> display_ports;     // TCP ports that were chosen for it
    state::Status status;               // as it is on disk
    std::shared_ptr<void> autodestroy;  // the service's; dropped with the run

    // Why it stops, once that is known; else it crashed.
    std::string stop_reason;
    bool started = false;                   // the start succeeded, or it was found running
    std::vector<qemu::QmpEvent> early;      // what QEMU said before that
    std::optional<ExitStatus> exit_status;  // QEMU has ended
    bool probing = false;                   // somebody is trying to reach it again
    bool reboot_wanted = false;             // a shutdown of the guest is to become a reset
    std::string pause_reason;               // what the next STOP event means; empty: unknown
    bool has_ended = false;
    Notifier finished;  // has_ended became true, or a state that somebody waits for

    pid_t pid() const { return machine ? machine->pid() : status.pid; }
};

// Takes over what facts and decisions need of the definition that runs.
void describe(Running& run, const model::Domain& live);

// What an undefine of a running domain asked for, in its status document: it is done when the domain stops.
inline constexpr const char* store_key = "nvram";
inline constexpr const char* tpm_key = "tpm";
std::optional<NvramDisposal> disposal_of(const state::Status& status, const char* of);
void set_disposal(state::Status& status, const char* of, NvramDisposal disposal);

// The serial devices of a definition, without what a run adds to them.
std::vector<SerialPort> ports_of(const model::Domain& definition);

}  // namespace vireo::domain
