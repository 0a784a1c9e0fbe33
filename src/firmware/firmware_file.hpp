// SPDX-License-Identifier: LGPL-2.1-or-later
// Opening firmware files. Code and templates lie where a package or an administrator put them, so links are followed;
// what is opened must be a regular file. All of this blocks.
#pragma once
#include "firmware/firmware_volume.hpp"
#include "support/fd.hpp"

#include <filesystem>
#include <string>

namespace vireo::firmware {

struct OpenFile {
    UniqueFd fd;
    std::uint64_t size = 0;  // bytes, as the guest sees it
};

// The code, ready to be handed to the hypervisor.
enum class Access { read_only, read_write };
Result<OpenFile> open_code(const std::filesystem::path& path, Format format, Access access = Access::read_only);

// A ROM: only that it can be read and is not absurdly large.
Result<> check_rom(const std::filesystem::path& path);

// A template's size as the guest sees it, from its first block alone.
Result<std::uint64_t> inspect_template(const std::filesystem::path& path, StoreFormat format,
                                       Blank blank = Blank::refused);

// A template, whole and checked; an error when it changed while it was read. It may be erased flash, of which the
// firmware makes a store when it first runs, where blank_templates() says so.
struct Template {
    std::string file;     // as it is there
    std::string content;  // as the guest sees it
    Image image;          // of the content
};
Result<Template> read_template(const std::filesystem::path& path, StoreFormat format, Blank blank = Blank::refused);

// A template of erased flash is what Arm's packages have; on x86 it is a mistake.
Blank blank_templates(std::string_view architecture) noexcept;

// The first head_size bytes of a file, or all.
Result<std::string> read_head(int fd, const std::filesystem::path& name);

}  // namespace vireo::firmware
