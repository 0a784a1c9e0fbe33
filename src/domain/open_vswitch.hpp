// SPDX-License-Identifier: LGPL-2.1-or-later
// Ports of Open vSwitch's bridges. They are entries of its database, which its own program ovs-vsctl changes: a port
// stays there when its link is gone, until somebody takes it out.
#pragma once
#include "model/interface.hpp"
#include "support/process.hpp"
#include "support/task.hpp"

#include <chrono>
#include <string>

namespace vireo::domain {

inline constexpr auto switch_limit = std::chrono::seconds(15);  // ovs-vsctl waits for the switch itself

bool on_open_vswitch(const model::Interface& interface) noexcept;

Result<std::string> find_ovs_vsctl();  // Failure(unsupported): this host has none

// guest: its UUID, by which a controller of the network knows it.
Command add_port_command(const std::string& program, const model::Interface& interface, const std::string& link,
                         const std::string& guest);
Command remove_port_command(const std::string& program, const std::string& bridge, const std::string& link);

Task<> run_ovs_vsctl(Command command, std::string what);  // Error(system_failed) with what it said, or timeout

}  // namespace vireo::domain
