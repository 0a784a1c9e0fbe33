// SPDX-License-Identifier: LGPL-2.1-or-later
// Files: whole or not at all. These block: call them through Blocking::call().
#pragma once
#include "support/error.hpp"
#include "support/fd.hpp"

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <sys/types.h>

namespace vireo {

// open(2) with O_CLOEXEC.
Result<UniqueFd> open_file(const std::filesystem::path& path, int flags, mode_t mode = 0600);

// Opens a file that a less privileged user may have had a hand in: symbolic links are not followed in the last
// component, nor magic links anywhere, and what is opened must be a regular file (openat2(2), RESOLVE_NO_MAGICLINKS).
Result<UniqueFd> open_regular_file(const std::filesystem::path& path, int flags, mode_t mode = 0600);

// The whole content, at most limit bytes (more: Error(limit_exceeded)).
Result<std::string> read_file(const std::filesystem::path& path, std::size_t limit = 16u << 20);
Result<std::string> read_fd(int fd, const std::filesystem::path& name, std::size_t limit = 16u << 20);

Result<> write_all(int fd, std::string_view content, const std::filesystem::path& name);

// The old content or the new one survives a crash at any instant: a temporary file beside it, fsync, rename, fsync of
// the folder. The temporary file's name starts with ".vireo-"; remove_stray_files() finds what a crash left.
enum class Durable { yes, no };  // no: atomic, but may be lost with the power
Result<> replace_file(const std::filesystem::path& path, std::string_view content, mode_t mode = 0600,
                      Durable durable = Durable::yes);
Result<> remove_file(const std::filesystem::path& path, Durable durable = Durable::yes);  // absent is fine
Result<> sync_folder(const std::filesystem::path& folder);
void remove_stray_files(const std::filesystem::path& folder);

// mkdir -p; the last component gets this mode when it is made.
Result<> make_folder(const std::filesystem::path& folder, mode_t mode = 0700);

inline constexpr std::string_view stray_prefix = ".vireo-";
// A name for a temporary file in the same folder: ".vireo-<name>.<random>".
std::filesystem::path stray_name(const std::filesystem::path& path);

}  // namespace vireo
