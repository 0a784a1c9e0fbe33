// SPDX-License-Identifier: LGPL-2.1-or-later
// What a start hands QEMU, made for one start of a runnable definition: open images, flash, sockets.
#pragma once
#include "model/domain.hpp"
#include "qemu/command_line.hpp"
#include "qemu/monitor_socket.hpp"
#include "support/fd.hpp"
#include "support/process.hpp"

#include <filesystem>
#include <vector>

namespace vireo::corpus {

inline constexpr const char* virtiofsd = "/usr/lib/qemu/virtiofsd";  // QEMU's own, for root
inline constexpr const char* swtpm = "/usr/bin/swtpm";
inline constexpr const char* storage_daemon = "/usr/bin/qemu-storage-daemon";

class Prepared {
public:
    // Throws what the system says.
    Prepared(const model::Domain& domain, std::filesystem::path folder);
    Prepared(const Prepared&) = delete;
    Prepared& operator=(const Prepared&) = delete;
    ~Prepared();  // ends the servers, removes what is outside the folder

    Task<> start_servers();  // of TPMs, folders and disks that are not QEMU's own
    const qemu::Resources& resources() const { return resources_; }
    qemu::MonitorSocket take_monitor() { return std::move(*monitor_); }
    void forget_descriptors() { kept_.clear(); }  // QEMU has its own

private:
    int keep(Result<UniqueFd> fd) { return kept_.emplace_back(take(std::move(fd))).get(); }
    void disks();
    void flash();
    void taps();
    void characters();
    Task<> serve(std::vector<std::string> argv, std::filesystem::path socket);
    void character(const std::string& alias, const model::CharBackend& backend);

    const model::Domain& domain_;
    std::filesystem::path folder_;
    qemu::Resources resources_;
    std::vector<UniqueFd> kept_;
    std::vector<qemu::MonitorSocket> sockets_;  // unix sockets of both kinds: listening, as a monitor's
    std::optional<qemu::MonitorSocket> monitor_;
    std::vector<Process> servers_;
};

}  // namespace vireo::corpus
