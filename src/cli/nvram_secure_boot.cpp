// SPDX-License-Identifier: LGPL-2.1-or-later
// Secure Boot: whose keys are enrolled, enrolling them, switching it.
#include "cli/nvram.hpp"
#include "cli/table.hpp"

#include <fmt/format.h>

namespace vireo::cli {
namespace {

constexpr std::size_t longest_certificate = 1u << 20;

int status(Context& context) {
    auto result = firmware_of(context).get_secure_boot();
    auto& s = result.secure_boot;
    if (context.json()) return context.print_json(as_json(s)), Exit::success;
    Facts facts;
    facts.add("Secure Boot", s.enabled ? "on" : s.switched_off ? "off (keys are enrolled)" : "off (no keys)");
    facts.add("Setup mode", s.setup_mode ? "yes" : "no");
    if (s.supported) facts.add("Firmware knows it", *s.supported ? "yes" : "no");
    context.print(facts.text());
    if (!s.databases.empty()) {
        Table table({"Database", "Expires", "Subject"});
        for (auto& database : s.databases) {
            for (auto& c : database.certificates)
                table.add({database.name, c.not_after.substr(0, 10) + (c.expired ? " (expired)" : ""),
                           c.subject.empty() ? "(not readable) " + c.sha256 : c.subject});
            if (database.hashes) table.add({database.name, "-", fmt::format("{} hashes", database.hashes)});
            if (database.other) table.add({database.name, "-", fmt::format("{} others", database.other)});
        }
        context.print("\n" + table.text());
    }
    note_moment(context, result.moment);
    return Exit::success;
}

// A certificate's file as the API takes it: PEM as it is, anything else in hexadecimal.
std::string certificate(const std::string& file) {
    auto content = read_input(file, longest_certificate);
    if (content.find("-----BEGIN") != std::string::npos) return content;
    std::string hex;
    for (unsigned char c : content) hex += fmt::format("{:02x}", c);
    return hex;
}

std::optional<std::vector<std::string>> certificates(const Context& context, std::string_view option) {
    auto files = list_of(context, option);
    if (!files) return std::nullopt;
    for (auto& file : *files) file = certificate(file);
    return files;
}

int enroll(Context& context) {
    api::EnrollOptions options;
    if (auto source = context.arguments.value("keys")) {
        options.source = api::key_source_from(*source);
        if (!options.source)
            throw UsageError{"--keys is microsoft, distribution or custom, not '" + *source + "'",
                             context.arguments.verb()};
    }
    if (auto file = context.arguments.value("pk")) options.pk = certificate(*file);
    options.kek = certificates(context, "kek");
    options.db = certificates(context, "db");
    options.dbx = certificates(context, "dbx");
    options.db_hashes = list_of(context, "db-hash");
    options.dbx_hashes = list_of(context, "dbx-hash");
    options.owner = context.arguments.value("owner");
    options.add = context.flag("add");
    options.leave_switched_off = context.flag("leave-off");
    options.confirm = list_of(context, "confirm");
    options.if_sha256 = context.arguments.value("if-sha256");
    return report(context, firmware_of(context).enroll_keys(options), "Keys enrolled");
}

int clear(Context& context) {
    return report(context, firmware_of(context).clear_keys(store_options(context)),
                  "No keys are enrolled any more: setup mode");
}

int switch_it(Context& context, bool on) {
    return report(context, firmware_of(context).set_secure_boot_enabled(on, store_options(context)),
                  on ? "Secure Boot is on from the next start" : "Secure Boot is off from the next start");
}
int switch_on(Context& context) {
    return switch_it(context, true);
}
int switch_off(Context& context) {
    return switch_it(context, false);
}

const Option enroll_options[] = {
    {"keys", "WHOSE", Kind::text,
     "microsoft (the default), distribution, or custom (the default when files are given)."},
    {"pk", "FILE", Kind::file, "The platform key: a certificate, PEM or DER."},
    {"kek", "FILES", Kind::file, "Certificates that may change the lists."},
    {"db", "FILES", Kind::file, "Certificates whose signatures are accepted."},
    {"db-hash", "HASHES", Kind::text, "SHA-256 hashes of images that are accepted."},
    {"dbx", "FILES", Kind::file, "Certificates whose signatures are refused."},
    {"dbx-hash", "HASHES", Kind::text, "SHA-256 hashes of images that are refused."},
    {"owner", "GUID", Kind::text, "Whom the keys are enrolled for."},
    {"add", nullptr, Kind::none, "Keep what is enrolled already."},
    {"leave-off", nullptr, Kind::none, "Do not switch Secure Boot on."},
    confirm_option,
    if_sha256_option,
};

const Verb verbs[] = {
    {"nvram secure-boot status",
     nullptr,
     "Show whether Secure Boot is on, and whose keys are enrolled",
     "",
     nvram_domain,
     {},
     status},
    {"nvram secure-boot enroll", nullptr, "Enrol keys of Secure Boot and switch it on",
     "Several files or hashes are separated by commas. Without a platform key one that is enrolled stays, else the "
     "first of --kek becomes it.",
     nvram_domain, enroll_options, enroll},
    {"nvram secure-boot clear", nullptr, "Remove all keys: setup mode", "", nvram_domain, change_store_options, clear},
    {"nvram secure-boot on", nullptr, "Switch Secure Boot on", "", nvram_domain, change_store_options, switch_on},
    {"nvram secure-boot off", nullptr, "Switch Secure Boot off, and keep the keys", "", nvram_domain,
     change_store_options, switch_off},
};

}  // namespace

std::span<const Verb> nvram_secure_boot_verbs() {
    return verbs;
}

}  // namespace vireo::cli
