// SPDX-License-Identifier: LGPL-2.1-or-later
// The seed of cloud-init: a small ISO 9660 image named "cidata" with the files that its NoCloud source reads at the
// guest's first boot (cloud-init documentation, "NoCloud"). Everything here blocks.
#pragma once
#include "support/error.hpp"

#include <filesystem>
#include <string>
#include <string_view>

namespace vireo::cli {

struct Seed {
    std::string user_data;       // the whole document; begins with "#cloud-config" or "#!"
    std::string meta_data;       // instance-id and local-hostname
    std::string network_config;  // empty: cloud-init's own choice
};

// "user=anna,ssh-key=FILE,password-file=FILE,hostname=web,user-data=FILE,meta-data=FILE,network-config=FILE", each
// optional; `name` and `instance` are the guest's. Reads the files. Failure(invalid_argument), not_found ….
// A password is only ever read from a file, so that it is in no list of processes.
Result<Seed> parse_seed(std::string_view text, std::string_view name, std::string_view instance);

// Refuses to replace a file: Failure(already_exists).
Result<> write_seed(const std::filesystem::path& path, const Seed& seed);

}  // namespace vireo::cli
