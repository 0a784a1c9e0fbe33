// SPDX-License-Identifier: LGPL-2.1-or-later
// Which domains there are, and what is known of each.
#include "cli/common.hpp"
#include "cli/groups.hpp"
#include "cli/table.hpp"

#include <algorithm>
#include <fmt/ranges.h>

namespace vireo::cli {
namespace {

const Operand domain_operand[] = {{"DOMAIN", Kind::domain, true}};

using State = api::DomainState;
const struct {
    const char* option;
    std::vector<State> states;
} by_state[] = {
    {"state-running", {State::running}},
    {"state-paused", {State::paused}},
    {"state-shutoff", {State::shut_off}},
    {"state-other", {State::no_state, State::blocked, State::in_shutdown, State::crashed, State::pm_suspended}},
};

api::DomainFilter filter_of(const Context& context) {
    api::DomainFilter filter;
    std::vector<State> states;
    for (auto& [option, some] : by_state)
        if (context.has(option)) states.insert(states.end(), some.begin(), some.end());
    if (!states.empty())
        filter.states = states;
    else if (!context.has("all"))
        filter.active = !context.has("inactive");
    if (context.has("autostart")) filter.autostart = true;
    if (context.has("no-autostart")) filter.autostart = false;
    if (context.has("persistent")) filter.persistent = true;
    if (context.has("transient")) filter.persistent = false;
    filter.name = context.arguments.value("match");
    return filter;
}

std::string health_text(const api::DomainSummary& domain) {
    bool well = domain.health == api::Health::ok || domain.health == api::Health::none;
    return well ? "" : " (" + std::string(to_string(domain.health)) + ")";
}

int list(Context& context) {
    auto domains = api::ManagerClient(context.connection()).list_domains(filter_of(context));
    if (context.json()) return context.print_json(as_json(domains)), Exit::success;
    if (context.has("name") || context.has("uuid")) {
        for (auto& domain : domains) context.print((context.has("uuid") ? domain.uuid : domain.name) + "\n");
        return Exit::success;
    }
    bool titles = context.has("title");
    // the running ones first, by number, as virsh does
    std::sort(domains.begin(), domains.end(), [](auto& a, auto& b) {
        if ((a.id < 0) != (b.id < 0)) return b.id < 0;
        return a.id != b.id ? a.id < b.id : a.name < b.name;
    });
    std::vector<std::string> head = {"Id", "Name", "State"};
    if (titles) head.emplace_back("Title");
    Table table(std::move(head));
    for (auto& domain : domains) {
        std::vector<std::string> row = {domain.id < 0 ? "-" : std::to_string(domain.id), domain.name,
                                        state_text(domain.state) + health_text(domain)};
        if (titles) row.push_back(domain.title.value_or(""));
        table.add(std::move(row));
    }
    context.print(table.text());
    return Exit::success;
}

int info(Context& context) {
    auto summary = summary_of(context, context.operand(0));
    auto facts = api::DomainClient(context.connection(), summary.domain.value).get_info();
    if (context.json()) {
        auto all = as_json(summary).as_object();
        for (auto& [key, value] : as_json(facts).as_object()) all[key] = value;
        return context.print_json(all), Exit::success;
    }
    Facts table;
    table.add("Id", facts.id < 0 ? "-" : std::to_string(facts.id));
    table.add("Name", summary.name);
    table.add("UUID", summary.uuid);
    if (summary.title) table.add("Title", *summary.title);
    table.add("State", state_text(facts.state) + " (" + facts.reason + ")");
    if (facts.health != api::Health::none) table.add("Health", to_string(facts.health));
    table.add("CPU(s)", std::to_string(facts.vcpus));
    table.add("Max memory", memory_text(facts.max_memory_bytes));
    table.add("Used memory", memory_text(facts.memory_bytes));
    if (facts.pid) table.add("Process", std::to_string(*facts.pid));
    if (facts.start_usec) table.add("Started", time_text(*facts.start_usec));
    table.add("Persistent", summary.persistent ? "yes" : "no");
    table.add("Autostart", summary.autostart ? "enable" : "disable");
    if (facts.taints) table.add("Tainted", fmt::format("{}", fmt::join(*facts.taints, ", ")));
    table.add("Revision", std::to_string(summary.revision));
    context.print(table.text());
    return Exit::success;
}

int state(Context& context) {
    auto facts = api::DomainClient(context.connection(), context.operand(0)).get_info();
    if (context.json()) return context.print_json(as_json(facts)), Exit::success;
    context.print(state_text(facts.state) + (context.has("reason") ? " (" + facts.reason + ")" : "") + "\n");
    return Exit::success;
}

// One fact of the summary: domuuid, domname, domid.
int one_fact(Context& context, const char* key, const std::string& (*text)(const api::DomainSummary&)) {
    auto summary = summary_of(context, context.operand(0));
    auto value = text ? text(summary) : summary.id < 0 ? std::string("-") : std::to_string(summary.id);
    if (context.json())
        context.print_json({{key, as_json(summary).at(key)}});
    else
        context.print(value + "\n");
    return Exit::success;
}
const std::string& uuid_of(const api::DomainSummary& s) {
    return s.uuid;
}
const std::string& name_of(const api::DomainSummary& s) {
    return s.name;
}
int uuid(Context& context) {
    return one_fact(context, "uuid", uuid_of);
}
int name(Context& context) {
    return one_fact(context, "name", name_of);
}
int id(Context& context) {
    return one_fact(context, "id", nullptr);
}

int dumpxml(Context& context) {
    api::DumpOptions options;
    if (context.has("inactive")) options.kind = api::DefinitionKind::persistent;
    api::DomainClient domain(context.connection(), context.operand(0));
    auto format = context.arguments.value("format").value_or(context.json() ? "json" : "xml");
    if (format == "json") {
        context.print_json(domain.get_definition(options));
    } else if (format == "xml") {
        auto xml = domain.get_xml(options);
        context.print(xml.ends_with('\n') ? xml : xml + "\n");
    } else {
        throw UsageError{"--format is xml or json, not '" + format + "'", context.arguments.verb()};
    }
    return Exit::success;
}

const Option list_options[] = {
    {"all", nullptr, Kind::none, "Also those that do not run."},
    {"inactive", nullptr, Kind::none, "Only those that do not run."},
    {"state-running", nullptr, Kind::none, "Only running ones; the --state options add up."},
    {"state-paused", nullptr, Kind::none, "Only paused ones."},
    {"state-shutoff", nullptr, Kind::none, "Only those that are shut off."},
    {"state-other", nullptr, Kind::none, "Only those in other states."},
    {"autostart", nullptr, Kind::none, "Only those that start with the daemon."},
    {"no-autostart", nullptr, Kind::none, "Only those that do not."},
    {"persistent", nullptr, Kind::none, "Only defined ones."},
    {"transient", nullptr, Kind::none, "Only those that are gone when they stop."},
    {"match", "PATTERN", Kind::text, "Only those whose name matches, with the shell's *, ? and []."},
    {"name", nullptr, Kind::none, "Print only names, one per line."},
    {"uuid", nullptr, Kind::none, "Print only UUIDs, one per line."},
    {"title", nullptr, Kind::none, "Show titles too."},
};
const Option state_options[] = {{"reason", nullptr, Kind::none, "Also say why."}};
const Option dump_options[] = {
    {"inactive", nullptr, Kind::none, "What the next start will use, also while it runs."},
    {"format", "FORMAT", Kind::text, "xml (the default) or json."},
};

const Verb verbs[] = {
    {"list", nullptr, "List domains", "Without options: those that run.", {}, list_options, list},
    {"info", "dominfo", "Show the usual facts about a domain", "", domain_operand, {}, info},
    {"domstate", nullptr, "Show what a domain is doing", "", domain_operand, state_options, state},
    {"domuuid", nullptr, "Show a domain's UUID", "", domain_operand, {}, uuid},
    {"domname", nullptr, "Show a domain's name", "", domain_operand, {}, name},
    {"domid", nullptr, "Show a domain's number while it runs", "", domain_operand, {}, id},
    {"dumpxml", nullptr, "Show a domain's definition",
     "What was defined and what Vireo chose: of the running domain while it runs, else of the next start.",
     domain_operand, dump_options, dumpxml},
};

}  // namespace

Group list_group() {
    return {"Looking", verbs};
}

}  // namespace vireo::cli
