// SPDX-License-Identifier: LGPL-2.1-or-later
#include "domain/virtiofs.hpp"

#include "host/programs.hpp"

#include <boost/json.hpp>

#include <algorithm>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <unistd.h>

namespace vireo::domain {
using model::Filesystem;
using model::FilesystemBinary;

bool needs_virtiofsd(const Filesystem& filesystem) noexcept {
    return filesystem.virtiofs() && !(filesystem.source && !filesystem.source->socket.empty());
}

Result<std::filesystem::path> find_virtiofsd(const Filesystem& filesystem) {
    if (!filesystem.binary || filesystem.binary->path.empty()) {
        auto found = host::find_program("virtiofsd", "virtiofsd (or, with QEMU 7, qemu-system-common)");
        if (!found) return Failure(found.error().wrap("filesystem '" + filesystem.target + "' needs virtiofsd"));
        return found;
    }
    const auto& path = filesystem.binary->path;
    if (::access(path.c_str(), X_OK) == 0) return std::filesystem::path(path);
    return Failure(system_error(errno, fmt::format("filesystem '{}': cannot run {}", filesystem.target, path)));
}

VirtiofsdFeatures VirtiofsdFeatures::of(const std::string& capabilities) {
    VirtiofsdFeatures features;
    boost::system::error_code error;
    auto value = boost::json::parse(capabilities, error);
    auto* object = error ? nullptr : value.if_object();
    auto* list = object ? object->if_contains("features") : nullptr;
    if (list && list->is_array())
        features.separate_options =
            std::ranges::any_of(list->get_array(), [](const auto& feature) { return feature == "separate-options"; });
    return features;
}

namespace {

// The server of QEMU 7 and before, and the first versions of its successor.
std::string old_options(const Filesystem& filesystem, const FilesystemBinary& binary) {
    auto on = [](std::optional<bool> value, std::string_view name, std::vector<std::string>& into) {
        if (value) into.push_back((*value ? "" : "no_") + std::string(name));
    };
    std::vector<std::string> options{"source=" + filesystem.source->dir};
    if (binary.cache) options.push_back(fmt::format("cache={}", to_string(*binary.cache)));
    if (binary.sandbox) options.push_back(fmt::format("sandbox={}", to_string(*binary.sandbox)));
    on(binary.xattr, "xattr", options);
    if (binary.lock) {
        on(binary.lock->flock, "flock", options);
        on(binary.lock->posix, "posix_lock", options);
    }
    return fmt::format("{}", fmt::join(options, ","));
}

Result<> add_separate_options(std::vector<std::string>& argv, const Filesystem& filesystem,
                              const FilesystemBinary& binary) {
    if (binary.lock && (binary.lock->flock == true || binary.lock->posix == true))
        return fail(Errc::unsupported, "filesystem '", filesystem.target,
                    "': binary/lock: this host's virtiofsd passes no locks on");
    argv.push_back("--shared-dir=" + filesystem.source->dir);
    if (binary.cache) argv.push_back(fmt::format("--cache={}", to_string(*binary.cache)));
    if (binary.sandbox) argv.push_back(fmt::format("--sandbox={}", to_string(*binary.sandbox)));
    if (binary.xattr == true) argv.emplace_back("--xattr");
    return {};
}

}  // namespace

Result<Command> virtiofsd_command(const std::filesystem::path& program, const Filesystem& filesystem,
                                  VirtiofsdFeatures features, int listener) {
    const FilesystemBinary usual;
    const auto& binary = filesystem.binary ? *filesystem.binary : usual;
    Command command;
    command.argv = {program.string(), fmt::format("--fd={}", listener)};
    if (features.separate_options) {
        if (auto added = add_separate_options(command.argv, filesystem, binary); !added) return Failure(added.error());
    } else {
        if (filesystem.source->dir.find(',') != std::string::npos)
            return fail(Errc::unsupported, "filesystem '", filesystem.target,
                        "': this host's virtiofsd cannot serve a folder with a comma in its name");
        command.argv.insert(command.argv.end(), {"-o", old_options(filesystem, binary)});
    }
    if (binary.thread_pool) command.argv.push_back(fmt::format("--thread-pool-size={}", *binary.thread_pool));
    if (binary.open_files) command.argv.push_back(fmt::format("--rlimit-nofile={}", *binary.open_files));
    return command;
}

}  // namespace vireo::domain
