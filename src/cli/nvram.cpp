// SPDX-License-Identifier: LGPL-2.1-or-later
// The UEFI variable store of a domain: looking at it, and its variables. Boot entries, Secure Boot and backups are in
// files of their own.
#include "cli/nvram.hpp"

#include "api/codec.hpp"
#include "cli/groups.hpp"
#include "cli/table.hpp"

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include <algorithm>
#include <array>
#include <charconv>
#include <fmt/format.h>

namespace vireo::cli {
namespace {

constexpr std::size_t longest_import = 4u << 20;  // as a call's
constexpr std::size_t longest_value = 1u << 20;

std::string hex_of(std::string_view bytes) {
    std::string out;
    for (unsigned char c : bytes) out += fmt::format("{:02x}", c);
    return out;
}

api::VariableFilter filter_of(const Context& context) {
    api::VariableFilter filter;
    filter.classes = classes_of(context, "class");
    filter.name = context.arguments.value("name");
    filter.guid = context.arguments.value("guid");
    filter.backup = context.arguments.value("backup");
    return filter;
}

int status(Context& context) {
    auto s = firmware_of(context).get_status();
    if (context.json()) return context.print_json(as_json(s)), Exit::success;
    Facts facts;
    facts.add("State", fmt::format("{}: {}", to_string(s.state), s.sentence));
    auto text = [&](const char* name, const std::optional<std::string>& value) {
        if (value) facts.add(name, *value);
    };
    auto flag = [&](const char* name, const std::optional<bool>& value) {
        if (value) facts.add(name, *value ? "yes" : "no");
    };
    text("Store", s.path);
    if (s.form) facts.add("Form", to_string(*s.form));
    text("Template", s.template_);
    text("Code", s.code);
    if (s.moment && s.moment->exists) {
        facts.add("Content",
                  fmt::format("{} as of {}{}", s.moment->sha256.value_or("?"), time_text(s.moment->as_of_usec),
                              s.moment->live ? ", while the domain runs" : ""));
        if (s.moment->modified_usec) facts.add("Written", time_text(*s.moment->modified_usec));
    }
    flag("Pristine", s.pristine);
    if (s.variables) facts.add("Variables", std::to_string(*s.variables));
    if (s.capacity_bytes)
        facts.add("Room", fmt::format("{} used, {} dead, {} free of {} bytes", s.used_bytes.value_or(0),
                                      s.dead_bytes.value_or(0), s.free_bytes.value_or(0), *s.capacity_bytes));
    flag("Secure Boot", s.secure_boot);
    flag("Setup mode", s.setup_mode);
    if (s.backups) facts.add("Backups", std::to_string(*s.backups));
    if (s.pending_reset)
        facts.add("Pending reset",
                  fmt::format("asked for by {} at {}", s.pending_reset->who, time_text(s.pending_reset->time_usec)));
    context.print(facts.text());
    return Exit::success;
}

int list(Context& context) {
    auto result = firmware_of(context).list_variables(filter_of(context));
    if (context.json()) return context.print_json(as_json(result.variables)), Exit::success;
    Table table({"Vendor", "Name", "Class", "Bytes", "Value"});
    for (auto& v : result.variables)
        table.add({v.vendor.value_or(v.guid), v.name, std::string(v.class_ ? to_string(*v.class_) : "-"),
                   std::to_string(v.data.value_or("").size() / 2), v.text.value_or("")});
    context.print(table.text());
    note_moment(context, result.moment);
    return Exit::success;
}

int get(Context& context) {
    auto result = firmware_of(context).get_variable(context.operand(1), context.arguments.value("guid").value_or(""));
    auto& v = result.variable;
    if (context.json()) return context.print_json(as_json(v)), Exit::success;
    if (context.has("hex")) return context.print(v.data.value_or("") + "\n"), Exit::success;
    Facts facts;
    facts.add("Name", v.name);
    facts.add("GUID", v.vendor ? v.guid + " (" + *v.vendor + ")" : v.guid);
    if (v.class_) facts.add("Class", to_string(*v.class_));
    std::string attributes;
    for (auto& word : v.attributes.value_or(std::vector<std::string>()))
        attributes += (attributes.empty() ? "" : ", ") + word;
    facts.add("Attributes", attributes);
    if (v.text) facts.add("Value", *v.text);
    if (v.decoded) facts.add("Decoded", json::serialize(*v.decoded));
    facts.add("Data", v.data.value_or(""));
    context.print(facts.text());
    note_moment(context, result.moment);
    return Exit::success;
}

// ── setting ──

bool global_name(std::string_view name) {
    constexpr std::array known{"BootOrder", "BootNext",    "Timeout", "Lang", "PlatformLang", "ConIn",        "ConOut",
                               "ErrOut",    "DriverOrder", "PK",      "KEK",  "SysPrepOrder", "OsIndications"};
    if (std::ranges::find(known, name) != known.end()) return true;
    auto digits = [](char c) { return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'F'); };
    for (std::string_view prefix : {"Boot", "Driver", "SysPrep", "Key"})
        if (name.starts_with(prefix) && name.size() == prefix.size() + 4 &&
            std::ranges::all_of(name.substr(prefix.size()), digits))
            return true;
    return false;
}

// A value as a person writes it, for the variables whose meaning is known.
json::object decoded_value(const Context& context, const std::string& name, const std::string& value) {
    auto ends = [&](std::string_view end) { return name.ends_with(end); };
    if (name == "Timeout") {
        unsigned seconds = 0;
        auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), seconds);
        if (error != std::errc() || end != value.data() + value.size())
            throw UsageError{"Timeout is a number of seconds, not '" + value + "'", context.arguments.verb()};
        return {{"seconds", seconds}};
    }
    if (name == "BootNext") return {{"option", value}};
    if (ends("Order")) {
        json::array order;
        for (auto& one : split(value)) order.emplace_back(one);
        return {{"order", std::move(order)}};
    }
    if (ends("Lang") || name.starts_with("Loader")) return {{"text", value}};
    bool on = value == "on" || value == "yes" || value == "true" || value == "1";
    bool off = value == "off" || value == "no" || value == "false" || value == "0";
    if (name == "SecureBootEnable" || name == "CustomMode" || name == "VendorKeysNv") {
        if (!on && !off) throw UsageError{name + " is on or off, not '" + value + "'", context.arguments.verb()};
        return {{"enabled", on}};
    }
    throw UsageError{"how '" + value + "' is to be stored in " + name + " is not known: use --hex, --text or --file",
                     context.arguments.verb()};
}

