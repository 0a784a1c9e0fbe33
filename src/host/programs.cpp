// SPDX-License-Identifier: LGPL-2.1-or-later
#include "host/programs.hpp"

#include <array>
#include <fmt/format.h>
#include <unistd.h>

namespace vireo::host {

Result<std::filesystem::path> find_program(std::string_view name, std::string_view package) {
    constexpr std::array folders{"/usr/local/bin", "/usr/bin",  "/usr/local/libexec", "/usr/libexec",
                                 "/usr/lib/qemu",  "/usr/sbin", "/usr/libexec/qemu"};
    for (const auto* folder : folders) {
        auto path = std::filesystem::path(folder) / name;
        if (::access(path.c_str(), X_OK) == 0) return path;
    }
    return Failure(Error(Errc::unsupported, fmt::format("this host has no program {}", name))
                       .with_hint(fmt::format("Install the package {}", package)));
}

}  // namespace vireo::host
