// SPDX-License-Identifier: LGPL-2.1-or-later
// Taking over what libvirt has: first as a plan, and only with --apply for real. libvirt's own files are never changed.
#include "cli/common.hpp"
#include "cli/groups.hpp"
#include "cli/libvirt_plan.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <map>

namespace vireo::cli {
namespace {

LibvirtPlan make_plan(Context& context) {
    if (context.has("session") && context.has("root"))
        throw UsageError{"--session and --root contradict each other", context.arguments.verb()};
    auto root = context.arguments.value("root").value_or("/");
    auto plan = plan_import(context.has("session") ? user_folders() : system_folders(root));
    auto& wanted = context.arguments.operands();
    if (wanted.empty()) return plan;
    for (auto& name : wanted)
        if (std::ranges::find(plan.domains, name, &LibvirtDomain::name) == plan.domains.end())
            throw Error(Errc::not_found, "libvirt has no domain '" + name + "' there").with_object(name);
    std::erase_if(plan.domains,
                  [&](const LibvirtDomain& domain) { return std::ranges::find(wanted, domain.name) == wanted.end(); });
    plan.notes.clear();
    return plan;
}

// What is here already is not replaced, whoever made it.
void refuse_existing(Context& context, LibvirtPlan& plan) {
    std::map<std::string, std::string> here;  // name and UUID → name
    for (auto& domain : api::ManagerClient(context.connection()).list_domains()) {
        here.emplace(domain.name, domain.name);
        here.emplace(domain.uuid, domain.name);
    }
    for (auto& domain : plan.domains)
        for (auto& key : {domain.uuid, domain.name})
            if (auto found = here.find(key); found != here.end() && domain.refused.empty())
                domain.refused = "Vireo has the domain '" + found->second + "' already";
}

void show(Context& context, const LibvirtPlan& plan, bool applied) {
    for (auto& domain : plan.domains) {
        if (!domain.refused.empty()) {
            context.print(fmt::format("{}: not taken over: {}\n", domain.name, domain.refused));
            continue;
        }
        std::string line = domain.name + (applied ? ": defined" : ": would be defined");
        if (!domain.nvram.empty()) line += ", with the variables of " + domain.nvram.string();
        if (!domain.tpm.empty()) line += ", with the TPM of " + domain.tpm.string();
        if (domain.autostart) line += applied ? "; starts with the daemon" : "; would start with the daemon";
        context.print(line + "\n");
        for (auto& note : domain.notes) context.print("  " + note + "\n");
    }
    for (auto& note : plan.notes) context.print(note + "\n");
}

// All of one domain, or nothing: what was defined is undefined again when its variables or its TPM cannot be taken
// over.
void take_over(Context& context, LibvirtDomain& domain) {
    api::ManagerClient manager(context.connection());
    auto defined = manager.define_domain_xml(domain.xml, {});
    std::optional<Error> failure;
    try {
        if (!domain.nvram.empty())
            api::DomainFirmwareClient(context.connection(), defined.domain.value).import_store(domain.nvram.string());
        api::DomainClient client(context.connection(), defined.domain.value);
        if (!domain.tpm.empty()) client.import_tpm(domain.tpm.string());
        if (domain.autostart) client.set_autostart(true, {});
    } catch (const Error& error) {
        failure = error;
    }
    if (!failure) return;
    api::UndefineOptions options;
    options.nvram = options.tpm = api::NvramDisposal::remove;
    api::DomainClient(context.connection(), defined.domain.value).undefine(options);
    throw *failure;
}

int import_libvirt(Context& context) {
    auto plan = make_plan(context);
    refuse_existing(context, plan);
    const bool apply = context.has("apply");
    if (apply)
        for (auto& domain : plan.domains) {
            if (!domain.refused.empty()) continue;
            try {
                take_over(context, domain);
            } catch (const Error& error) {
                domain.refused = error.what();
            }
        }
    if (context.json())
        context.print_json(to_json(plan));
    else
        show(context, plan, apply);
    if (!apply && !context.json()) context.warn("this is a plan: nothing was changed. To do it: --apply");
    const bool all = std::ranges::all_of(plan.domains, [](const LibvirtDomain& d) { return d.refused.empty(); });
    return all || !apply ? Exit::success : Exit::failed;
}

const Operand domains[] = {{"NAME", Kind::text, false, true}};
const Option options[] = {
    {"apply", nullptr, Kind::none, "Do it. Without it the plan is shown and nothing is changed."},
    {"root", "FOLDER", Kind::file, "Where the host's etc and var are; / by default."},
    {"session", nullptr, Kind::none, "The definitions of your own libvirt, not the system's."},
};
const Verb verbs[] = {
    {"import-libvirt", nullptr, "Take over the domains of a host's libvirt",
     "Reads libvirt's definitions, variable stores, emulated TPMs and autostart marks and shows what would become of "
     "each. With --apply they are defined here, their variable stores and TPMs copied. What libvirt has is never "
     "changed, so both must not run the "
     "same domain at the same time: undefine it there when it works here. Without NAME: all.",
     domains, options, import_libvirt},
};

}  // namespace

Group import_group() {
    return {"Coming from libvirt", verbs};
}

}  // namespace vireo::cli