std::string ucs2_of(const Context& context, std::string_view text) {
    std::string out;
    for (unsigned char c : text) {
        if (c >= 0x80) throw UsageError{"--ucs2 takes ASCII only", context.arguments.verb()};
        out += static_cast<char>(c);
        out += '\0';
    }
    return out + std::string(2, '\0');
}

std::string guid_for(Context& context, const std::string& name) {
    if (auto given = context.arguments.value("guid")) return *given;
    if (global_name(name)) return "global";
    try {
        return firmware_of(context).get_variable(name, "").variable.guid;
    } catch (const Error& error) {
        if (error.code() != Errc::not_found) throw;
    }
    throw UsageError{"whose variable " + name + " is must be said, with --guid", context.arguments.verb()};
}

int set(Context& context) {
    auto name = context.operand(1);
    auto& words = context.arguments.operands();
    std::size_t ways = (words.size() > 2) + context.has("hex") + context.has("text") + context.has("ucs2") +
                       context.has("file") + context.has("decoded");
    if (ways != 1)
        throw UsageError{"set needs one value: VALUE, --hex, --text, --ucs2, --file or --decoded",
                         context.arguments.verb()};
    api::FirmwareVariable variable;
    variable.name = name;
    variable.attributes = list_of(context, "attributes");
    if (words.size() > 2) {
        variable.decoded = decoded_value(context, name, words[2]);
    } else if (auto text = context.arguments.value("decoded")) {
        boost::system::error_code error;
        auto value = json::parse(*text, error);
        if (error || !value.is_object()) throw UsageError{"--decoded must be a JSON object", context.arguments.verb()};
        variable.decoded = value.get_object();
    } else if (auto hex = context.arguments.value("hex")) {
        variable.data = *hex;
    } else if (auto bytes = context.arguments.value("text")) {
        variable.data = hex_of(*bytes);
    } else if (auto wide = context.arguments.value("ucs2")) {
        variable.data = hex_of(ucs2_of(context, *wide));
    } else {
        variable.data = hex_of(read_input(*context.arguments.value("file"), longest_value));
    }
    variable.guid = guid_for(context, name);
    return report(context, firmware_of(context).set_variable(variable, store_options(context)),
                  "Variable '" + name + "' set");
}

