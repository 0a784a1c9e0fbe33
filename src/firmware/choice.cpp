// SPDX-License-Identifier: LGPL-2.1-or-later
#include "firmware/choice.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <iterator>
#include <ranges>
#include <sys/utsname.h>

namespace vireo::firmware {
namespace {

// * and ? only, as in descriptors. Linear: on a mismatch only the last * is tried again.
bool glob(std::string_view pattern, std::string_view text) noexcept {
    std::size_t p = 0, t = 0, star = std::string_view::npos, mark = 0;
    while (t < text.size()) {
        if (p < pattern.size() && pattern[p] == '*') {
            star = p++;
            mark = t;
        } else if (p < pattern.size() && (pattern[p] == '?' || pattern[p] == text[t])) {
            ++p, ++t;
        } else if (star != std::string_view::npos) {
            p = star + 1;
            t = ++mark;
        } else {
            return false;
        }
    }
    return pattern.find_first_not_of('*', p) == std::string_view::npos;
}

// Descriptors name versioned machines. An alias stands for one of any version: it fits a glob that takes them all.
std::string_view any_version_of(std::string_view alias) noexcept {
    if (alias == "q35") return "pc-q35-x";
    if (alias == "pc") return "pc-i440fx-x";
    if (alias == "virt") return "virt-x";
    return alias;
}

std::string feature_reason(const Descriptor& descriptor, const Requirements& wanted) {
    for (auto& wish : wanted.features) {
        if (wish.enabled && !descriptor.has_feature(wish.name)) return "has no feature " + wish.name;
        if (!wish.enabled && descriptor.has_feature(wish.name)) return "has the feature " + wish.name;
    }
    bool requires_smm = descriptor.has_feature("requires-smm");
    if (requires_smm && wanted.smm == false) return "requires SMM, which the definition turns off";
    if (requires_smm && wanted.secure == false) return "requires SMM, and the definition says secure='no'";
    if (!requires_smm && wanted.secure == true) return "has no feature requires-smm, which secure='yes' needs";
    if (descriptor.has_feature("host-uefi-vars"))
        return "keeps its variables in QEMU's uefi-vars device, which cannot be run here";
    return {};
}

std::string format_reason(std::string_view what, std::string_view format, std::string_view asked, bool qcow2) {
    if (!asked.empty() && format != asked) return fmt::format("its {} is {}, not {}", what, format, asked);
    if (format == "raw" || (format == "qcow2" && qcow2)) return {};
    return fmt::format("its {} is in the format {}, which cannot be run here", what, format);
}

std::string flash_reason(const Descriptor& descriptor, const Requirements& wanted) {
    if (wanted.rom == true) return "is flash, not a ROM";
    if (descriptor.mode == FlashMode::combined)
        return "has code and variables in one file, which is only for a loader given by hand";
    bool stateless = descriptor.mode == FlashMode::stateless;
    if (wanted.stateless == true && !stateless) return "has a variable store, and the definition says stateless='yes'";
    if (wanted.stateless != true && stateless) return "is stateless: it has no variable store";
    auto reason = format_reason("code", descriptor.executable.format, wanted.executable_format, wanted.qcow2);
    if (!reason.empty() || !descriptor.nvram_template) return reason;
    auto& nvram_template = *descriptor.nvram_template;
    if (!wanted.template_path.empty() && nvram_template.filename != wanted.template_path)
        return "its template is " + nvram_template.filename;
    return format_reason("template", nvram_template.format, wanted.template_format, wanted.qcow2);
}

std::string device_reason(const Descriptor& descriptor, const Requirements& wanted) {
    auto& file = descriptor.executable.filename;
    if (!wanted.executable_path.empty() && file != wanted.executable_path) return "its code is " + file;
    if (descriptor.device == Device::flash) return flash_reason(descriptor, wanted);
    if (descriptor.device == Device::kernel) return "is loaded as a kernel, which is only for <kernel>";
    if (descriptor.device == Device::igvm) return "is an IGVM file, which cannot be run here";
    if (wanted.rom == false) return "is a ROM, not flash";
    // A guest that did not ask for it must not lose its settings at each shutdown.
    bool without_store = wanted.stateless == true || (wanted.sealed && wanted.stateless != false);
    if (wanted.interface_type == "uefi" && !without_store) return "is a ROM: it has no variable store";
    return {};
}

constexpr std::uint32_t sev_es = 1u << 2;  // in the guest policy of AMD's SEV API

template <class Wish>
void add_launch_security(const model::Domain& domain, const Wish& wish) {
    if (!domain.launch_security) return;
    auto& security = *domain.launch_security;
    if (auto* sev = std::get_if<model::SevLaunch>(&security)) {
        wish("amd-sev", true);
        if (sev->policy & sev_es) wish("amd-sev-es", true);
    }
    if (std::holds_alternative<model::SevSnpLaunch>(security)) wish("amd-sev-snp", true);
    if (std::holds_alternative<model::TdxLaunch>(security)) wish("intel-tdx", true);
}

void add_wishes(const model::Domain& domain, Requirements& wanted) {
    auto wish = [&](std::string_view name, bool enabled) { wanted.features.push_back({std::string(name), enabled}); };
    bool secure_boot = false, enrolled = false;
    for (auto& feature : domain.os.firmware_features) {
        wish(model::to_string(feature.name), feature.enabled);
        secure_boot |= feature.name == model::FirmwareFeature::Name::secure_boot;
        enrolled |= feature.name == model::FirmwareFeature::Name::enrolled_keys && feature.enabled;
    }
    if (enrolled && !secure_boot) wish("secure-boot", true);
    add_launch_security(domain, wish);
    if (!domain.pm) return;
    if (domain.pm->suspend_to_mem == true) wish("acpi-s3", true);
    if (domain.pm->suspend_to_disk == true) wish("acpi-s4", true);
}

}  // namespace

std::string machine_reason(const Descriptor& descriptor, const Requirements& wanted) {
    auto& targets = descriptor.targets;
    if (std::ranges::any_of(targets, [&](auto& t) { return matches(t, wanted.architecture, wanted.machine); }))
        return {};
    if (std::ranges::none_of(targets, [&](auto& t) { return t.architecture == wanted.architecture; }))
        return "is not for the architecture " + wanted.architecture;
    return "is not for the machine " + wanted.machine;
}

std::string reason_against(const Entry& entry, const Requirements& wanted) {
    auto& descriptor = entry.descriptor;
    if (!entry.usable() && descriptor.interface_types.empty()) return "cannot be used: " + entry.problem;
    if (!descriptor.has_interface(wanted.interface_type))
        return fmt::format("is not {} firmware", wanted.interface_type);
    auto reason = machine_reason(descriptor, wanted);
    if (reason.empty()) reason = feature_reason(descriptor, wanted);
    if (reason.empty()) reason = device_reason(descriptor, wanted);
    if (reason.empty() && !entry.usable()) reason = "cannot be used: " + entry.problem;
    return reason;
}

std::string summary(const Requirements& wanted) {
    auto text =
        fmt::format("{} firmware for {} on {}", wanted.interface_type == "uefi" ? "UEFI" : wanted.interface_type,
                    wanted.machine.empty() ? "the default machine" : wanted.machine, wanted.architecture);
    for (auto& wish : wanted.features) text += fmt::format(", {} {}", wish.enabled ? "with" : "without", wish.name);
    if (wanted.stateless == true) text += ", stateless";
    return text;
}

bool matches(const Target& target, std::string_view architecture, std::string_view machine) noexcept {
    if (target.architecture != architecture) return false;
    return std::ranges::any_of(target.machines, [&](auto& pattern) {
        return glob(pattern, machine) || glob(pattern, any_version_of(machine));
    });
}

Description describe(const Requirements& requirements, const Catalog& catalog) {
    auto knows = [&](const Entry& entry) {
        auto& d = entry.descriptor;
        return d.device == Device::flash && d.executable.filename == requirements.executable_path &&
               machine_reason(d, requirements).empty();
    };
    auto same_template = [&](const Entry& entry) {
        auto& known = entry.descriptor.nvram_template;
        return requirements.template_path.empty() || (known && known->filename == requirements.template_path);
    };
    auto& entries = catalog.entries();
    bool template_known = std::ranges::any_of(entries, [&](auto& e) { return knows(e) && same_template(e); });
    auto wanted = requirements;
    // Keys are enrolled in the template: about one of the user's own nothing is known.
    if (!template_known) std::erase_if(wanted.features, [](auto& wish) { return wish.name == "enrolled-keys"; });
    Description description;
    for (auto& entry : entries) {
        if (!knows(entry) || (template_known && !same_template(entry))) continue;
        auto reason = feature_reason(entry.descriptor, wanted);
        if (reason.empty()) return {&entry, {}};
        if (description.contradiction.empty()) description.contradiction = entry.name() + ": " + reason;
    }
    return description;
}

std::string host_architecture() {
    utsname names{};
    ::uname(&names);
    return names.machine;
}

Requirements requirements_of(const model::Domain& domain) {
    Requirements wanted;
    auto& os = domain.os;
    if (os.firmware == model::FirmwareType::bios) wanted.interface_type = "bios";
    wanted.architecture = os.type.arch.empty() ? host_architecture() : os.type.arch;
    wanted.machine = os.type.machine;
    if (domain.features.smm) wanted.smm = domain.features.smm->on;
    wanted.sealed = domain.launch_security && (std::holds_alternative<model::SevSnpLaunch>(*domain.launch_security) ||
                                               std::holds_alternative<model::TdxLaunch>(*domain.launch_security));
    add_wishes(domain, wanted);
    if (os.loader) {
        wanted.secure = os.loader->secure;
        wanted.stateless = os.loader->stateless;
        if (os.loader->type) wanted.rom = os.loader->type == model::Loader::Type::rom;
        if (os.loader->format) wanted.executable_format = model::to_string(*os.loader->format);
    }
    if (os.nvram) {
        wanted.template_path = os.nvram->template_path;
        if (os.nvram->template_format) wanted.template_format = model::to_string(*os.nvram->template_format);
    }
    return wanted;
}

Choice choose(const Requirements& requirements, const Catalog& catalog) {
    Choice choice;
    for (auto& entry : catalog.entries()) {
        Candidate candidate{entry.file, entry.name(), reason_against(entry, requirements)};
        if (candidate.fits() && !choice.chosen) choice.chosen = entry;
        choice.candidates.push_back(std::move(candidate));
    }
    return choice;
}

std::optional<Error> reasons(const Choice& choice) {
    std::optional<Error> causes;
    for (auto& candidate : choice.candidates | std::views::reverse) {
        auto line = candidate.name + ": " + (candidate.fits() ? "fits" : candidate.rejected);
        causes = causes ? Error(Errc::unsupported, line, *causes) : Error(Errc::unsupported, line);
    }
    return causes;
}

Result<Entry> chosen(const Requirements& requirements, Choice choice) {
    if (choice.chosen) return std::move(*choice.chosen);
    auto sentence = "there is no " + summary(requirements);
    if (choice.candidates.empty())
        return Failure(Error(Errc::unsupported, sentence + ": no firmware descriptors are installed")
                           .with_hint("install the firmware's package, for example ovmf (Debian, x86), "
                                      "qemu-efi-aarch64 (Debian, Arm) or edk2-ovmf (Fedora)"));
    return Failure(Error(Errc::unsupported, sentence, *reasons(choice))
                       .with_hint("change what the reasons name in the definition, install other firmware, or give "
                                  "<loader> and <nvram template=…> by hand"));
}

}  // namespace vireo::firmware
