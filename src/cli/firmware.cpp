// SPDX-License-Identifier: LGPL-2.1-or-later
// Firmware of the host: what there is, and what fits.
#include "cli/common.hpp"
#include "cli/groups.hpp"
#include "cli/table.hpp"

#include <boost/json/value_from.hpp>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace vireo::cli {
namespace {

std::string joined(const std::optional<std::vector<std::string>>& words) {
    return words && !words->empty() ? fmt::format("{}", fmt::join(*words, " ")) : "-";
}

std::string architectures(const api::FirmwareDescription& firmware) {
    std::string text;
    for (auto& target : firmware.targets.value_or(std::vector<api::FirmwareTarget>()))
        if (text.find(target.architecture) == std::string::npos)
            text += (text.empty() ? "" : " ") + target.architecture;
    return text.empty() ? "?" : text;
}

int list(Context& context) {
    auto found = api::ManagerClient(context.connection()).list_firmware();
    if (context.json()) {
        json::object out{{"firmware", as_json(found.firmware)}, {"warnings", json::value_from(found.warnings)}};
        return context.print_json(out), Exit::success;
    }
    Table table({"Name", "Architecture", "Interface", "Device", "Features", "Code"});
    for (auto& one : found.firmware) {
        auto device = one.device.value_or("?") + (one.mode && *one.mode != "split" ? ", " + *one.mode : "");
        table.add({one.name, architectures(one), joined(one.interface_types), device, joined(one.features),
                   one.usable ? one.code_file.value_or("?") : "unusable"});
    }
    context.print(table.text());
    for (auto& warning : found.warnings) context.warn("warning: " + warning);
    return Exit::success;
}

bool yes_or_no(const Context& context, std::string_view option, std::string_view value) {
    if (value == "yes" || value == "no") return value == "yes";
    throw UsageError{fmt::format("--{} must be yes or no, not '{}'", option, value), context.arguments.verb()};
}

std::optional<bool> answer(const Context& context, std::string_view option) {
    auto value = context.arguments.value(option);
    return value ? std::optional(yes_or_no(context, option, *value)) : std::nullopt;
}

// NAME=yes|no,…; a name alone means yes
void take_features(const Context& context, api::FirmwareRequirements& wanted) {
    auto text = context.arguments.value("feature");
    if (!text) return;
    std::string_view rest = *text;
    while (!rest.empty()) {
        auto item = rest.substr(0, rest.find(','));
        rest.remove_prefix(std::min(item.size() + 1, rest.size()));
        auto name = item.substr(0, item.find('='));
        bool enabled = name.size() == item.size() || yes_or_no(context, "feature NAME", item.substr(name.size() + 1));
        if (name.empty()) throw UsageError{"--feature needs the name of a feature", context.arguments.verb()};
        auto& list = enabled ? wanted.with_features : wanted.without_features;
        if (!list) list.emplace();
        list->emplace_back(name);
    }
}

api::FirmwareRequirements requirements(Context& context) {
    api::FirmwareRequirements wanted;
    auto& arguments = context.arguments;
    if (auto domain = arguments.value("domain"))
        wanted.domain = api::ManagerClient(context.connection()).lookup_domain(*domain);
    wanted.architecture = arguments.value("arch");
    wanted.machine = arguments.value("machine");
    if (context.has("bios")) wanted.interface = api::FirmwareInterface::bios;
    take_features(context, wanted);
    wanted.smm = answer(context, "smm");
    wanted.secure = answer(context, "secure");
    wanted.stateless = context.flag("stateless");
    wanted.loader = arguments.value("loader");
    wanted.loader_format = arguments.value("loader-format");
    wanted.template_file = arguments.value("template");
    wanted.template_format = arguments.value("template-format");
    return wanted;
}

int describe(Context& context) {
    auto wanted = requirements(context);
    auto report = api::ManagerClient(context.connection()).describe_firmware(wanted);
    auto code = report.chosen ? Exit::success : Exit::not_found;
    if (context.json()) return context.print_json(as_json(report)), code;
    context.say("Wanted: " + report.wanted + "\n");
    Table table({"", "Name", "Verdict"});
    for (auto& candidate : report.candidates)
        table.add({candidate.chosen ? "*" : "", candidate.name,
                   candidate.fits ? candidate.code_file.value_or("fits") : candidate.reason.value_or("does not fit")});
    context.print(table.text());
    if (!report.chosen) context.warn("There is no such firmware here.");
    return code;
}

const Option describe_options[] = {
    {"domain", "DOMAIN", Kind::domain, "Begin with what this domain's definition asks for."},
    {"arch", "NAME", Kind::text, "The guest's architecture; the host's by default."},
    {"machine", "TYPE", Kind::text, "Its machine type; q35 or virt by default."},
    {"bios", nullptr, Kind::none, "BIOS firmware instead of UEFI."},
    {"feature", "NAME=yes|no,...", Kind::text, "Features that it must have (yes) or must not have (no)."},
    {"smm", "yes|no", Kind::text, "Whether the guest has system management mode."},
    {"secure", "yes|no", Kind::text, "Whether system management mode guards the flash."},
    {"stateless", nullptr, Kind::none, "Without variable store."},
    {"loader", "FILE", Kind::file, "The file of code that it must be."},
    {"loader-format", "raw|qcow2", Kind::text, "The format of the code."},
    {"template", "FILE", Kind::file, "The template that it must have."},
    {"template-format", "raw|qcow2", Kind::text, "The format of the template."},
};
const Verb verbs[] = {
    {"firmware list",
     nullptr,
     "List the firmware of the host",
     "In the order in which it is tried. What is wrong with a descriptor is told on standard error.",
     {},
     {},
     list},
    {"firmware describe",
     nullptr,
     "Say which firmware fits, and why the rest does not",
     "The one that would be chosen is marked with *. The exit status is 3 when none fits.",
     {},
     describe_options,
     describe},
};

}  // namespace

Group firmware_group() {
    return {"Firmware", verbs};
}

}  // namespace vireo::cli
