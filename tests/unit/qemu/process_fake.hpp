// SPDX-License-Identifier: LGPL-2.1-or-later
// tests/support/fake_qemu in a folder of its own, with a control file. See its first lines for what it can do.
#pragma once
#include "support/file.hpp"
#include "support/folder.hpp"

#include <cstdlib>
#include <filesystem>
#include <string>

namespace vireo::qemu::test {

// CTest says where the sources are; by hand it is above the program.
inline std::filesystem::path source_folder() {
    if (auto* said = std::getenv("VIREO_SOURCE_DIR")) return said;
    auto folder = std::filesystem::read_symlink("/proc/self/exe");
    while (folder.has_relative_path() && !std::filesystem::exists(folder / "tests/support/fake_qemu"))
        folder = folder.parent_path();
    return folder;
}

struct FakeQemu {
    explicit FakeQemu(const std::string& control = {}) : path((folder / "fake_qemu").string()) {
        std::filesystem::copy_file(source_folder() / "tests/support/fake_qemu", path);
        if (!control.empty()) set(control);
    }
    void set(const std::string& control) const { take(replace_file(path + ".control", control)); }
    std::string record() const { return read_file(path + ".record").value_or(""); }
    vireo::test::Folder folder;
    std::string path;
};

}  // namespace vireo::qemu::test
