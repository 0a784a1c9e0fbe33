// SPDX-License-Identifier: LGPL-2.1-or-later
// The verbs as data: what the parser, the help, the completion and the man page are made from.
#pragma once
#include "cli/connection.hpp"

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace vireo::cli {

// What the shell's completion offers for a value.
enum class Kind { none, text, file, domain, active_domain, inactive_domain, job, device, state, verb, shell, number };

struct Option {
    const char* name;   // without dashes
    const char* value;  // what the help calls the value; null: a flag
    Kind kind;
    const char* about;
};
struct Operand {
    const char* name;  // NAME, FILE …
    Kind kind;
    bool required;
    bool repeated = false;
};

class Context;
struct Verb {
    const char* name;     // "start", "job list" or "nvram boot list"
    const char* alias;    // virsh's other name, or null
    const char* about;    // one line
    const char* details;  // more for the man page and help VERB; may be empty
    std::span<const Operand> operands;
    std::span<const Option> options;
    int (*run)(Context&);
    bool hidden = false;
};

struct Group {
    const char* title;
    std::span<const Verb> verbs;
};
std::span<const Group> groups();
const Verb* find_verb(std::string_view name);  // by name or alias
std::span<const Option> global_options();

// Exit codes, stable; documented in vireo(1).
enum Exit {
    success = 0,
    failed = 1,
    usage = 2,
    not_found = 3,
    wrong_state = 4,
    denied = 5,
    no_connection = 6,
    timed_out = 7,
    interrupted_exit = 130
};

struct UsageError {
    std::string message;
    const Verb* verb = nullptr;
};

// The command line, taken apart.
class Arguments {
public:
    // Throws UsageError.
    explicit Arguments(std::span<const std::string> words);

    const Verb* verb() const noexcept { return verb_; }
    bool has(std::string_view option) const { return values_.contains(option); }
    std::optional<std::string> value(std::string_view option) const;  // the last one, when it was given several times
    std::vector<std::string> all(std::string_view option) const;      // in the order in which they were given
    std::optional<std::uint64_t> number(std::string_view option) const;  // throws UsageError
    std::optional<std::uint64_t> microseconds(
        std::string_view option) const;  // of a value in seconds, fractions allowed
    const std::vector<std::string>& operands() const noexcept { return operands_; }

private:
    const Option* find_option(std::string_view name) const;
    void take_option(std::span<const std::string> words, std::size_t& at);
    void choose_verb(std::span<const std::string> words);

    const Verb* verb_ = nullptr;
    std::size_t verb_words_ = 0;  // of its name
    std::map<std::string, std::vector<std::string>, std::less<>> values_;
    std::vector<std::string> operands_;
};

// What a verb's function is given.
class Context {
public:
    explicit Context(Arguments a) : arguments(std::move(a)) {}
    Arguments arguments;

    Connection& connection();                                                // made when first asked for
    void connect_to(std::string address) { address_ = std::move(address); }  // before that: instead of --connect
    bool has(std::string_view option) const { return arguments.has(option); }
    // true or left out: for the options of the API, which default to false
    std::optional<bool> flag(std::string_view option) const { return has(option) ? std::optional(true) : std::nullopt; }
    const std::string& operand(std::size_t index) const { return arguments.operands().at(index); }
    bool json() const { return has("json"); }
    bool verbose() const { return has("verbose"); }

    void say(std::string_view sentence) const;   // on standard output; nothing with --quiet or --json
    void warn(std::string_view sentence) const;  // on standard error
    void print(std::string_view text) const;     // what was asked for, as it is
    void print_json(const boost::json::value& value) const;

private:
    std::unique_ptr<Connection> connection_;
    std::optional<std::string> address_;
};

}  // namespace vireo::cli