int unset(Context& context) {
    auto guid = context.arguments.value("guid").value_or("");
    return report(context, firmware_of(context).unset_variable(context.operand(1), guid, store_options(context)),
                  "Variable '" + context.operand(1) + "' removed");
}

// ── all of them ──

int export_variables(Context& context) {
    auto result = firmware_of(context).export_(filter_of(context));
    context.print_json(as_json(result.variables));
    note_moment(context, result.moment);
    return Exit::success;
}

int import_variables(Context& context) {
    auto document = read_input(context.operand(1), longest_import);
    boost::system::error_code error;
    auto value = json::parse(document, error);
    if (error || !value.is_array())
        throw Error(Errc::invalid_argument, "'" + context.operand(1) + "' is no JSON array of variables" +
                                                (error ? ": " + error.message() : ""))
            .with_hint("make one with: vireo nvram export DOMAIN");
    std::vector<api::FirmwareVariable> variables;
    decode(value, variables, api::Where("variables"));
    api::ImportOptions options;
    options.replace = context.flag("replace");
    options.dry_run = context.flag("dry-run");
    options.if_sha256 = context.arguments.value("if-sha256");
    options.confirm = list_of(context, "confirm");
    auto change = firmware_of(context).import_(variables, options);
    if (context.has("dry-run") && !context.json()) {
        context.print(difference_text(change.changes));
        return Exit::success;
    }
    return report(context, change, fmt::format("{} variables imported", variables.size()));
}

int diff(Context& context) {
    api::DiffOptions options;
    options.backup = context.arguments.value("backup");
    options.other = context.arguments.value("domain");
    if (options.backup && options.other)
        throw UsageError{"--backup and --domain contradict each other", context.arguments.verb()};
    auto result = firmware_of(context).diff(options);
    if (context.json()) return context.print_json(as_json(result.differences)), Exit::success;
    if (result.differences.empty()) context.say("There is no difference");
    if (!result.differences.empty()) context.print(difference_text(result.differences));
    note_moment(context, result.moment);
    return Exit::success;
}

int check(Context& context) {
    auto checked = firmware_of(context).check();
    if (context.json())
        context.print_json(as_json(checked));
    else {
        context.print(fmt::format("{}: {}\n", to_string(checked.state), checked.sentence));
        if (checked.hint) context.print("hint: " + *checked.hint + "\n");
    }
    return checked.usable ? Exit::success : Exit::failed;
}

int compact(Context& context) {
    return report(context, firmware_of(context).compact(store_options(context)), "The store is compacted");
}

int migrate(Context& context) {
    api::MigrateOptions options;
    if (auto form = context.arguments.value("form")) {
        options.form = api::store_form_from(*form);
        if (!options.form) throw UsageError{"--form is raw or qcow2, not '" + *form + "'", context.arguments.verb()};
    }
    options.code = context.arguments.value("code");
    options.template_ = context.arguments.value("template");
    options.dry_run = context.flag("dry-run");
    options.confirm = list_of(context, "confirm");
    auto result = firmware_of(context).migrate(options);
    if (context.json()) return context.print_json(as_json(result)), Exit::success;
    for (auto& left : result.left)
        context.warn(fmt::format("left behind: {} {}: {}", left.guid, left.name, left.reason));
    if (context.has("dry-run")) {
        context.print(difference_text(result.change.changes));
        return Exit::success;
    }
    return report(context, result.change, "The store is at " + result.path + " now");
}

