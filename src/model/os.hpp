// SPDX-License-Identifier: LGPL-2.1-or-later
// <os>: what the guest is and how it boots.
#pragma once
#include "model/firmware.hpp"
#include "model/kept.hpp"
#include "model/names.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace vireo::model {

struct OsType {  // <type arch='x86_64' machine='q35'>hvm</type>
    enum class Kind { hvm };
    std::string arch;     // empty: the host's
    std::string machine;  // empty: the hypervisor's default
    Kind kind = Kind::hvm;
    Kept kept;
    bool operator==(const OsType&) const = default;
};
template <>
inline constexpr auto names<OsType::Kind> = words("hvm");

enum class BootDevice { fd, hd, cdrom, network };
template <>
inline constexpr auto names<BootDevice> = words("fd", "hd", "cdrom", "network");

struct AcpiTable {
    enum class Type { raw, rawset, slic, msdm };
    Type type = Type::slic;
    std::string path;
    Kept kept;
    bool operator==(const AcpiTable&) const = default;
};
template <>
inline constexpr auto names<AcpiTable::Type> = words("raw", "rawset", "slic", "msdm");

enum class SmbiosMode { none, emulate, host, sysinfo };
template <>
inline constexpr auto names<SmbiosMode> = words("none", "emulate", "host", "sysinfo");

struct BootMenu {
    bool enable = false;
    std::optional<std::uint32_t> timeout;  // milliseconds, 0 … 65535
    Kept kept;
    bool operator==(const BootMenu&) const = default;
};

struct Bios {
    std::optional<bool> use_serial;
    std::optional<std::int32_t> reboot_timeout;  // milliseconds, -1 (never) … 65535
    Kept kept;
    bool operator==(const Bios&) const = default;
};

struct Os {
    std::optional<FirmwareType> firmware;  // chosen by Vireo from the descriptors
    OsType type;
    std::vector<FirmwareFeature> firmware_features;
    std::optional<Loader> loader;
    std::optional<Nvram> nvram;
    std::optional<Varstore> varstore;
    std::string kernel;
    std::string initrd;
    std::string cmdline;
    std::string dtb;   // a flattened device tree
    std::string shim;  // that starts the kernel under Secure Boot
    std::vector<AcpiTable> acpi_tables;
    std::vector<BootDevice> boot;  // not together with a device's boot order
    std::optional<BootMenu> boot_menu;
    std::optional<Bios> bios;
    std::optional<SmbiosMode> smbios;  // sysinfo: as <sysinfo> says; host: the host's own
    Kept kept;
    bool operator==(const Os&) const = default;
};

}  // namespace vireo::model
