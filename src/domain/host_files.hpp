// SPDX-License-Identifier: LGPL-2.1-or-later
// What a start has opened of the host for QEMU: devices and the host's ends of its network cards. Closed once QEMU has
// its own copies.
#pragma once
#include "qemu/command_line.hpp"
#include "support/fd.hpp"

#include <map>
#include <string>
#include <vector>

namespace vireo::domain {

struct NetworkEnd {
    NetworkEnd() = default;
    std::string link;                   // the host's name for it
    std::vector<UniqueFd> taps, vhost;  // as qemu::NetworkFiles
};

struct HostFiles {
    HostFiles() = default;
    std::map<std::string, UniqueFd> devices;     // by alias
    std::map<std::string, std::string> paths;    // by alias: what QEMU opens itself
    std::map<std::string, NetworkEnd> networks;  // by alias
    UniqueFd vsock;

    void lend(qemu::Resources& resources, const model::Devices& devices_of) const;  // keep this until QEMU was started
};

}  // namespace vireo::domain