constexpr Option guid = {"guid", "GUID", Kind::text, "Whose, or a well-known name: global, image-security, shim …"};
constexpr Option class_option = {"class", "CLASSES", Kind::text,
                                 "Of these classes: boot-entries, secure-boot-keys, settings, crash-dumps, other."};
constexpr Option backup = {"backup", "ID", Kind::text, "Of this backup instead of the store."};
constexpr Option dry_run = {"dry-run", nullptr, Kind::none, "Show what would change, and change nothing."};

const Operand variable_operands[] = {{"DOMAIN", Kind::domain, true}, {"NAME", Kind::text, true}};
const Operand set_operands[] = {
    {"DOMAIN", Kind::domain, true}, {"NAME", Kind::text, true}, {"VALUE", Kind::text, false}};
const Operand import_operands[] = {{"DOMAIN", Kind::domain, true}, {"FILE", Kind::file, true}};
const Option list_options[] = {
    class_option, {"name", "PATTERN", Kind::text, "Whose name matches this pattern."}, guid, backup};
const Option get_options[] = {guid, {"hex", nullptr, Kind::none, "Print the content only, in hexadecimal."}};
const Option set_options[] = {
    guid,
    {"hex", "HEX", Kind::text, "The content in hexadecimal."},
    {"text", "TEXT", Kind::text, "The content as these bytes."},
    {"ucs2", "TEXT", Kind::text, "The content as UCS-2 with a terminating zero, as EFI has texts."},
    {"file", "FILE", Kind::file, "The content is that of this file."},
    {"decoded", "JSON", Kind::text, "What the content means, as 'get --json' shows it under decoded."},
    {"attributes", "WORDS", Kind::text, "non-volatile,boot-service,runtime …; what is usual by default."},
    confirm_option,
    if_sha256_option,
};
const Option unset_options[] = {guid, confirm_option, if_sha256_option};
const Option import_options[] = {{"replace", nullptr, Kind::none, "Variables that are not in the file go."},
                                 dry_run,
                                 confirm_option,
                                 if_sha256_option};
const Option diff_options[] = {{"backup", "ID", Kind::text, "Compare with this backup."},
                               {"domain", "DOMAIN", Kind::domain, "Compare with another domain's store."}};
const Option migrate_options[] = {
    {"form", "FORM", Kind::text, "What the file is to be: raw or qcow2. The definition is changed accordingly."},
    {"code", "FILE", Kind::file, "The firmware's code that the definition is to name."},
    {"template", "FILE", Kind::file, "The template that the definition is to name."},
    dry_run,
    confirm_option,
};

const Verb verbs[] = {
    {"nvram status", "nvram info", "Show how a domain's variable store is", "", nvram_domain, {}, status},
    {"nvram list", nullptr, "List the UEFI variables of a domain",
     "While the domain runs: those that are in its file, which the guest may change at any moment.", nvram_domain,
     list_options, list},
    {"nvram get", nullptr, "Show one UEFI variable", "", variable_operands, get_options, get},
    {"nvram set", nullptr, "Set a UEFI variable",
     "VALUE is for variables whose meaning is known: Timeout, Lang, BootNext, BootOrder, SecureBootEnable … Refused "
     "while the domain runs. The old store is kept, see 'vireo nvram history'.",
     set_operands, set_options, set},
    {"nvram unset", nullptr, "Remove a UEFI variable", "", variable_operands, unset_options, unset},
    {"nvram export", nullptr, "Print all variables as JSON", "", nvram_domain, list_options, export_variables},
    {"nvram import", nullptr, "Set the variables of a file, all or none",
     "FILE is what export prints; - is standard input.", import_operands, import_options, import_variables},
    {"nvram diff", nullptr, "Show how a store differs from its template, a backup or another domain's", "",
     nvram_domain, diff_options, diff},
    {"nvram check",
     nullptr,
     "Say whether a domain can start with its variable store, and what to do if not",
     "Exits with 1 when it cannot.",
     nvram_domain,
     {},
     check},
    {"nvram compact", nullptr, "Drop what is dead in a variable store", "", nvram_domain, change_store_options,
     compact},
    {"nvram migrate", nullptr, "Move the variables to a store of another form or size",
     "Without options: to what the definition asks for, after it was given another firmware.", nvram_domain,
     migrate_options, migrate},
};

}  // namespace

