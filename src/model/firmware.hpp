// SPDX-License-Identifier: LGPL-2.1-or-later
// The firmware's part of <os>: what is wished for, the code, and where its variables are kept.
#pragma once
#include "model/kept.hpp"
#include "model/names.hpp"
#include "model/source.hpp"

#include <optional>
#include <string>

namespace vireo::model {

enum class FirmwareType { bios, efi };
template <>
inline constexpr auto names<FirmwareType> = words("bios", "efi");

struct FirmwareFeature {  // a wish for the automatic choice of firmware; the names of QEMU's docs/interop/firmware.json
    enum class Name {
        enrolled_keys,
        secure_boot,  // these two are libvirt's too; of the others its schema knows nothing
        acpi_s3,
        acpi_s4,
        amd_sev,
        amd_sev_es,
        amd_sev_snp,
        intel_tdx,
        requires_smm,
        verbose_dynamic,
        verbose_static,
        host_uefi_vars
    };
    bool enabled = false;  // no: rules out firmware that has it
    Name name = Name::secure_boot;
    Kept kept;
    bool operator==(const FirmwareFeature&) const = default;
};
template <>
inline constexpr auto names<FirmwareFeature::Name> =
    words("enrolled-keys", "secure-boot", "acpi-s3", "acpi-s4", "amd-sev", "amd-sev-es", "amd-sev-snp", "intel-tdx",
          "requires-smm", "verbose-dynamic", "verbose-static", "host-uefi-vars");

enum class FirmwareFormat { raw, qcow2 };
template <>
inline constexpr auto names<FirmwareFormat> = words("raw", "qcow2");

struct Loader {  // the firmware's code
    enum class Type { rom, pflash };
    std::optional<bool> readonly;
    std::optional<bool> secure;            // SMM guards the flash: needs q35 and <smm>
    std::optional<Type> type;              // rom when absent and a path is given
    std::optional<bool> stateless;         // no NVRAM
    std::optional<FirmwareFormat> format;  // raw when absent
    std::string path;                      // empty: chosen by os.firmware
    Kept kept;
    bool operator==(const Loader&) const = default;
};
template <>
inline constexpr auto names<Loader::Type> = words("rom", "pflash");

struct Nvram {  // the firmware's variables, in flash
    std::string template_path;
    std::optional<FirmwareFormat> template_format;  // raw when absent
    std::optional<SourceType> type;                 // file, block, network: they are in `source`; else in `path`
    std::optional<FirmwareFormat> format;           // the template's when absent
    std::string path;                               // empty: Vireo's own place
    Box<StorageSource> source;
    Kept kept;
    bool operator==(const Nvram&) const = default;

    // The file or device node that holds them; empty: Vireo's own place, or not on this host.
    const std::string& place() const noexcept;
    bool on_network() const noexcept { return type == SourceType::network; }
};

struct Varstore {  // the firmware's variables, in a JSON file of QEMU's uefi-vars device; never together with Nvram
    std::string template_path;
    std::string path;  // empty: Vireo's own place
    Kept kept;
    bool operator==(const Varstore&) const = default;
};

}  // namespace vireo::model
