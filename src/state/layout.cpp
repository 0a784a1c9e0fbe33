// SPDX-License-Identifier: LGPL-2.1-or-later
#include "state/layout.hpp"

#include "support/file.hpp"

#include <cerrno>
#include <sys/stat.h>
#include <unistd.h>

namespace vireo::state {
namespace fs = std::filesystem;
namespace {

fs::path absolute_variable(const Layout::Environment& environment, const char* name) {
    const char* value = environment(name);
    if (!value || value[0] != '/') return {};
    return value;
}

bool is_own_folder(const fs::path& path) {
    struct stat status{};
    return ::lstat(path.c_str(), &status) == 0 && S_ISDIR(status.st_mode) && status.st_uid == ::geteuid();
}

void fill_in(Layout& layout) {
    layout.definitions = layout.config / "qemu";
    layout.nvram = layout.data / "nvram";
    layout.tpm = layout.data / "tpm";
    layout.status = layout.run / "status";
}

// Whoever can write there could hand us a status document of their own, and with it a process to kill.
Result<> check_private(const fs::path& path) {
    struct stat status{};
    if (::lstat(path.c_str(), &status)) return Failure(system_error(errno, "cannot look at " + path.string()));
    if (!S_ISDIR(status.st_mode)) return fail(Errc::access_denied, path.string(), " is not a folder");
    if ((status.st_uid == ::geteuid() || status.st_uid == 0) && !(status.st_mode & (S_IWGRP | S_IWOTH))) return {};
    return Failure(Error(Errc::access_denied,
                         path.string() + " could be changed by other users, so what is in it cannot be trusted")
                       .with_hint("Remove it, or give it to the user of vireod: chmod go-w " + path.string()));
}

}  // namespace

Layout Layout::for_system(const fs::path& prefix) {
    Layout layout;
    layout.system = true;
    layout.config = prefix / "etc/vireo";
    layout.data = prefix / "var/lib/vireo";
    layout.run = prefix / "run/vireo";
    layout.cache = prefix / "var/cache/vireo";
    layout.log = prefix / "var/log/vireo";
    if (prefix.empty())
        for (auto* path : {&layout.config, &layout.data, &layout.run, &layout.cache, &layout.log}) *path = "/" / *path;
    fill_in(layout);
    return layout;
}

Result<Layout> Layout::for_user(const Environment& environment) {
    auto home = absolute_variable(environment, "HOME");
    bool complete = true;
    auto base = [&](const char* variable, const char* below_home) {
        auto set = absolute_variable(environment, variable);
        if (set.empty() && home.empty()) complete = false;
        return set.empty() ? home / below_home : set;
    };
    Layout layout;
    layout.config = base("XDG_CONFIG_HOME", ".config") / "vireo";
    layout.data = base("XDG_DATA_HOME", ".local/share") / "vireo";
    layout.cache = base("XDG_CACHE_HOME", ".cache") / "vireo";
    layout.log = base("XDG_STATE_HOME", ".local/state") / "vireo/log";
    if (!complete)
        return Failure(
            Error(Errc::invalid_config,
                  "there is no place for this user's virtual machines: HOME is not set to an absolute path")
                .with_hint("Set HOME, or XDG_CONFIG_HOME, XDG_DATA_HOME, XDG_CACHE_HOME and XDG_STATE_HOME."));
    auto runtime = absolute_variable(environment, "XDG_RUNTIME_DIR");
    if (runtime.empty()) {
        fs::path usual = "/run/user/" + std::to_string(::geteuid());
        if (is_own_folder(usual)) runtime = usual;
    }
    layout.run = runtime.empty() ? layout.cache / "run" : runtime / "vireo";
    fill_in(layout);
    return layout;
}

Result<> Layout::create() const {
    auto open_mode = [&](mode_t for_system) { return system ? for_system : mode_t{0700}; };
    // Where root runs the daemon, QEMU does not run as root.
    mode_t pass_through = system || ::geteuid() == 0 ? 0711 : 0700;
    struct Wanted {
        fs::path path;
        mode_t mode;
    };
    for (const auto& [path, mode] : {Wanted{config, open_mode(0755)},
                                     {definitions, 0700},
                                     {definitions / "autostart", 0700},
                                     {data, pass_through},
                                     {nvram, pass_through},
                                     {tpm, pass_through},
                                     {run, system ? mode_t{0755} : pass_through},
                                     {status, 0700},
                                     {cache, 0700},
                                     {log, 0700}})
        if (auto made = make_folder(path, mode); !made) return made;
    for (auto& path : {run, status})
        if (auto sound = check_private(path); !sound) return sound;
    return {};
}

}  // namespace vireo::state
