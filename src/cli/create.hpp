// SPDX-License-Identifier: LGPL-2.1-or-later
// `vireo create` without a file: a domain from short options, with its disks and its cloud-init seed.
#pragma once
#include "cli/verb.hpp"

namespace vireo::cli {

// Makes the files, defines the domain and says so; its name, or nothing with --dry-run. When it cannot be defined,
// the files that were made for it are gone again.
std::string define_new_domain(Context& context);

std::span<const Option> new_domain_options();

}  // namespace vireo::cli
