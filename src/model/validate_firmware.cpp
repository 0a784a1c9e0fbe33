// SPDX-License-Identifier: LGPL-2.1-or-later
#include "model/firmware_identity.hpp"
#include "model/validate_parts.hpp"

#include <array>
#include <optional>
#include <set>

namespace vireo::model {
namespace {

Failure wrong(std::string what) {
    return fail(Errc::invalid_config, std::move(what));
}
Failure wrong(std::string what, std::string hint) {
    return Failure(Error(Errc::invalid_config, what).with_hint(hint));
}

Result<> validate_wishes(const Os& os) {
    if (!os.firmware && !os.firmware_features.empty())
        return wrong("os: firmware features are wishes for the automatic choice, which is off",
                     "Say <os firmware='efi'>.");
    if (os.firmware == FirmwareType::bios && !os.firmware_features.empty())
        return wrong("os: firmware features are for firmware='efi'");
    std::array<std::optional<bool>, names<FirmwareFeature::Name>.size()> wished;
    for (const auto& feature : os.firmware_features) {
        auto& slot = wished[static_cast<std::size_t>(feature.name)];
        if (slot)
            return wrong("os: the firmware feature '" + std::string(to_string(feature.name)) + "' is given twice");
        slot = feature.enabled;
    }
    if (wished[static_cast<std::size_t>(FirmwareFeature::Name::enrolled_keys)] == true &&
        wished[static_cast<std::size_t>(FirmwareFeature::Name::secure_boot)] == false)
        return wrong("os: the firmware feature 'enrolled-keys' cannot be enabled when 'secure-boot' is disabled");
    return {};
}

// A wish against what the rest of the definition needs would leave no firmware at all: said as what it is.
Result<> validate_wishes_with(const Domain& domain) {
    const auto wish = [&](FirmwareFeature::Name name) {
        for (const auto& feature : domain.os.firmware_features)
            if (feature.name == name) return std::optional(feature.enabled);
        return std::optional<bool>();
    };
    const auto clash = [&](FirmwareFeature::Name name, bool enabled, bool applies, std::string_view why) {
        if (!applies || wish(name) != enabled) return Result<>();
        return Result<>(wrong("os: the firmware feature '" + std::string(to_string(name)) + "' is " +
                              (enabled ? "wished for" : "ruled out") + ", but " + std::string(why)));
    };
    using Name = FirmwareFeature::Name;
    const bool s3 = domain.pm && domain.pm->suspend_to_mem == true;
    const bool s4 = domain.pm && domain.pm->suspend_to_disk == true;
    const bool secure = domain.os.loader && domain.os.loader->secure == true;
    if (auto good = clash(Name::acpi_s3, false, s3, "pm says suspend-to-mem enabled='yes'"); !good) return good;
    if (auto good = clash(Name::acpi_s4, false, s4, "pm says suspend-to-disk enabled='yes'"); !good) return good;
    if (auto good = clash(Name::requires_smm, false, secure, "the loader says secure='yes'"); !good) return good;
    if (auto good = clash(Name::requires_smm, true, domain.features.smm == false, "features say smm state='off'");
        !good)
        return good;
    if (const auto& security = domain.launch_security) {
        const auto ruled_out = [&](Name name, bool applies) {
            return clash(name, false, applies, "launchSecurity needs it");
        };
        const auto* sev = std::get_if<SevLaunch>(&*security);
        if (auto good = ruled_out(Name::amd_sev, sev); !good) return good;
        if (auto good = ruled_out(Name::amd_sev_es, sev && (sev->policy & 4)); !good) return good;
        if (auto good = ruled_out(Name::amd_sev_snp, std::holds_alternative<SevSnpLaunch>(*security)); !good)
            return good;
        if (auto good = ruled_out(Name::intel_tdx, std::holds_alternative<TdxLaunch>(*security)); !good) return good;
    }
    return clash(Name::host_uefi_vars, true, domain.os.nvram.has_value(), "<nvram> is for variables in flash");
}

// With firmware='…' the loader may hold wishes (secure='yes', stateless, format), or in full what was chosen (type and
// path, as a dump of a domain says it); a part of a manual choice contradicts the automatic one.
Result<> validate_automatic(const Os& os) {
    if (os.firmware == FirmwareType::bios && os.nvram) return wrong("os: firmware='bios' has no NVRAM");
    if (os.nvram && !os.nvram->template_path.empty() && (!os.loader || os.loader->path.empty()))
        return wrong(
            "os: the NVRAM's template is chosen together with the firmware: it cannot be given with firmware='efi'",
            "Leave the template out, or name the loader yourself instead of firmware='efi'.");
    if (!os.loader) return {};
    const Loader& loader = *os.loader;
    const bool complete = !loader.path.empty() && loader.type;
    const auto refuse = [](std::string_view attribute) {
        return wrong("os: the loader's attribute '" + std::string(attribute) +
                         "' cannot be given when firmware='…' leaves the choice to Vireo",
                     "Use either firmware='…' or a loader of your own.");
    };
    if (!complete) {
        if (!loader.path.empty())
            return wrong("os: a loader's path cannot be given when firmware='…' leaves the choice to Vireo",
                         "Use either firmware='…' or a loader of your own.");
        if (loader.type) return refuse("type");
        if (loader.readonly) return refuse("readonly");
        if (loader.secure == false) return refuse("secure");
    }
    if (os.firmware == FirmwareType::bios) {
        if (loader.stateless == false)
            return wrong("os: only EFI firmware has NVRAM: firmware='bios' is always stateless");
        if (loader.secure == true) return wrong("os: secure='yes' is for EFI firmware");
        if (loader.type == Loader::Type::pflash) return wrong("os: firmware='bios' has no loader of type pflash");
    } else if (loader.type == Loader::Type::rom && loader.stateless == false && !os.varstore) {
        return wrong("os: only a loader of type pflash has NVRAM");
    }
    return {};
}

Result<> validate_manual(const Os& os) {
    if (!os.loader && os.nvram)
        return wrong("os: NVRAM without firmware: there is neither a <loader> nor firmware='efi'",
                     "Say <os firmware='efi'>.");
    if (!os.loader) return {};
    const Loader& loader = *os.loader;
    if (loader.path.empty())
        return wrong("os: the loader has no path, and the automatic choice of firmware is off",
                     "Say <os firmware='efi'>.");
    if (loader.type == Loader::Type::pflash && loader.readonly == false && loader.stateless == true)
        return wrong("os: a loader that the guest writes to (readonly='no') is not stateless");
    if (loader.type == Loader::Type::pflash) return {};
    if ((loader.stateless == false && !os.varstore) || os.nvram)
        return wrong("os: only a loader of type pflash has NVRAM");
    if (loader.secure == true) return wrong("os: secure='yes' is for a loader of type pflash");
    if (loader.format && *loader.format != FirmwareFormat::raw) return wrong("os: a loader of type rom is always raw");
    return {};
}

Result<> validate_nvram_source(const Nvram& nvram) {
    const std::string type(to_string(*nvram.type));
    switch (*nvram.type) {
        case SourceType::file:
        case SourceType::block:
        case SourceType::network:
            break;
        default:
            return wrong("os/nvram: variables cannot be in a source of type '" + type + "'",
                         "Possible are file, block and network.");
    }
    if (!nvram.source || empty(*nvram.source, *nvram.type)) {
        const std::string_view attribute = nvram.type == SourceType::file    ? "file"
                                           : nvram.type == SourceType::block ? "dev"
                                                                             : "protocol";
        return wrong("os/nvram: type='" + type + "' needs <source " + std::string(attribute) + "='…'/>");
    }
    const auto& source = *nvram.source;
    const auto refuse = [](std::string_view what) {
        return wrong("os/nvram/source/" + std::string(what) + " is not possible for NVRAM");
    };
    if (!source.slices.empty()) return refuse("slices");
    if (source.reservations) return refuse("reservations");
    if (source.encryption) return refuse("encryption");
    if (source.data_store) return refuse("dataStore");
    if (source.startup_policy) return refuse("@startupPolicy");
    if (!source.fdgroup.empty()) return refuse("@fdgroup");
    return check_source(source, *nvram.type, DiskFormat::raw, "os/nvram");
}

Result<> validate_nvram(const Os& os) {
    if (!os.nvram) return {};
    const Nvram& nvram = *os.nvram;
    if (os.loader && os.loader->stateless == true)
        return wrong(nvram.template_path.empty()
                         ? "os: NVRAM is not possible when the loader is stateless"
                         : "os: an NVRAM template is not possible when the loader is stateless");
    if (nvram.template_format && nvram.template_path.empty() && !os.firmware)
        return wrong("os: nvram has the format of a template, but no template");
    if (!nvram.type && nvram.source)
        return wrong("os/nvram: <source> needs the attribute type",
                     "Say <nvram type='file'>, or give the path as text.");
    if (nvram.type && !nvram.path.empty())
        return wrong("os/nvram: with a type its place is in <source>, not in the text");
    return nvram.type ? validate_nvram_source(nvram) : Result<>();
}

// QEMU's own store of variables comes with firmware that is loaded as a ROM.
Result<> validate_varstore(const Os& os) {
    if (!os.varstore) return {};
    if (os.nvram)
        return wrong("os: a guest has either <nvram> or <varstore>, not both",
                     "<nvram> is for flash; <varstore> for firmware with the feature host-uefi-vars.");
    if (os.firmware == FirmwareType::bios) return wrong("os: firmware='bios' has no variable store");
    if (!os.firmware && !os.loader)
        return wrong("os: a variable store without firmware: there is neither a <loader> nor firmware='efi'",
                     "Say <os firmware='efi'>.");
    if (os.loader && os.loader->type == Loader::Type::pflash)
        return wrong("os: <varstore> is for a loader of type rom; one of type pflash has <nvram>");
    if (os.loader && os.loader->stateless == true)
        return wrong("os: a variable store is not possible when the loader is stateless");
    if (!os.varstore->template_path.empty() && os.firmware && (!os.loader || os.loader->path.empty()))
        return wrong(
            "os: the variable store's template is chosen together with the firmware: it cannot be given with "
            "firmware='efi'",
            "Leave the template out, or name the loader yourself instead of firmware='efi'.");
    if (auto good = check_path(os.varstore->path, "os/varstore path"); !good) return good;
    return check_path(os.varstore->template_path, "os/varstore template");
}

bool is_x86(const std::string& arch) {
    return arch == "x86_64" || arch == "i686";
}

Result<> validate_platform(const Domain& domain) {
    const Os& os = domain.os;
    const std::string& machine = os.type.machine;
    const bool q35 = machine.empty() || machine.find("q35") != std::string::npos;
    const bool efi = os.firmware == FirmwareType::efi || (os.loader && os.loader->type == Loader::Type::pflash);
    const bool x86 = os.type.arch.empty() || is_x86(os.type.arch);
    if (os.loader && os.loader->secure == true) {
        if (domain.features.smm == false || (!os.firmware && !domain.features.smm))
            return wrong("os: secure='yes' needs the SMM feature", "Add <smm state='on'/> to <features>.");
        if (!x86 || os.type.arch == "i686") return wrong("os: secure='yes' needs the architecture x86_64");
        if (!q35) return wrong("os: secure='yes' needs a q35 machine, not '" + machine + "'");
    }
    if (domain.features.smm == true && (!x86 || !q35)) return wrong("features: SMM is for q35 machines only");
    if (efi && !domain.features.acpi && is_x86(os.type.arch))
        return wrong("os: UEFI needs ACPI on this architecture", "Add <acpi/> to <features>.");
    if (!efi && domain.features.acpi && os.type.arch == "aarch64")
        return wrong("features: ACPI needs UEFI on this architecture", "Say <os firmware='efi'>.");
    return {};
}

}  // namespace

Result<> validate_firmware(const Domain& domain) {
    const Os& os = domain.os;
    if (auto good = validate_wishes(os); !good) return good;
    if (auto good = validate_wishes_with(domain); !good) return good;
    if (auto good = os.firmware ? validate_automatic(os) : validate_manual(os); !good) return good;
    if (auto good = validate_nvram(os); !good) return good;
    if (auto good = validate_varstore(os); !good) return good;
    if (auto good = validate_platform(domain); !good) return good;
    if (auto identity = firmware_identity_of(domain); !identity) return Failure(identity.error());
    if (os.loader)
        if (auto good = check_path(os.loader->path, "os/loader"); !good) return good;
    if (os.nvram) {
        if (auto good = check_path(os.nvram->path, "os/nvram"); !good) return good;
        if (auto good = check_path(os.nvram->template_path, "os/nvram template"); !good) return good;
    }
    const auto& consoles = domain.devices.consoles;  // the first makes a serial port, unless it is of another type
    const bool serial_console =
        !consoles.empty() && (!consoles[0].target || consoles[0].target->type.value_or(ConsoleTarget::Type::serial) ==
                                                         ConsoleTarget::Type::serial);
    if (os.bios && os.bios->use_serial == true && domain.devices.serials.empty() && !serial_console)
        return wrong("os/bios: useserial='yes' needs a <serial>");
    std::set<AcpiTable::Type> tables;  // the raw ones name themselves, in their headers
    for (const auto& table : os.acpi_tables)
        if (!tables.insert(table.type).second && table.type != AcpiTable::Type::raw)
            return wrong("os/acpi: there are two tables of type '" + std::string(to_string(table.type)) + "'");
    if (os.kernel.empty() && !os.initrd.empty()) return wrong("os: an initrd needs a kernel");
    if (os.kernel.empty() && !os.cmdline.empty()) return wrong("os: a kernel's command line needs a kernel");
    if (auto good = check_path(os.kernel, "os/kernel"); !good) return good;
    return check_path(os.initrd, "os/initrd");
}

}  // namespace vireo::model
