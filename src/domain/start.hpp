// SPDX-License-Identifier: LGPL-2.1-or-later
// A start: a graph of stages with their undo. What no other stage orders runs at the same time; when one fails the
// others are cancelled and everything is undone, newest first.
//
//   prepare ─┬─ firmware ─┐
//            ├─ disks ────┼─ auxiliaries ─┬─ launch ─┬─ devices ── run
//            ├─ runtime ──┤               └─ attach ─┘
//            ├─ cgroup ───┤
//            ├─ hostdevs ─┤
//            └─ network ──┘
#pragma once
#include "domain/domain.hpp"
#include "domain/host_files.hpp"
#include "domain/taken.hpp"
#include "domain/tpm.hpp"
#include "firmware/identity.hpp"
#include "firmware/prepare.hpp"
#include "host/cgroup.hpp"
#include "qemu/capabilities.hpp"
#include "qemu/command_line.hpp"
#include "qemu/monitor_socket.hpp"
#include "storage/image_chain.hpp"
#include "support/notifier.hpp"
#include "support/rollback.hpp"
#include "support/task_group.hpp"

#include <filesystem>
#include <map>
#include <optional>
#include <vector>

namespace vireo::domain {

struct HostDevicePlan;

class Start {
public:
    Start(Domain& domain, StartRequest request, Stages& stages)
        : domain_(domain),
          env_(domain.env_),
          request_(std::move(request)),
          stages_(stages),
          process_noted_(env_.executor) {}
    Task<> run();  // under the domain's turn

private:
    Task<> stages(Rollback& rollback);
    Task<> prepare();
    Task<> firmware(Rollback& rollback);
    Task<> settle_firmware();
    Task<> record_firmware();
    Task<> disks();
    Task<> runtime();
    Task<> cgroup();
    Task<> host_devices();  // start_host_devices.cpp
    Task<> take_host_devices(std::shared_ptr<HostDevicePlan> plan);
    Task<> networks();  // start_networks.cpp
    Task<> network(model::Interface& interface);
    Task<> join_switch(std::shared_ptr<const model::Interface> interface, std::string link);
    Task<NetworkEnd> direct_network(std::shared_ptr<const model::Interface> interface);
    // In the status document, before it is done. Error(invalid_state): another running guest has it.
    void note_taken(const std::vector<Taken>& taken);
    Task<> auxiliaries(Rollback& rollback);
    void note_auxiliary(Command& command, std::string program, std::string device);
    Task<> start_auxiliary(std::string program, std::string device, Command command);
    Task<std::string> errand(std::string program, std::string device, Command command);
    Task<> tpm(Rollback& rollback);
    Result<> open_host_tpm();
    Task<> find_account();
    Task<> virtiofsd(const model::Filesystem& filesystem);
    Task<> passt(const model::Interface& interface);
    Task<> tpm_state(Rollback& rollback, const model::Tpm& tpm, firmware::TpmPlace place, TpmPrograms programs);
    Task<> launch();
    Task<> launch_machine(TaskGroup& group);
    Task<> attach_cgroups();
    Task<> devices();
    Task<> go();
    Task<> look_at_store();
    void tell_firmware();
    Task<> undo_process();
    Task<> settings();
    Task<> tune_threads();
    Task<> plug_vcpus();
    Task<> ask_for_advice();
    Task<> memory_files();
    Result<> set_app_id() const;
    Command command();
    Result<> open_characters(const std::filesystem::path& folder);
    Result<> open_character(const std::string& alias, model::CharBackend& backend, const std::filesystem::path& usual);
    Task<> processor(std::string binary);
    void write_live_definition();
    Result<> note_process(pid_t pid, std::uint64_t start_time);

    Domain& domain_;
    Environment& env_;
    StartRequest request_;
    Stages& stages_;

    std::shared_ptr<Running> run_;
    model::Domain live_;
    std::shared_ptr<const qemu::Capabilities> capabilities_;
    firmware::Decision decision_;  // which code and template
    firmware::PreparedFirmware firmware_;
    std::vector<std::vector<storage::ImageLayer>> images_;  // one chain per disk; empty for a drive without a medium
    std::optional<qemu::MonitorSocket> monitor_;
    UniqueFd log_;
    std::optional<host::Account> account_;  // whom QEMU runs as; none: ourselves
    UniqueFd host_tpm_, host_tpm_cancel_;
    std::map<std::string, qemu::CharacterFiles> characters_;  // by alias
    std::vector<UniqueFd> character_fds_;                     // what they borrow
    HostFiles files_;
    std::map<std::string, UniqueFd> auxiliary_fds_;  // QEMU's ends of connections, by alias
    std::optional<model::NumberSet> advised_nodes_;  // numad's, for memory
    std::vector<unsigned> advised_cpus_;             // and for vCPUs
    UniqueFd memory_folder_;                         // for its memory's files; none when none are needed
    host::GuestCgroup cgroup_;
    Notifier process_noted_;  // its pid is known
};

}  // namespace vireo::domain