// ── shared ──

std::vector<std::string> split(std::string_view text) {
    std::vector<std::string> parts;
    for (std::size_t begin = 0; begin <= text.size();) {
        auto end = std::min(text.find(',', begin), text.size());
        if (end > begin) parts.emplace_back(text.substr(begin, end - begin));
        begin = end + 1;
    }
    return parts;
}

std::optional<std::vector<std::string>> list_of(const Context& context, std::string_view option) {
    auto text = context.arguments.value(option);
    if (!text) return std::nullopt;
    return split(*text);
}

std::optional<std::vector<api::VariableClass>> classes_of(const Context& context, std::string_view option) {
    auto words = list_of(context, option);
    if (!words) return std::nullopt;
    std::vector<api::VariableClass> classes;
    for (auto& word : *words) {
        if (word == "everything" || word == "all") return std::nullopt;
        auto one = api::variable_class_from(word);
        if (!one)
            throw UsageError{"--" + std::string(option) +
                                 ": the classes are boot-entries, secure-boot-keys, settings, crash-dumps, other and "
                                 "everything, not '" +
                                 word + "'",
                             context.arguments.verb()};
        classes.push_back(*one);
    }
    if (classes.empty()) return std::nullopt;
    return classes;
}

api::StoreChangeOptions store_options(const Context& context) {
    api::StoreChangeOptions options;
    options.if_sha256 = context.arguments.value("if-sha256");
    options.confirm = list_of(context, "confirm");
    return options;
}

api::DomainFirmwareClient firmware_of(Context& context) {
    return {context.connection(), context.operand(0)};
}

std::string difference_text(const std::vector<api::VariableDifference>& changes) {
    if (changes.empty()) return "nothing would change\n";
    std::string out;
    for (auto& one : changes) {
        char sign = one.change == api::DifferenceKind::added     ? '+'
                    : one.change == api::DifferenceKind::removed ? '-'
                                                                 : '~';
        out += fmt::format("{} {} ({})", sign, printable(one.name), to_string(one.class_));
        if (one.before) out += "  " + printable(*one.before);
        if (one.after) out += (one.before ? "  ->  " : "  ") + printable(*one.after);
        out += '\n';
    }
    return out;
}

void note_moment(const Context& context, const api::StoreMoment& moment) {
    if (context.has("quiet") || context.json()) return;
    if (moment.live)
        context.warn(fmt::format("note: the domain runs; this was in its file at {}", time_text(moment.as_of_usec)));
    if (!moment.exists) context.warn("note: there is no store yet; the first start makes it from the template");
}

int report(Context& context, const api::StoreChange& change, std::string_view sentence) {
    if (context.json()) return context.print_json(as_json(change)), Exit::success;
    context.say(change.changed ? sentence : "Nothing to do: it is so already");
    if (context.verbose() && !change.changes.empty()) context.print(difference_text(change.changes));
    if (change.backup) context.say("The old store is backup " + *change.backup);
    for (auto& warning : change.warnings.value_or(std::vector<std::string>())) context.warn("warning: " + warning);
    return Exit::success;
}

Group nvram_group() {
    static const auto all = [] {
        std::vector<Verb> list(std::begin(verbs), std::end(verbs));
        for (auto more : {nvram_boot_verbs(), nvram_secure_boot_verbs(), nvram_backup_verbs()})
            list.insert(list.end(), more.begin(), more.end());
        return list;
    }();
    return {"UEFI variables (NVRAM)", all};
}

}  // namespace vireo::cli
