// SPDX-License-Identifier: LGPL-2.1-or-later
// Where a variable store really lies, found without being led astray: a symbolic link counts only when it belongs to
// root or to the user the daemon runs as. Whoever else can write in a folder on the way can therefore not point the
// daemon at another file. What follows goes through the folder's descriptor, so nothing can be swapped in between.
#pragma once
#include "support/error.hpp"
#include "support/fd.hpp"

#include <filesystem>
#include <string>

namespace vireo::firmware {

struct Place {
    UniqueFd folder;             // O_PATH of the folder that holds the file itself
    std::string name;            // the file in it, which need not exist; never "." or ".."
    std::filesystem::path path;  // as it was asked for, for messages
};

// May the last component itself be a link (a user's own, to a file elsewhere, which stays a link)?
enum class LastLink { refused, followed };
Result<Place> find_place(const std::filesystem::path& absolute_path, LastLink last);

}  // namespace vireo::firmware
