// SPDX-License-Identifier: LGPL-2.1-or-later
// Folders of the host that virtiofsd, a program beside QEMU, serves to a guest.
#pragma once
#include "model/domain.hpp"
#include "support/error.hpp"
#include "support/process.hpp"

#include <filesystem>

namespace vireo::domain {

// Does this file system need a virtiofsd of ours? Not where one runs already behind a socket.
bool needs_virtiofsd(const model::Filesystem& filesystem) noexcept;

Result<std::filesystem::path> find_virtiofsd(const model::Filesystem& filesystem);

// What its --print-capabilities says.
struct VirtiofsdFeatures {
    VirtiofsdFeatures() = default;
    bool separate_options = false;  // --cache=… instead of -o cache=…
    static VirtiofsdFeatures of(const std::string& capabilities);
};

// virtiofsd, whose listening socket is descriptor `listener` of the child's; it ends when QEMU closes its connection.
// Failure(unsupported): the definition asks for what this one cannot do.
Result<Command> virtiofsd_command(const std::filesystem::path& program, const model::Filesystem& filesystem,
                                  VirtiofsdFeatures features, int listener);

}  // namespace vireo::domain
