// SPDX-License-Identifier: LGPL-2.1-or-later
// A store in a temporary folder, and UUIDs by number.
#pragma once
#include "state/definition_store.hpp"
#include "tests/support/folder.hpp"

#include <fmt/format.h>

namespace vireo::state {

inline std::string uuid_of(int number) {
    return fmt::format("{:08x}-0000-4000-8000-000000000000", number);
}

struct StoreFixture {
    StoreFixture() { std::filesystem::create_directory(folder / "autostart"); }
    test::Folder folder;
    Blocking pool;
    DefinitionStore store{pool, folder.path()};
};

}  // namespace vireo::state
