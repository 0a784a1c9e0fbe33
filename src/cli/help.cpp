// SPDX-License-Identifier: LGPL-2.1-or-later
// Help, completion and the manual, all from the table of verbs.
#include "cli/common.hpp"
#include "cli/groups.hpp"

#include <fmt/format.h>

namespace vireo::cli {
namespace {

int help(Context& context) {
    const Verb* verb = nullptr;
    auto& words = context.arguments.operands();
    if (!words.empty()) {
        std::string name;
        for (auto& word : words) {
            name += (name.empty() ? "" : " ") + word;
            if ((verb = find_verb(name))) break;
        }
        if (!verb) throw UsageError{"there is no verb '" + words[0] + "'"};
    }
    context.print(help_text(verb));
    return Exit::success;
}

int completion(Context& context) {
    auto script = completion_script(context.operand(0));
    if (script.empty())
        throw UsageError{"there is completion for bash, zsh and fish, not for '" + context.operand(0) + "'",
                         context.arguments.verb()};
    context.print(script);
    return Exit::success;
}

int complete_words(Context& context) {
    for (auto& word : complete(context, context.arguments.operands())) context.print(word + "\n");
    return Exit::success;
}

int print_manual(Context& context) {
    context.print(manual());
    return Exit::success;
}

const Operand verb_operand[] = {{"VERB", Kind::verb, false, true}};
const Operand shell_operand[] = {{"SHELL", Kind::shell, true}};
const Operand words_operand[] = {{"WORD", Kind::text, false, true}};
const Verb verbs[] = {
    {"help", nullptr, "Show help", "", verb_operand, {}, help},
    {"completion",
     nullptr,
     "Print a script that completes this command's words",
     "SHELL is bash, zsh or fish. For bash: source <(vireo completion bash)",
     shell_operand,
     {},
     completion},
    {"__complete", nullptr, "", "", words_operand, {}, complete_words, true},
    {"__manual", nullptr, "", "", {}, {}, print_manual, true},
};

std::string option_lines(std::span<const Option> options) {
    std::string out;
    for (auto& option : options) {
        auto left = fmt::format("--{}{}{}", option.name, option.value ? " " : "", option.value ? option.value : "");
        out += left.size() > 24 ? fmt::format("  {}\n  {:<24}  {}\n", left, "", option.about)
                                : fmt::format("  {:<24}  {}\n", left, option.about);
    }
    return out;
}

}  // namespace

Group help_group() {
    return {"Help", verbs};
}

std::span<const Group> groups() {
    static const Group all[] = {list_group(),       lifecycle_group(), console_group(),  define_group(),
                                definition_group(), nvram_group(),     firmware_group(), import_group(),
                                watch_group(),      host_group(),      help_group()};
    return all;
}

std::string usage_line(const Verb& verb) {
    std::string out = fmt::format("vireo {}", verb.name);
    for (auto& operand : verb.operands) {
        auto name = std::string(operand.name) + (operand.repeated ? "..." : "");
        out += operand.required ? " " + name : " [" + name + "]";
    }
    return out + (verb.options.empty() ? "" : " [OPTION]...");
}

std::string help_text(const Verb* verb) {
    if (verb) {
        auto out = fmt::format("usage: {}\n{}.\n", usage_line(*verb), verb->about);
        if (verb->alias) out += fmt::format("Also called: {}\n", verb->alias);
        if (*verb->details) out += fmt::format("\n{}\n", verb->details);
        if (!verb->options.empty()) out += "\n" + option_lines(verb->options);
        return out + "\nand the options of every verb: see 'vireo help'.\n";
    }
    std::string out = "usage: vireo VERB [OPERAND]... [OPTION]...\nRuns and looks after virtual machines.\n";
    for (auto& group : groups()) {
        out += fmt::format("\n{}\n", group.title);
        for (auto& one : group.verbs)
            if (!one.hidden) out += fmt::format("  {:<25}{}\n", one.name, one.about);
    }
    return out + "\nOptions of every verb\n" + option_lines(global_options()) +
           "\n'vireo help VERB' says more about a verb; vireo(1) says everything.\n";
}

}  // namespace vireo::cli
