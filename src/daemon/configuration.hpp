// SPDX-License-Identifier: LGPL-2.1-or-later
// What vireod is told: on its command line, and in /etc/vireo/vireod.conf (per user
// $XDG_CONFIG_HOME/vireo/vireod.conf), "key = value" lines with # comments. The command line wins. Only this folder
// reads configuration.
#pragma once
#include "support/error.hpp"
#include "support/log.hpp"

#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace vireo::daemon {

enum class Scope { system, session };

struct Configuration {
    Scope scope = Scope::session;
    std::filesystem::path socket;              // empty: the scope's usual place
    std::filesystem::path configuration_file;  // empty: the scope's usual place, which may be absent
    bool bus = true;                           // offer the API on D-Bus too
    log::Level log_level = log::Level::info;
    std::string qemu_user;      // whom QEMU runs as when the daemon is root; empty: chosen
    std::string cgroup_parent;  // folder below each hierarchy's root; empty: vireo
    bool cgroups = true;
    std::vector<std::filesystem::path> firmware_folders;  // empty: the standard ones
    std::optional<unsigned> trash_retention_days;  // of variable stores; 0: for ever; absent: Domains::usual_retention
    std::optional<unsigned> compact_nvram_above;   // percent of a variable store's room; absent: never by itself
    bool autostart = true;                         // start what is marked autostart
    bool show_help = false, show_version = false;
};

// argv without the program's name. Error(invalid_argument) names what is wrong.
Result<Configuration> configure(std::span<const std::string> arguments);
std::string usage();

}  // namespace vireo::daemon
