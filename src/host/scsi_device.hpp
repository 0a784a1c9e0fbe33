// SPDX-License-Identifier: LGPL-2.1-or-later
// SCSI devices of this machine, and targets that its kernel serves to guests. Blocks; root stands in front of /sys and
// /dev, for tests.
#pragma once
#include "support/error.hpp"

#include <cstdint>
#include <filesystem>
#include <string>

namespace vireo::host {

struct ScsiPlace {
    std::uint32_t host = 0, bus = 0, target = 0;
    std::uint64_t unit = 0;
    std::string text() const;  // "0:0:1:2"
};

// Its generic node: "/dev/sg3". Error(not_found, unsupported).
Result<std::string> find_scsi_generic(const ScsiPlace& place, const std::filesystem::path& root = "/");

// Does the kernel serve a target by this name through vhost? Where its configuration can be seen; QEMU finds out else.
// Error(not_found).
Result<> check_vhost_scsi(const std::string& wwpn, const std::filesystem::path& root = "/");

}  // namespace vireo::host
