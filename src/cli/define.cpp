// SPDX-License-Identifier: LGPL-2.1-or-later
// Definitions: storing, changing, removing.
#include "cli/common.hpp"
#include "cli/groups.hpp"
#include "support/file.hpp"

#include <boost/json/parse.hpp>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fmt/format.h>
#include <sys/wait.h>
#include <unistd.h>

namespace vireo::cli {
namespace {

constexpr std::size_t longest_definition = 1u << 20;  // as the API's
const Operand domain_operand[] = {{"DOMAIN", Kind::domain, true}};
const Operand file_operand[] = {{"FILE", Kind::file, true}};

json::object parse_definition(const std::string& document) {
    boost::system::error_code error;
    auto value = json::parse(document, error);
    if (error || !value.is_object())
        throw Error(Errc::invalid_config, "the definition is no JSON object: " + error.message());
    return std::move(value.get_object());
}

api::DefineResult define_document(Context& context, const std::string& document, const api::DefineOptions& options) {
    api::ManagerClient manager(context.connection());
    if (looks_like_json(document)) return manager.define_domain(parse_definition(document), options);
    return manager.define_domain_xml(document, options);
}

int report(Context& context, const api::DefineResult& result) {
    for (auto& warning : result.warnings) context.warn("warning: " + warning);
    if (context.json()) return context.print_json(as_json(result)), Exit::success;
    if (context.has("dry-run")) {
        if (!context.has("quiet"))
            context.warn(fmt::format("Domain '{}' would be {}; nothing was stored", result.name,
                                     result.created ? "defined" : "redefined"));
        auto xml = result.xml.value_or("");
        context.print(xml.ends_with('\n') || xml.empty() ? xml : xml + "\n");
    } else {
        context.say(fmt::format("Domain '{}' {}", result.name, result.created ? "defined" : "redefined"));
    }
    return Exit::success;
}

int define(Context& context) {
    api::DefineOptions options;
    options.dry_run = context.flag("dry-run");
    options.lenient = context.flag("lenient");
    options.if_revision = if_revision(context);
    return report(context, define_document(context, read_input(context.operand(0), longest_definition), options));
}

// --- edit ---

struct TemporaryFile {
    explicit TemporaryFile(const std::string& content) {
        auto pattern = (std::filesystem::temp_directory_path() / "vireo-edit-XXXXXX.xml").string();
        UniqueFd fd(::mkstemps(pattern.data(), 4));
        if (!fd)
            throw system_error(errno,
                               "cannot make a file to edit in " + std::filesystem::temp_directory_path().string());
        path = pattern;
        take(write_all(fd.get(), content, path));
    }
    TemporaryFile(const TemporaryFile&) = delete;
    TemporaryFile& operator=(const TemporaryFile&) = delete;
    ~TemporaryFile() {
        std::error_code ignored;
        if (!keep) std::filesystem::remove(path, ignored);
    }
    std::filesystem::path path;
    bool keep = false;
};

void run_editor(const std::filesystem::path& file) {
    auto set = [](const char* name) {
        auto* value = std::getenv(name);
        return value && *value ? value : nullptr;
    };
    std::string editor = set("VISUAL") ? set("VISUAL") : set("EDITOR") ? set("EDITOR") : "vi";
    auto child = ::fork();
    if (child < 0) throw system_error(errno, "cannot start the editor");
    if (child == 0) {
        auto command = editor + " \"$1\"";  // the variable may hold options, as for git and crontab
        ::execl("/bin/sh", "sh", "-c", command.c_str(), "vireo", file.c_str(), nullptr);
        ::_exit(127);
    }
    int status = 0;
    while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {}
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
        throw Error(Errc::system_failed, "the editor '" + editor + "' failed; nothing was changed")
            .with_hint("set VISUAL or EDITOR to one that works");
}

bool ask_again() {
    if (!::isatty(STDIN_FILENO)) return false;
    std::fputs("Edit again? [Y/n] ", stderr);
    char answer[16] = "";
    return std::fgets(answer, sizeof answer, stdin) && (*answer == '\n' || *answer == 'y' || *answer == 'Y');
}

int edit(Context& context) {
    auto summary = summary_of(context, context.operand(0));
    api::DumpOptions kind;
    kind.kind = api::DefinitionKind::persistent;
    auto before = api::DomainClient(context.connection(), summary.domain.value).get_xml(kind);
    TemporaryFile file(before);
    for (;;) {
        run_editor(file.path);
        auto after = take(read_file(file.path, longest_definition));
        if (after == before) return context.say("Domain '" + summary.name + "' was not changed"), Exit::success;
        std::optional<Error> failure;
        try {
            api::DefineOptions options;
            options.if_revision = summary.revision;
            return report(context, define_document(context, after, options));
        } catch (const Error& error) {
            failure = error;
        }
        context.warn(std::string("error: ") + failure->what());
        if (failure->code() == Errc::conflict || !ask_again()) {
            file.keep = true;
            throw failure->with_hint("your text is in " + file.path.string());
        }
    }
}

int undefine(Context& context) {
    if (context.has("nvram") && context.has("keep-nvram"))
        throw UsageError{"--nvram and --keep-nvram contradict each other", context.arguments.verb()};
    if (context.has("tpm") && context.has("keep-tpm"))
        throw UsageError{"--tpm and --keep-tpm contradict each other", context.arguments.verb()};
    api::UndefineOptions options;
    if (context.has("nvram")) options.nvram = api::NvramDisposal::remove;
    if (context.has("keep-nvram")) options.nvram = api::NvramDisposal::keep;
    if (context.has("tpm")) options.tpm = api::NvramDisposal::remove;
    if (context.has("keep-tpm")) options.tpm = api::NvramDisposal::keep;
    options.if_revision = if_revision(context);
    api::DomainClient(context.connection(), context.operand(0)).undefine(options);
    context.say("Domain '" + context.operand(0) + "' has been undefined");
    return Exit::success;
}

int rename(Context& context) {
    api::ChangeOptions options;
    options.if_revision = if_revision(context);
    api::DomainClient(context.connection(), context.operand(0)).rename(context.operand(1), options);
    context.say("Domain '" + context.operand(0) + "' is now '" + context.operand(1) + "'");
    return Exit::success;
}

int autostart(Context& context) {
    api::ChangeOptions options;
    options.if_revision = if_revision(context);
    bool on = !context.has("disable");
    api::DomainClient(context.connection(), context.operand(0)).set_autostart(on, options);
    context.say("Domain '" + context.operand(0) + "' " + (on ? "starts" : "does not start") + " with the daemon");
    return Exit::success;
}

const Option define_options[] = {
    {"dry-run", nullptr, Kind::none, "Check and complete the definition, print it, store nothing."},
    {"lenient", nullptr, Kind::none, "Keep what Vireo does not honour, with a warning, instead of refusing it."},
    if_revision_option,
};
const Option undefine_options[] = {
    {"nvram", nullptr, Kind::none, "Delete its UEFI variable store too; without it the store goes to the trash."},
    {"keep-nvram", nullptr, Kind::none, "Leave its UEFI variable store where it is."},
    {"tpm", nullptr, Kind::none,
     "Delete the state of its emulated TPM; without it the same as with the variable store."},
    {"keep-tpm", nullptr, Kind::none, "Leave the state of its emulated TPM where it is."},
    if_revision_option,
};
const Option change_options[] = {if_revision_option};
const Option autostart_options[] = {{"disable", nullptr, Kind::none, "It no longer does."}, if_revision_option};
const Operand rename_operands[] = {{"DOMAIN", Kind::domain, true}, {"NEW-NAME", Kind::text, true}};

const Verb verbs[] = {
    {"define", nullptr, "Store a domain's definition",
     "FILE holds libvirt domain XML, or the JSON form of it; - is standard input. The domain with the same UUID is "
     "replaced; if it runs, the next start uses the new definition.",
     file_operand, define_options, define},
    {"edit",
     nullptr,
     "Change a domain's definition in an editor",
     "Uses VISUAL or EDITOR. Refused when somebody else changed the domain meanwhile.",
     domain_operand,
     {},
     edit},
    {"undefine", nullptr, "Remove a domain's definition", "A running domain goes on and is gone when it stops.",
     domain_operand, undefine_options, undefine},
    {"rename", "domrename", "Give a domain another name", "", rename_operands, change_options, rename},
    {"autostart", nullptr, "Start a domain with the daemon", "", domain_operand, autostart_options, autostart},
};

}  // namespace

Group define_group() {
    return {"Definitions", verbs};
}

}  // namespace vireo::cli
