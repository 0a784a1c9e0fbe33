// SPDX-License-Identifier: LGPL-2.1-or-later
// Where things lie: the system daemon under /etc, /var and /run, a user's under the XDG base directories
// (specification 0.8: a variable that is empty or not absolute counts as unset).
#pragma once
#include "support/error.hpp"

#include <filesystem>
#include <functional>
#include <string>

namespace vireo::state {

struct Layout {
    // Looks up an environment variable; nullptr when it is unset. getenv(3) but for tests.
    using Environment = std::function<const char*(const char* name)>;

    bool system = false;
    std::filesystem::path config;       // /etc/vireo             $XDG_CONFIG_HOME/vireo
    std::filesystem::path definitions;  // …/qemu
    std::filesystem::path data;         // /var/lib/vireo         $XDG_DATA_HOME/vireo
    std::filesystem::path nvram;        // …/nvram
    std::filesystem::path tpm;          // …/tpm: the state of emulated TPMs
    std::filesystem::path run;          // /run/vireo             $XDG_RUNTIME_DIR/vireo
    std::filesystem::path status;       // …/status: one document per running guest
    std::filesystem::path cache;        // /var/cache/vireo       $XDG_CACHE_HOME/vireo
    std::filesystem::path log;          // /var/log/vireo         $XDG_STATE_HOME/vireo/log

    // prefix: put in front of every path (installation roots, tests).
    static Layout for_system(const std::filesystem::path& prefix = {});
    // Without XDG_RUNTIME_DIR: /run/user/<uid> when it is ours, else a folder in the cache.
    // Error(invalid_config) when neither the variables nor HOME say where to put things.
    static Result<Layout> for_user(const Environment& environment);

    std::filesystem::path socket() const { return run / "vireo.sock"; }

    // Makes what is missing, with these modes: everything 0700, but for the system daemon 0755 for config and run
    // (clients reach the socket), and for any daemon of root 0711 for data, nvram, tpm and run (QEMU's account passes
    // through to what it is given).
    // Modes of folders that exist are left as the administrator set them, except that run and status must not be
    // writable for others: Error(access_denied).
    Result<> create() const;
};

}  // namespace vireo::state
