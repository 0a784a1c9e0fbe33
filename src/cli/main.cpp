// SPDX-License-Identifier: LGPL-2.1-or-later
// vireo: the command. Errors go to standard error as "error: …" and "hint: …".
#include "cli/common.hpp"
#include "cli/groups.hpp"
#include "cli/interrupt.hpp"
#include "cli/table.hpp"

#include <clocale>
#include <cstdio>
#include <cstdlib>

namespace vireo::cli {
namespace {

void print_error(std::string_view label, std::string_view text) {
    auto line = std::string(label) + ": " + printable(text) + "\n";
    std::fwrite(line.data(), 1, line.size(), stderr);
}

int report(const Error& error, bool verbose) {
    print_error("error", verbose ? std::string_view(error.message()) : std::string_view(error.what()));
    if (verbose)
        for (auto& cause : error.causes()) print_error("cause", cause);
    if (verbose && !error.stage().empty()) print_error("stage", error.stage());
    if (!error.hint().empty()) print_error("hint", error.hint());
    return exit_code(error);
}

int run(std::span<const std::string> words) {
    Arguments arguments(words);
    Context context(std::move(arguments));
    if (context.has("help")) return context.print(help_text(context.arguments.verb())), Exit::success;
    if (context.has("version")) return context.print("vireo " VIREO_VERSION "\n"), Exit::success;
    try {
        return context.arguments.verb()->run(context);
    } catch (const Error& error) {
        std::fflush(stdout);
        return report(error, context.verbose());
    }
}

int guarded(std::span<const std::string> words) {
    try {
        return run(words);
    } catch (const UsageError& error) {
        print_error("error", error.message);
        auto hint = error.verb ? "usage: " + usage_line(*error.verb) + "; see 'vireo help " + error.verb->name + "'"
                               : "see 'vireo help'";
        print_error("hint", hint);
        return Exit::usage;
    } catch (const Interrupted&) {
        return Exit::interrupted_exit;
    } catch (const std::exception&) {
        return report(current_error(std::current_exception()), true);
    }
}

// Text is UTF-8 wherever it comes from; only the widths of characters are asked of the locale.
void choose_locale() {
    if (!std::setlocale(LC_CTYPE, "") || MB_CUR_MAX == 1) std::setlocale(LC_CTYPE, "C.UTF-8");
}

}  // namespace
}  // namespace vireo::cli

int main(int count, char** words) {
    vireo::cli::choose_locale();
    vireo::cli::catch_interrupts();
    std::vector<std::string> all(words + 1, words + count);
    int code = vireo::cli::guarded(all);
    if (std::fflush(stdout) && code == 0) return vireo::cli::Exit::failed;
    return code;
}
