// SPDX-License-Identifier: LGPL-2.1-or-later
// Where the programs are that Vireo runs beside hypervisors.
#pragma once
#include "support/error.hpp"

#include <filesystem>
#include <string_view>

namespace vireo::host {

// In the folders for programs and in those for programs that people do not call (libexec). Failure(unsupported): there
// is none; the hint names the package that has it. A few look-ups of files.
Result<std::filesystem::path> find_program(std::string_view name, std::string_view package);

}  // namespace vireo::host
