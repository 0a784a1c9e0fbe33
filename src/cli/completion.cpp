// SPDX-License-Identifier: LGPL-2.1-or-later
// The shells' scripts only ask 'vireo __complete -- WORD...' and offer what it prints.
#include "cli/common.hpp"
#include "cli/groups.hpp"

#include <set>

namespace vireo::cli {
namespace {

const char* bash_script = R"(# SPDX-License-Identifier: LGPL-2.1-or-later
# bash completion for vireo: made by 'vireo completion bash'
_vireo() {
    local IFS=$'\n'
    COMPREPLY=($("${COMP_WORDS[0]}" __complete -- "${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null))
    if [[ ${COMPREPLY[0]} == ":file" ]]; then
        compopt -o filenames 2>/dev/null
        COMPREPLY=($(compgen -f -- "${COMP_WORDS[COMP_CWORD]}"))
    fi
}
complete -F _vireo vireo
)";
const char* zsh_script = R"(#compdef vireo
# SPDX-License-Identifier: LGPL-2.1-or-later
# zsh completion for vireo: made by 'vireo completion zsh'
_vireo() {
    local -a found
    found=("${(@f)$("${words[1]}" __complete -- "${(@)words[2,CURRENT]}" 2>/dev/null)}")
    if [[ "${found[1]}" == ":file" ]]; then
        _files
    else
        compadd -a found
    fi
}
if [ "$funcstack[1]" = "_vireo" ]; then
    _vireo "$@"
else
    compdef _vireo vireo
fi
)";
const char* fish_script = R"(# SPDX-License-Identifier: LGPL-2.1-or-later
# fish completion for vireo: made by 'vireo completion fish'
function __vireo_complete
    set -l words (commandline -opc) (commandline -ct)
    set -l found ($words[1] __complete -- $words[2..-1] 2>/dev/null)
    if test "$found[1]" = ":file"
        __fish_complete_path (commandline -ct)
    else
        printf '%s\n' $found
    end
end
complete -c vireo -f -a '(__vireo_complete)'
)";

void add_domains(Context& context, Kind kind, std::vector<std::string>& out) {
    api::DomainFilter filter;
    if (kind == Kind::active_domain) filter.active = true;
    if (kind == Kind::inactive_domain) filter.active = false;
    for (auto& domain : api::ManagerClient(context.connection()).list_domains(filter)) out.push_back(domain.name);
}

void add_candidates(Context& context, Kind kind, const std::string& domain, std::vector<std::string>& out) {
    switch (kind) {
        case Kind::domain:
        case Kind::active_domain:
        case Kind::inactive_domain:
            return add_domains(context, kind, out);
        case Kind::job:
            for (auto& job : api::ManagerClient(context.connection()).list_jobs())
                out.push_back(json_name(job.job.value));
            return;
        case Kind::device:
            if (domain.empty()) return;
            for (auto& one : api::DomainClient(context.connection(), domain).list_consoles()) out.push_back(one.device);
            return;
        case Kind::verb:
            for (auto& group : groups())
                for (auto& verb : group.verbs)
                    if (!verb.hidden) out.emplace_back(verb.name);
            return;
        case Kind::shell:
            out = {"bash", "zsh", "fish"};
            return;
        case Kind::file:
            out = {":file"};
            return;
        default:
            return;
    }
}

// What was typed before the last word.
struct Typed {
    const Verb* verb = nullptr;
    std::string first_word;  // of a verb of several words, while the last is missing
    std::vector<std::string> operands;
    const Option* waiting = nullptr;  // the option whose value is the last word
    std::string connect;
};

const Option* option_of(const Verb* verb, std::string_view word) {
    if (word == "-c") word = "--connect";
    auto named = [&](const Option& option) { return word == "--" + std::string(option.name); };
    if (verb)
        for (auto& option : verb->options)
            if (named(option)) return &option;
    for (auto& option : global_options())
        if (named(option)) return &option;
    return nullptr;
}

Typed understand(std::span<const std::string> words) {
    Typed typed;
    for (auto& word : words) {
        if (typed.waiting) {
            if (std::string_view(typed.waiting->name) == "connect") typed.connect = word;
            typed.waiting = nullptr;
        } else if (word.starts_with("-") && word.size() > 1) {
            auto* option = option_of(typed.verb, word);
            if (option && option->value) typed.waiting = option;
            if (word.starts_with("--connect=")) typed.connect = word.substr(10);
        } else if (typed.verb) {
            typed.operands.push_back(word);
        } else if (auto* verb = find_verb(typed.first_word.empty() ? word : typed.first_word + " " + word)) {
            typed.verb = verb;
            typed.first_word.clear();
        } else {
            typed.first_word += (typed.first_word.empty() ? "" : " ") + word;
        }
    }
    return typed;
}

void add_verb_words(const std::string& first, std::vector<std::string>& out) {
    std::set<std::string> words;
    for (auto& group : groups())
        for (auto& verb : group.verbs) {
            std::string name = verb.name;
            if (verb.hidden) continue;
            if (first.empty()) words.insert(name.substr(0, name.find(' ')));
            if (!first.empty() && name.starts_with(first + " ")) {
                auto rest = name.substr(first.size() + 1);
                words.insert(rest.substr(0, rest.find(' ')));
            }
        }
    out.assign(words.begin(), words.end());
}

}  // namespace

std::string completion_script(std::string_view shell) {
    if (shell == "bash") return bash_script;
    if (shell == "zsh") return zsh_script;
    if (shell == "fish") return fish_script;
    return {};
}

std::vector<std::string> complete(Context& context, std::span<const std::string> words) {
    std::string last = words.empty() ? "" : words.back();
    auto typed = understand(words.empty() ? words : words.first(words.size() - 1));
    if (!typed.connect.empty()) context.connect_to(typed.connect);
    std::vector<std::string> all;
    try {
        auto domain = typed.operands.empty() ? std::string() : typed.operands[0];
        if (typed.waiting) {
            if (std::string_view(typed.waiting->name) == "connect") all = {"session", "system", "unix:"};
            add_candidates(context, typed.waiting->kind, domain, all);
        } else if (last.starts_with("-")) {
            if (typed.verb)
                for (auto& option : typed.verb->options) all.push_back("--" + std::string(option.name));
            for (auto& option : global_options()) all.push_back("--" + std::string(option.name));
        } else if (!typed.verb) {
            add_verb_words(typed.first_word, all);
        } else if (typed.operands.size() < typed.verb->operands.size()) {
            add_candidates(context, typed.verb->operands[typed.operands.size()].kind, domain, all);
        }
    } catch (const Error& error) {
        all.clear();                 // no daemon, nothing to offer
        context.warn(error.what());  // the shells' scripts throw it away; who asks by hand sees why
    }
    std::erase_if(all, [&](auto& word) { return word != ":file" && !word.starts_with(last); });
    return all;
}

}  // namespace vireo::cli
