// SPDX-License-Identifier: LGPL-2.1-or-later
// The firmware's boot entries.
#include "cli/nvram.hpp"
#include "cli/table.hpp"

#include <fmt/format.h>

namespace vireo::cli {
namespace {

int list(Context& context) {
    auto result = firmware_of(context).list_boot_entries();
    auto& boot = result.boot;
    if (context.json()) return context.print_json(as_json(boot)), Exit::success;
    Table table({"Order", "Entry", "Active", "Description", "Device path"});
    for (auto& entry : boot.entries)
        table.add({entry.position ? std::to_string(*entry.position + 1) : "-",
                   entry.name + (boot.next == entry.name ? " (next)" : ""), entry.active ? "yes" : "no",
                   entry.problem ? *entry.problem : entry.description, entry.device_path});
    context.print(table.text());
    if (boot.timeout_seconds)
        context.say(*boot.timeout_seconds == 65535 ? std::string("The firmware waits for ever")
                                                   : fmt::format("The firmware waits {} s", *boot.timeout_seconds));
    note_moment(context, result.moment);
    return Exit::success;
}

int order(Context& context) {
    std::vector<std::string> names;
    for (std::size_t i = 1; i < context.arguments.operands().size(); ++i)
        for (auto& name : split(context.operand(i))) names.push_back(name);
    return report(context, firmware_of(context).set_boot_order(names, store_options(context)), "The boot order is set");
}

int next(Context& context) {
    bool none = context.has("none");
    if (none == (context.arguments.operands().size() > 1))
        throw UsageError{"name an entry, or say --none", context.arguments.verb()};
    auto entry = none ? std::string() : context.operand(1);
    return report(context, firmware_of(context).set_boot_next(entry, store_options(context)),
                  none ? "The next boot follows the order" : "The next boot takes " + entry);
}

int add(Context& context) {
    api::NewBootEntry entry;
    entry.description = context.operand(1);
    entry.device_path = context.operand(2);
    entry.optional_data = context.arguments.value("optional-data");
    if (context.has("inactive")) entry.active = false;
    if (context.has("first")) entry.position = 0;
    auto result = firmware_of(context).add_boot_entry(entry, store_options(context));
    if (context.json()) {
        context.print_json(json::object{{"name", result.name}, {"change", as_json(result.change)}});
        return Exit::success;
    }
    return report(context, result.change, result.name + " added");
}

int remove(Context& context) {
    return report(context, firmware_of(context).remove_boot_entry(context.operand(1), store_options(context)),
                  context.operand(1) + " removed");
}

int set_active(Context& context, bool active) {
    auto change = firmware_of(context).set_boot_entry_active(context.operand(1), active, store_options(context));
    return report(context, change, context.operand(1) + (active ? " is active" : " is not active"));
}
int enable(Context& context) {
    return set_active(context, true);
}
int disable(Context& context) {
    return set_active(context, false);
}

const Operand entry_operands[] = {{"DOMAIN", Kind::domain, true}, {"ENTRY", Kind::text, true}};
const Operand next_operands[] = {{"DOMAIN", Kind::domain, true}, {"ENTRY", Kind::text, false}};
const Operand order_operands[] = {{"DOMAIN", Kind::domain, true}, {"ENTRY", Kind::text, true, true}};
const Operand add_operands[] = {
    {"DOMAIN", Kind::domain, true}, {"DESCRIPTION", Kind::text, true}, {"DEVICE-PATH", Kind::text, true}};
const Option next_options[] = {
    {"none", nullptr, Kind::none, "No entry: the order counts."}, confirm_option, if_sha256_option};
const Option add_options[] = {
    {"first", nullptr, Kind::none, "Before all others, instead of after them."},
    {"inactive", nullptr, Kind::none, "The firmware does not try it by itself."},
    {"optional-data", "HEX", Kind::text, "What is handed to the program."},
    confirm_option,
    if_sha256_option,
};

const Verb verbs[] = {
    {"nvram boot list", nullptr, "List a domain's boot entries, in their order", "", nvram_domain, {}, list},
    {"nvram boot order", nullptr, "Set the order in which boot entries are tried",
     "Entries are like Boot0001. Those that are not named are not tried.", order_operands, change_store_options, order},
    {"nvram boot next", nullptr, "Choose the entry of the next boot only", "", next_operands, next_options, next},
    {"nvram boot add", nullptr, "Make a boot entry",
     "DEVICE-PATH is as EFI writes it, for example 'PciRoot(0x0)/Pci(0x3,0x0)' or '\\EFI\\debian\\shimx64.efi'.",
     add_operands, add_options, add},
    {"nvram boot remove", nullptr, "Remove a boot entry", "", entry_operands, change_store_options, remove},
    {"nvram boot enable", nullptr, "Let the firmware try a boot entry by itself", "", entry_operands,
     change_store_options, enable},
    {"nvram boot disable", nullptr, "Do not let the firmware try a boot entry by itself", "", entry_operands,
     change_store_options, disable},
};

}  // namespace

std::span<const Verb> nvram_boot_verbs() {
    return verbs;
}

}  // namespace vireo::cli
