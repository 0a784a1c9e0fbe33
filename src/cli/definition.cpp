// SPDX-License-Identifier: LGPL-2.1-or-later
// Definitions as documents: judging, comparing and translating them. Needs no daemon, but for what is asked of one.
#include "cli/common.hpp"
#include "cli/groups.hpp"
#include "model/compare.hpp"
#include "model/domain_json.hpp"
#include "model/domain_xml.hpp"
#include "model/json_schema.hpp"
#include "qemu/native.hpp"

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include <filesystem>
#include <fmt/format.h>

namespace vireo::cli {
namespace {

constexpr std::size_t longest_definition = 1u << 20;  // as the API's

model::Domain parse(const std::string& document) {
    if (!looks_like_json(document)) return take(model::parse_domain_xml(document)).domain;
    boost::system::error_code error;
    const auto value = json::parse(document, error);
    if (error || !value.is_object())
        throw Error(Errc::invalid_config, "the definition is no JSON object: " + error.message());
    return take(model::parse_domain_json(value.get_object())).domain;
}

// ── domain validate ──
struct Verdict {
    std::string file;
    std::optional<Error> error;
};

Verdict judge(const std::string& file) {
    Verdict verdict{file, {}};
    try {
        take(qemu::to_native(parse(read_input(file, longest_definition))));
    } catch (const Error& error) {
        verdict.error = error;
    }
    return verdict;
}

json::object as_json(const Verdict& verdict) {
    json::object out{{"file", verdict.file}, {"valid", !verdict.error}};
    if (!verdict.error) return out;
    out["error"] = verdict.error->what();
    if (!verdict.error->hint().empty()) out["hint"] = verdict.error->hint();
    return out;
}

int validate(Context& context) {
    json::array all;
    bool good = true;
    for (const auto& file : context.arguments.operands()) {
        const auto verdict = judge(file);
        good = good && !verdict.error;
        if (context.json()) {
            all.push_back(as_json(verdict));
        } else if (verdict.error) {
            context.warn(file + ": " + verdict.error->what());
            if (!verdict.error->hint().empty()) context.warn("hint: " + verdict.error->hint());
        } else {
            context.say(file + ": valid");
        }
    }
    if (context.json()) context.print_json(all);
    return good ? Exit::success : Exit::failed;
}

// ── domain schema ──
int print_schema(Context& context) {
    context.print_json(model::domain_json_schema());
    return Exit::success;
}

// ── domain diff ──
bool is_file(const std::string& operand) {
    std::error_code ignored;
    return operand == "-" || operand.find('/') != operand.npos || std::filesystem::is_regular_file(operand, ignored);
}

std::string document_of(Context& context, const std::string& domain) {
    api::DumpOptions options;
    if (!context.has("live")) options.kind = api::DefinitionKind::persistent;
    const auto summary = summary_of(context, domain);
    if (!summary.persistent) options.kind.reset();
    return api::DomainClient(context.connection(), summary.domain.value).get_xml(options);
}

model::Domain definition_of(Context& context, const std::string& operand) {
    model::ParseOptions lenient;
    lenient.lenient = true;  // the daemon may have kept what it does not honour
    if (!is_file(operand)) return take(model::parse_domain_xml(document_of(context, operand), lenient)).domain;
    return parse(read_input(operand, longest_definition));
}

json::object as_json(const model::Change& change) {
    return {{"path", change.path},
            {"kind", to_string(change.kind)},
            {"effect", to_string(change.effect)},
            {"before", change.before},
            {"after", change.after}};
}

std::string shown(const json::value& value) {
    return value.is_string() ? std::string(value.get_string()) : json::serialize(value);
}

int diff(Context& context) {
    const auto before = definition_of(context, context.operand(0));
    auto after = definition_of(context, context.operand(1));
    if (!after.uuid) after.uuid = before.uuid;  // what says no UUID is not another guest
    const auto changes = model::compare(before, after);
    if (context.json()) {
        json::array all;
        for (const auto& change : changes) all.push_back(as_json(change));
        context.print_json(all);
        return Exit::success;
    }
    for (const auto& change : changes) {
        std::string what = change.path + ": ";
        if (change.kind == model::Change::Kind::added)
            what += "added " + shown(change.after);
        else if (change.kind == model::Change::Kind::removed)
            what += "removed " + shown(change.before);
        else
            what += shown(change.before) + " -> " + shown(change.after);
        context.print(fmt::format("{} ({})\n", what, to_string(change.effect)));
    }
    if (changes.empty()) context.say("No difference");
    return Exit::success;
}

// ── domxml-to-native ──
int print_line(Context& context, const std::vector<std::string>& argv, const std::vector<std::string>& environment) {
    if (context.json()) {
        json::array command, variables;
        for (const auto& word : argv) command.push_back(json::value(word));
        for (const auto& word : environment) variables.push_back(json::value(word));
        context.print_json(json::object{{"command", command}, {"environment", variables}});
        return Exit::success;
    }
    qemu::CommandLine line;
    line.argv = argv;
    line.env = environment;
    context.print(qemu::shell_text(line));
    return Exit::success;
}

int to_native(Context& context) {
    auto operands = context.arguments.operands();
    if (!operands.empty() && operands.front() == "qemu-argv") operands.erase(operands.begin());  // as virsh wants it
    const auto domain = context.arguments.value("domain");
    if (operands.size() + domain.has_value() != 1)
        throw UsageError{"domxml-to-native needs one FILE, or --domain", context.arguments.verb()};
    const auto document = domain ? document_of(context, *domain) : read_input(operands.front(), longest_definition);
    if (!domain && !context.has("host")) {
        const auto native = take(qemu::to_native(parse(document)));
        return print_line(context, native.line.argv, native.line.env);
    }
    const auto xml = looks_like_json(document) ? model::format_domain_xml(parse(document)) : document;
    const auto native = api::ManagerClient(context.connection()).domain_xml_to_native(xml);
    return print_line(context, native.command, native.environment);
}

const Operand files_operand[] = {{"FILE", Kind::file, true, true}};
const Operand diff_operands[] = {{"BEFORE", Kind::domain, true}, {"AFTER", Kind::file, true}};
const Operand native_operand[] = {{"FILE", Kind::file, false, true}};
const Option diff_options[] = {{"live", nullptr, Kind::none, "A running domain as it is now, not as it is stored."}};
const Option native_options[] = {
    {"domain", "DOMAIN", Kind::domain, "A domain of the daemon instead of a file."},
    {"host", nullptr, Kind::none, "For this host's QEMU, asked of the daemon, instead of the newest that Vireo knows."},
    {"live", nullptr, Kind::none, "With --domain: as it runs now, not as it is stored."},
};

const Verb verbs[] = {
    {"domain validate",
     nullptr,
     "Judge definitions",
     "Each FILE holds libvirt domain XML, or the JSON form of it; - is standard input. A definition is judged for the "
     "machine that it names and the newest QEMU that Vireo knows, not for what this host has; no daemon is needed. "
     "Exits with 0 when all are valid.",
     files_operand,
     {},
     validate},
    {"domain diff", nullptr, "Show what differs between two definitions",
     "BEFORE and AFTER are files or domains (what has a slash or is there is a file). Says for each difference whether "
     "a running guest can be given it (live) or gets it when it is started again (next-boot).",
     diff_operands, diff_options, diff},
    {"domain schema", nullptr, "Print the JSON Schema of a domain's definition", "", {}, {}, print_schema},
    {"domxml-to-native", nullptr, "Show the command line for a definition",
     "What QEMU would be started with, by paths where the daemon passes descriptors: to be read, not to be run.",
     native_operand, native_options, to_native},
};

}  // namespace

Group definition_group() {
    return {"Documents", verbs};
}

}  // namespace vireo::cli
