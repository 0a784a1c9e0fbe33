// SPDX-License-Identifier: LGPL-2.1-or-later
// <sysinfo>: what the guest reads about its machine, in the SMBIOS tables and in QEMU's fw_cfg.
#pragma once
#include "model/kept.hpp"
#include "model/names.hpp"

#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace vireo::model {

template <class Field>
struct SmbiosEntry {  // <entry name='vendor'>…</entry>
    Field name{};
    std::string value;
    Kept kept;
    bool operator==(const SmbiosEntry&) const = default;
};

enum class SmbiosBios { vendor, version, date, release };
enum class SmbiosSystem { manufacturer, product, version, serial, uuid, sku, family };
enum class SmbiosBoard { manufacturer, product, version, serial, asset, location };
enum class SmbiosChassis { manufacturer, version, serial, asset, sku };
template <>
inline constexpr auto names<SmbiosBios> = words("vendor", "version", "date", "release");
template <>
inline constexpr auto names<SmbiosSystem> =
    words("manufacturer", "product", "version", "serial", "uuid", "sku", "family");
template <>
inline constexpr auto names<SmbiosBoard> = words("manufacturer", "product", "version", "serial", "asset", "location");
template <>
inline constexpr auto names<SmbiosChassis> = words("manufacturer", "version", "serial", "asset", "sku");

template <class Field>
struct SmbiosTable {
    std::vector<SmbiosEntry<Field>> entries;
    Kept kept;
    bool operator==(const SmbiosTable&) const = default;
};

struct OemStrings {  // SMBIOS type 11
    std::vector<std::string> entries;
    Kept kept;
    bool operator==(const OemStrings&) const = default;
};

struct SmbiosInfo {
    std::optional<SmbiosTable<SmbiosBios>> bios;
    std::optional<SmbiosTable<SmbiosSystem>> system;  // its uuid is the domain's
    std::vector<SmbiosTable<SmbiosBoard>> boards;
    std::optional<SmbiosTable<SmbiosChassis>> chassis;
    std::optional<OemStrings> oem_strings;
    Kept kept;
    bool operator==(const SmbiosInfo&) const = default;
};

struct FwCfgEntry {
    std::string name;  // "opt/…"
    std::string file;  // instead of a value
    std::string value;
    Kept kept;
    bool operator==(const FwCfgEntry&) const = default;
};

struct FwCfgInfo {
    std::vector<FwCfgEntry> entries;
    Kept kept;
    bool operator==(const FwCfgInfo&) const = default;
};

using SysInfo = std::variant<SmbiosInfo, FwCfgInfo>;

}  // namespace vireo::model
