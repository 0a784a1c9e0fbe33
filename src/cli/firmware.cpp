// SPDX-License-Identifier: LGPL-2.1-or-later
// Firmware of the host: what there is, and what fits; of a domain: what was recorded.
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
    context.say("Wanted: " + report.wanted);
    Table table({"", "Name", "Verdict"});
    for (auto& candidate : report.candidates)
        table.add({candidate.chosen ? "*" : "", candidate.name,
                   candidate.fits ? candidate.code_file.value_or("fits") : candidate.reason.value_or("does not fit")});
    context.print(table.text());
    if (!report.chosen) context.warn("There is no such firmware here.");
    return code;
}

// ── of one domain ──

api::DomainFirmwareClient client_of(Context& context) {
    return {context.connection(), context.operand(0)};
}

std::string file_text(const api::FirmwareFile& file) {
    auto state = file.state == api::FirmwareFileState::same ? "" : ", " + std::string(api::to_string(file.state));
    return fmt::format("{} ({}{}{})", file.file, file.sha256.substr(0, 12), state, file.kept ? ", copy kept" : "");
}

int show(Context& context) {
    auto recorded = client_of(context).get_firmware();
    if (context.json()) return context.print_json(as_json(recorded)), Exit::success;
    Facts facts;
    facts.add("Policy", api::to_string(recorded.policy));
    facts.add("Descriptor", recorded.descriptor.value_or("-"));
    facts.add("Features", joined(recorded.features));
    facts.add("Code", file_text(recorded.code));
    if (recorded.template_) facts.add("Template", file_text(*recorded.template_));
    if (auto& update = recorded.update) {
        facts.add("There now", fmt::format("{} ({})", update->code_file, update->code_sha256.substr(0, 12)));
        facts.add("Compatible", update->compatible ? "yes" : "no: " + update->obstacle.value_or("?"));
    }
    context.print(facts.text());
    return Exit::success;
}

int policy(Context& context) {
    auto client = client_of(context);
    if (context.arguments.operands().size() < 2) {
        auto recorded = client.get_firmware();
        if (context.json())
            return context.print_json(json::object{{"policy", api::to_string(recorded.policy)}}), Exit::success;
        context.print(std::string(api::to_string(recorded.policy)) + "\n");
        return Exit::success;
    }
    auto wanted = api::firmware_policy_from(context.operand(1));
    if (!wanted) throw UsageError{"the policy must be follow, pin or ask", context.arguments.verb()};
    api::ChangeOptions options;
    options.if_revision = if_revision(context);
    client.set_firmware_policy(*wanted, options);
    context.say(fmt::format("The firmware policy of domain '{}' is {}", context.operand(0), context.operand(1)));
    return Exit::success;
}

int accept(Context& context) {
    api::ChangeOptions options;
    options.if_revision = if_revision(context);
    bool accepted = client_of(context).accept_firmware(options);
    if (context.json()) return context.print_json(json::object{{"accepted", accepted}}), Exit::success;
    context.say(accepted ? fmt::format("Domain '{}' has the firmware that is there now", context.operand(0))
                         : fmt::format("Domain '{}' has it already", context.operand(0)));
    return Exit::success;
}

const Operand domain_operand[] = {{"DOMAIN", Kind::domain, true}};
const Operand policy_operands[] = {{"DOMAIN", Kind::domain, true}, {"follow|pin|ask", Kind::text, false}};
const Option change_options[] = {if_revision_option};
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
    {"firmware show",
     nullptr,
     "Show a domain's recorded firmware, and what is there now",
     "",
     domain_operand,
     {},
     show},
    {"firmware policy", nullptr, "Show or set what a start does when the firmware has changed",
     "follow: a compatible update is used and recorded, anything else refused. pin: the code that the domain booted "
     "last is used, from a copy. ask: any change is refused until it is accepted.",
     policy_operands, change_options, policy},
    {"firmware accept", nullptr, "Record the firmware that is there now",
     "What runs is not changed, and the variables are not touched.", domain_operand, change_options, accept},
};

}  // namespace

Group firmware_group() {
    return {"Firmware", verbs};
}

}  // namespace vireo::cli
