// SPDX-License-Identifier: LGPL-2.1-or-later
// passt: a guest's network without anything of the host's network changed. It talks to the guest as a router would and
// makes connections of its own for it; one passt for each card, which ends when QEMU closes the connection.
#pragma once
#include "host/account.hpp"
#include "model/interface.hpp"
#include "support/error.hpp"
#include "support/process.hpp"

#include <optional>
#include <string>

namespace vireo::domain {

bool needs_passt(const model::Interface& interface) noexcept;

Result<std::string> find_passt();  // Failure(unsupported): this host has none

// socket: the number of the connection to QEMU in passt. The definition's ports of the host are passt's to open; that
// it cannot is said by the error with which it ends.
Command passt_command(const std::string& program, const model::Interface& interface, int socket);

// "192.0.2.1/2222:22,3000-3010": what passt's --tcp-ports and --udp-ports take.
std::string passt_ports(const model::PortForward& forward);

// passt writes to its log as the account that it runs as: the file is made, and is that account's.
Result<> make_passt_log(const std::string& path, const std::optional<host::Account>& account);

}  // namespace vireo::domain
