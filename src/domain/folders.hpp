// SPDX-License-Identifier: LGPL-2.1-or-later
// What a run has on the host beside its process: a folder for its sockets, its log, its control group, what it has
// taken (taken.hpp), its status document.
#pragma once
#include "domain/environment.hpp"
#include "domain/running.hpp"

#include <filesystem>
#include <string>

namespace vireo::domain {

std::filesystem::path run_folder(const Environment& environment, const std::string& uuid);
std::filesystem::path memory_folder(const Environment& environment, const std::string& uuid);   // for its files
std::filesystem::path overlay_folder(const Environment& environment, const std::string& uuid);  // transient disks'
std::filesystem::path monitor_path(const Environment& environment, const std::string& uuid);
std::filesystem::path log_path(const Environment& environment, const std::string& uuid);

inline constexpr std::uint64_t largest_log = 1u << 20;  // bytes; a larger one is put aside at the next start

// The log of a guest's QEMU, open for appending and reading. Blocks.
Result<UniqueFd> open_log(const std::filesystem::path& path);

// Ends the programs beside QEMU and gives back all but the logs; what is not there is fine. Failures are logged.
Task<> clean_folders(Environment& environment, state::Status status);

}  // namespace vireo::domain
