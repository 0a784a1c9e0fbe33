// SPDX-License-Identifier: LGPL-2.1-or-later
// The host, its hypervisors, the daemon; anything of the API.
#include "cli/common.hpp"
#include "cli/groups.hpp"
#include "cli/table.hpp"

#include <boost/json/parse.hpp>

#include <fmt/format.h>

namespace vireo::cli {
namespace {

constexpr std::size_t longest_params = 4u << 20;

int hypervisors(Context& context) {
    auto all = api::ManagerClient(context.connection()).list_hypervisors();
    if (context.json()) return context.print_json(as_json(all)), Exit::success;
    Table table({"Architecture", "Version", "KVM", "Default machine", "Binary"});
    for (auto& one : all)
        table.add({one.architecture.value_or("?"), one.version.value_or("?"), one.kvm.value_or(false) ? "yes" : "no",
                   one.default_machine.value_or("-"), one.error ? one.binary + ": " + *one.error : one.binary});
    context.print(table.text());
    return Exit::success;
}

int host(Context& context) {
    auto info = api::ManagerClient(context.connection()).get_host_info();
    if (context.json()) return context.print_json(as_json(info)), Exit::success;
    Facts facts;
    facts.add("Host name", info.hostname);
    facts.add("CPU model", info.architecture);
    facts.add("CPU(s)", std::to_string(info.cpus));
    facts.add("Memory size", memory_text(info.memory_bytes));
    facts.add("Kernel", info.kernel);
    facts.add("KVM", info.kvm ? "yes" : "no");
    facts.add("Control groups", info.cgroups);
    facts.add("Daemon", fmt::format("vireod {} for {}", info.version,
                                    info.scope == api::Scope::system ? "the system" : "this user"));
    context.print(facts.text());
    return Exit::success;
}

int capabilities(Context& context) {
    api::ManagerClient manager(context.connection());
    if (context.json()) return context.print_json(manager.get_capabilities()), Exit::success;
    context.print(manager.get_capabilities_xml());
    return Exit::success;
}

int domain_capabilities(Context& context) {
    api::DomainCapabilitiesOptions options;
    options.emulator = context.arguments.value("emulatorbin");
    options.architecture = context.arguments.value("arch");
    options.machine = context.arguments.value("machine");
    options.type = context.arguments.value("virttype");
    api::ManagerClient manager(context.connection());
    if (context.json()) return context.print_json(manager.get_domain_capabilities(options)), Exit::success;
    context.print(manager.get_domain_capabilities_xml(options));
    return Exit::success;
}

int version(Context& context) {
    json::object out{{"client", VIREO_VERSION}};
    std::string daemon;
    if (!context.has("client")) daemon = api::ManagerClient(context.connection()).get_host_info().version;
    if (!daemon.empty()) out["daemon"] = daemon;
    if (context.json()) return context.print_json(out), Exit::success;
    context.print("vireo " VIREO_VERSION "\n");
    if (!daemon.empty()) context.print("vireod " + daemon + "\n");
    return Exit::success;
}

int rpc(Context& context) {
    json::value params;
    if (context.arguments.operands().size() > 1) {
        auto text = context.operand(1) == "-" ? read_input("-", longest_params) : context.operand(1);
        boost::system::error_code error;
        params = json::parse(text, error);
        if (error || !(params.is_object() || params.is_array()))
            throw UsageError{"the parameters must be a JSON object or array" + (error ? ": " + error.message() : ""),
                             context.arguments.verb()};
    }
    std::vector<UniqueFd> descriptors;
    auto result = context.connection().call_raw(context.operand(0), std::move(params), descriptors);
    context.print_json(result);
    if (!descriptors.empty())
        context.warn(fmt::format("note: {} descriptor(s) came with the answer and were closed", descriptors.size()));
    return Exit::success;
}

const Operand rpc_operands[] = {{"METHOD", Kind::text, true}, {"JSON", Kind::text, false}};
const Option version_options[] = {{"client", nullptr, Kind::none, "Only of this command; needs no daemon."}};
const Option domain_capabilities_options[] = {
    {"emulatorbin", "PATH", Kind::file, "The QEMU binary; the host's for the architecture by default."},
    {"arch", "ARCH", Kind::text, "The guest's architecture, such as aarch64."},
    {"machine", "MACHINE", Kind::text, "The machine type, such as q35."},
    {"virttype", "TYPE", Kind::text, "kvm or qemu."},
};
const Verb verbs[] = {
    {"capabilities",
     nullptr,
     "Show what the host is and which guests it can run",
     "Prints libvirt's capabilities document; with --json the same as JSON.",
     {},
     {},
     capabilities},
    {"domcapabilities",
     nullptr,
     "Show what an emulator offers to domains",
     "Prints libvirt's domainCapabilities document; with --json the same as JSON.",
     {},
     domain_capabilities_options,
     domain_capabilities},
    {"host", "nodeinfo", "Show facts about the host and the daemon", "", {}, {}, host},
    {"hypervisors", nullptr, "List the hypervisors of the host", "", {}, {}, hypervisors},
    {"rpc",
     nullptr,
     "Call any method of the API",
     "JSON holds the parameters, by name (an object) or by position (an array); - is standard input. Prints the "
     "result. 'vireo rpc rpc.discover' describes every method.",
     rpc_operands,
     {},
     rpc},
    {"version", nullptr, "Show the versions of this command and of the daemon", "", {}, version_options, version},
};

}  // namespace

Group host_group() {
    return {"Host and API", verbs};
}

}  // namespace vireo::cli
