// SPDX-License-Identifier: LGPL-2.1-or-later
// Which firmware a guest boots with and where its variables are (<os firmware=…>, <loader>, <nvram>).
#pragma once
#include "model/kept.hpp"
#include "model/names.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace vireo::model {

enum class FirmwareType { bios, efi };
template <>
inline constexpr auto names<FirmwareType> = words("bios", "efi");

struct FirmwareFeature {  // a wish for the automatic choice of firmware
    enum class Name { enrolled_keys, secure_boot };
    bool enabled = false;
    Name name = Name::secure_boot;
    Kept kept;
    bool operator==(const FirmwareFeature&) const = default;
};
template <>
inline constexpr auto names<FirmwareFeature::Name> = words("enrolled-keys", "secure-boot");

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

struct Nvram {  // the firmware's variables
    enum class Type { file };
    std::string template_path;
    std::optional<FirmwareFormat> template_format;
    std::optional<Type> type;              // with it the path is <source file=…/>, else the element's text
    std::optional<FirmwareFormat> format;  // raw when absent
    std::string path;                      // empty: Vireo's own place
    Kept kept;
    bool operator==(const Nvram&) const = default;
};
template <>
inline constexpr auto names<Nvram::Type> = words("file");

}  // namespace vireo::model
