// SPDX-License-Identifier: LGPL-2.1-or-later
// Backups of a variable store, reset, and the trash.
#include "cli/nvram.hpp"
#include "cli/table.hpp"

#include <fmt/format.h>

namespace vireo::cli {
namespace {

int history(Context& context) {
    auto ring = firmware_of(context).get_history();
    if (context.json()) return context.print_json(as_json(ring.backups)), Exit::success;
    Table table({"Backup", "Taken", "Reason", "SHA-256", "For"});
    for (auto& b : ring.backups)
        table.add({b.id + (b.current ? " (current)" : ""), time_text(b.time_usec), std::string(to_string(b.reason)),
                   b.sha256.substr(0, 16), b.problem ? "cannot be restored: it " + *b.problem : b.who});
    context.print(table.text());
    for (auto& warning : ring.warnings) context.warn("warning: " + warning);
    return Exit::success;
}

int back_up(Context& context) {
    auto backup = firmware_of(context).back_up();
    if (context.json()) return context.print_json(as_json(backup)), Exit::success;
    context.say("The store is backup " + backup.id);
    return Exit::success;
}

int restore(Context& context) {
    auto change = firmware_of(context).restore(context.operand(1), store_options(context));
    return report(context, change, "Backup " + context.operand(1) + " restored");
}

int prune(Context& context) {
    api::PruneOptions options;
    auto& words = context.arguments.operands();
    if (auto keep = context.arguments.number("keep")) options.keep = static_cast<std::uint32_t>(*keep);
    if (words.size() > 1) options.backups = std::vector<std::string>(words.begin() + 1, words.end());
    if (options.keep.has_value() == options.backups.has_value())
        throw UsageError{"name backups, or say how many to --keep", context.arguments.verb()};
    auto dropped = firmware_of(context).prune(options);
    if (context.json()) return context.print_json(json::object{{"dropped", dropped}}), Exit::success;
    context.say(fmt::format("{} backups dropped", dropped));
    return Exit::success;
}

api::StoreResetOptions reset_options_of(const Context& context) {
    api::StoreResetOptions options;
    options.classes = classes_of(context, "class");
    options.keep = classes_of(context, "keep");
    if (context.has("keep") && !options.keep)
        throw UsageError{"--keep everything leaves nothing to reset", context.arguments.verb()};
    options.confirm = list_of(context, "confirm");
    options.if_sha256 = context.arguments.value("if-sha256");
    return options;
}

int reset(Context& context) {
    auto result = firmware_of(context).reset(reset_options_of(context));
    if (context.json()) return context.print_json(as_json(result)), Exit::success;
    if (result.deferred) {
        context.say("The domain runs: the reset waits for its next cold start");
        context.say("To call it off: vireo nvram cancel-reset " + context.operand(0));
        return Exit::success;
    }
    return report(context, *result.change, "The variable store is reset");
}

int plan(Context& context) {
    auto plan = firmware_of(context).plan_reset(reset_options_of(context));
    if (context.json()) return context.print_json(as_json(plan)), Exit::success;
    context.print(difference_text(plan.changes));
    if (plan.deferred) context.say("The domain runs: the reset would wait for its next cold start");
    std::string words;
    for (auto& word : plan.needs) words += (words.empty() ? "" : ",") + word;
    if (!words.empty()) context.say("It has to be accepted by name: --confirm " + words);
    return Exit::success;
}

int cancel_reset(Context& context) {
    bool was = firmware_of(context).cancel_pending_reset();
    if (context.json()) return context.print_json(json::object{{"cancelled", was}}), Exit::success;
    context.say(was ? "The reset is called off" : "No reset was waiting");
    return Exit::success;
}

// ── the trash ──

int trash(Context& context) {
    auto all = api::ManagerClient(context.connection()).list_nvram_trash();
    if (context.json()) return context.print_json(as_json(all)), Exit::success;
    Table table({"Id", "Thrown away", "Deleted", "Size"});
    for (auto& one : all)
        table.add({one.id, time_text(one.time_usec), one.expires_usec ? time_text(*one.expires_usec) : "never",
                   memory_text(one.size_bytes)});
    context.print(table.text());
    return Exit::success;
}

int take_back(Context& context) {
    auto change = firmware_of(context).take_back(context.operand(1), store_options(context));
    return report(context, change, "The store is back");
}

int delete_trash(Context& context) {
    auto& ids = context.arguments.operands();
    api::ManagerClient(context.connection()).remove_nvram_trash(ids);
    context.say(fmt::format("{} stores deleted", ids.size()));
    return Exit::success;
}

const Operand backup_operands[] = {{"DOMAIN", Kind::domain, true}, {"BACKUP", Kind::text, true}};
const Operand prune_operands[] = {{"DOMAIN", Kind::domain, true}, {"BACKUP", Kind::text, false, true}};
const Operand trash_operands[] = {{"DOMAIN", Kind::domain, true}, {"ID", Kind::text, true}};
const Operand ids_operands[] = {{"ID", Kind::text, true, true}};
const Option prune_options[] = {{"keep", "N", Kind::number, "Keep the newest N, and drop the others."}};
const Option reset_options[] = {
    {"class", "CLASSES", Kind::text,
     "Only these: boot-entries, secure-boot-keys, settings, crash-dumps, other; everything by default."},
    {"keep", "CLASSES", Kind::text, "These stay as they are."},
    confirm_option,
    if_sha256_option,
};

const Verb verbs[] = {
    {"nvram history", nullptr, "List the backups of a domain's variable store", "", nvram_domain, {}, history},
    {"nvram backup", nullptr, "Back a domain's variable store up now", "", nvram_domain, {}, back_up},
    {"nvram restore", nullptr, "Put a backup in the store's place",
     "What is there is backed up first, so this can be undone in the same way. Refused while the domain runs.",
     backup_operands, change_store_options, restore},
    {"nvram prune", nullptr, "Drop backups", "", prune_operands, prune_options, prune},
    {"nvram reset", nullptr, "Reset a domain's variable store to its template",
     "The old store is kept as a backup. While the domain runs the reset waits for its next cold start. What disk "
     "encryption may depend on has to be accepted by name, with --confirm; 'vireo nvram plan' says what.",
     nvram_domain, reset_options, reset},
    {"nvram plan", nullptr, "Show what a reset would change", "", nvram_domain, reset_options, plan},
    {"nvram cancel-reset",
     nullptr,
     "Call off a reset that waits for the next cold start",
     "",
     nvram_domain,
     {},
     cancel_reset},
    {"nvram trash", nullptr, "List the variable stores of domains that were undefined", "", {}, {}, trash},
    {"nvram take-back", nullptr, "Put a store from the trash in the place of a domain's", "", trash_operands,
     change_store_options, take_back},
    {"nvram delete-trash", nullptr, "Delete variable stores from the trash", "", ids_operands, {}, delete_trash},
};

}  // namespace

std::span<const Verb> nvram_backup_verbs() {
    return verbs;
}

}  // namespace vireo::cli
