// SPDX-License-Identifier: LGPL-2.1-or-later
#include "firmware/varstore_meaning.hpp"

#include "firmware/load_option.hpp"

#include <algorithm>

namespace vireo::firmware {
namespace {

struct Known {
    Guid vendor;
    std::string_view name;
    Meaning meaning;
};
constexpr std::array known{
    Known{guids::global, "BootOrder", Meaning::order},
    Known{guids::global, "DriverOrder", Meaning::order},
    Known{guids::global, "SysPrepOrder", Meaning::order},
    Known{guids::global, "BootNext", Meaning::option},
    Known{guids::global, "BootCurrent", Meaning::option},
    Known{guids::global, "Timeout", Meaning::timeout},
    Known{guids::global, "Lang", Meaning::ascii},
    Known{guids::global, "LangCodes", Meaning::ascii},
    Known{guids::global, "PlatformLang", Meaning::ascii},
    Known{guids::global, "PlatformLangCodes", Meaning::ascii},
    Known{guids::global, "SecureBoot", Meaning::flag},
    Known{guids::global, "SetupMode", Meaning::flag},
    Known{guids::global, "AuditMode", Meaning::flag},
    Known{guids::global, "DeployedMode", Meaning::flag},
    Known{guids::global, "VendorKeys", Meaning::flag},
    Known{guids::secure_boot_enable, "SecureBootEnable", Meaning::flag},
    Known{guids::custom_mode, "CustomMode", Meaning::flag},
    Known{guids::vendor_keys, "VendorKeysNv", Meaning::flag},
    Known{guids::global, "PK", Meaning::signatures},
    Known{guids::global, "KEK", Meaning::signatures},
    Known{guids::global, "PKDefault", Meaning::signatures},
    Known{guids::global, "KEKDefault", Meaning::signatures},
    Known{guids::global, "dbDefault", Meaning::signatures},
    Known{guids::global, "dbxDefault", Meaning::signatures},
    Known{guids::image_security, "db", Meaning::signatures},
    Known{guids::image_security, "dbx", Meaning::signatures},
    Known{guids::image_security, "dbt", Meaning::signatures},
    Known{guids::image_security, "dbr", Meaning::signatures},
    Known{guids::shim, "MokList", Meaning::signatures},
    Known{guids::shim, "MokListX", Meaning::signatures},
    Known{guids::global, "ConIn", Meaning::consoles},
    Known{guids::global, "ConOut", Meaning::consoles},
    Known{guids::global, "ErrOut", Meaning::consoles},
    Known{guids::global, "ConInDev", Meaning::consoles},
    Known{guids::global, "ConOutDev", Meaning::consoles},
    Known{guids::global, "ErrOutDev", Meaning::consoles},
    Known{guids::mtc, "MTC", Meaning::counter},
};

}  // namespace

Meaning meaning_of(const Guid& vendor, std::string_view name) noexcept {
    for (auto& k : known)
        if (k.name == name && k.vendor == vendor) return k.meaning;
    if (vendor == guids::systemd_loader) {
        constexpr std::array texts{"LoaderEntryDefault",    "LoaderEntryOneShot",  "LoaderEntrySelected",
                                   "LoaderEntryLastBooted", "LoaderConfigTimeout", "LoaderConfigTimeoutOneShot"};
        return std::ranges::find(texts, name) != texts.end() ? Meaning::ucs2 : Meaning::unknown;
    }
    if (vendor != guids::global) return Meaning::unknown;
    for (std::string_view prefix : {"Boot", "Driver", "SysPrep", "PlatformRecovery", "OsRecovery"})
        if (option_number(name, prefix)) return Meaning::load_option;
    return option_number(name, "Key") ? Meaning::key : Meaning::unknown;
}

bool is_secure_boot_database(const Guid& vendor, std::string_view name) noexcept {
    if (vendor == guids::global) return name == "PK" || name == "KEK";
    return vendor == guids::image_security && (name == "db" || name == "dbx" || name == "dbt" || name == "dbr");
}

}  // namespace vireo::firmware
