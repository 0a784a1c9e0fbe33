// SPDX-License-Identifier: LGPL-2.1-or-later
// Which variables have a content that the library knows. Internal to the library. Source: UEFI specification, 3.3.
#pragma once
#include "firmware/varstore_guid.hpp"

#include <string_view>

namespace vireo::firmware {

enum class Meaning {
    unknown,
    load_option,
    order,
    option,
    timeout,
    ascii,
    ucs2,
    flag,
    counter,
    key,
    consoles,
    signatures
};
Meaning meaning_of(const Guid& vendor, std::string_view name) noexcept;

bool is_secure_boot_database(const Guid& vendor, std::string_view name) noexcept;  // PK, KEK, db, dbx, dbt, dbr

}  // namespace vireo::firmware
