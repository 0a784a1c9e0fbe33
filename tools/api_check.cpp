// SPDX-License-Identifier: LGPL-2.1-or-later
// What can only be judged with all files read: names, types, references.
#include "api_model.hpp"

#include <algorithm>
#include <cctype>
#include <map>
#include <set>

namespace api_gen {
namespace {

bool lower(char c) {
    return c >= 'a' && c <= 'z';
}
bool upper(char c) {
    return c >= 'A' && c <= 'Z';
}
bool digit(char c) {
    return c >= '0' && c <= '9';
}

bool camel_case(std::string_view s) {
    return !s.empty() && upper(s[0]) &&
           std::all_of(s.begin(), s.end(), [](char c) { return lower(c) || upper(c) || digit(c); });
}
bool all_camel_case(std::string_view s) {  // Like.This
    for (auto dot = s.find('.'); dot != s.npos; dot = s.find('.')) {
        if (!camel_case(s.substr(0, dot))) return false;
        s.remove_prefix(dot + 1);
    }
    return camel_case(s);
}
bool dashed(std::string_view s) {
    return !s.empty() && lower(s[0]) && s.back() != '-' && s.find("--") == s.npos &&
           std::all_of(s.begin(), s.end(), [](char c) { return lower(c) || digit(c) || c == '-'; });
}

const std::set<std::string_view> keywords{
    "alignas",  "alignof",  "and",     "asm",      "auto",     "bool",     "break",   "case",      "catch",
    "char",     "class",    "compl",   "concept",  "const",    "continue", "default", "delete",    "do",
    "double",   "else",     "enum",    "explicit", "export",   "extern",   "false",   "float",     "for",
    "friend",   "goto",     "if",      "import",   "inline",   "int",      "long",    "mutable",   "namespace",
    "new",      "noexcept", "not",     "nullptr",  "operator", "or",       "private", "protected", "public",
    "register", "requires", "return",  "short",    "signed",   "sizeof",   "static",  "struct",    "switch",
    "template", "this",     "throw",   "true",     "try",      "typedef",  "typeid",  "typename",  "union",
    "unsigned", "using",    "virtual", "void",     "volatile", "while",    "xor"};
// Types of src/api/ that live in the same namespace.
const std::set<std::string_view> taken_types{"Any",    "AnyDict", "Call",   "ClientChannel", "DictType", "Dispatcher",
                                             "Error",  "Errc",    "Event",  "Events",        "Field",    "Interface",
                                             "Method", "Reader",  "Result", "Services",      "Session",  "SignalType",
                                             "Target", "Task",    "Where",  "ObjectPath",    "UniqueFd", "Failure"};
const std::set<std::string_view> taken_methods{"resolve", "exists", "objects", "properties"};  // of every service class

class Checker {
public:
    Checker(Api& api, Problems& problems) : api_(api), problems_(problems) {}
    void run();

private:
    using Names = std::map<std::string, std::string>;  // as C++ knows it → as it is written
    void name(Names& names, const std::string& name, const Origin& origin, const std::string& what, bool camel);
    void type(const Field& f, bool argument);
    std::string signature_problem(std::string_view signature, bool argument) const;
    void fields(const std::vector<Field>& all, const std::string& what, bool argument = false);
    void method(const Interface& i, const Method& m);
    void signal(const Signal& s);
    void interface(const Interface& i, Names& type_names);
    void sort_dicts();
    bool visit(std::size_t index, std::vector<int>& state, std::vector<Dict>& sorted);

    Api& api_;
    Problems& problems_;
};

void Checker::name(Names& names, const std::string& name, const Origin& origin, const std::string& what, bool camel) {
    if (name.empty()) return;  // told already
    if (camel ? !camel_case(name) : !dashed(name))
        return problems_.add(origin, what + " '" + name + "' must be named " + (camel ? "LikeThis" : "like-this"));
    auto [it, fresh] = names.emplace(camel ? snake(name) : name, name);
    if (!fresh) problems_.add(origin, what + " '" + name + "' clashes with '" + it->second + "'");
}

// The one complete type that a signature must be; empty: it is.
std::string Checker::signature_problem(std::string_view s, bool argument) const {
    std::string shown(s);
    if (s.find('(') != s.npos)
        return "'" + shown + "' is a positional struct: make it a dictionary (a{sv} with a vireo:type)";
    if (s.starts_with("a{")) {
        if (!s.starts_with("a{s") || !s.ends_with("}"))
            return "'" + shown + "': the keys of a dictionary must be of type s";
        return signature_problem(s.substr(3, s.size() - 4), false);
    }
    if (s.starts_with("a")) return signature_problem(s.substr(1), false);
    if (s == "h") return argument ? "" : "a descriptor (h) must be an argument of a method, by itself";
    if (s.size() == 1 && std::string_view("ybnqiuxtdsov").find(s[0]) != std::string_view::npos) return "";
    return "'" + shown + "' is not a type";
}

void Checker::type(const Field& f, bool argument) {
    if (f.signature.empty()) return;
    auto problem = signature_problem(f.signature, argument);
    if (!problem.empty()) return problems_.add(f.origin, "'" + f.name + "': " + problem);
    if (f.type.empty()) return;
    if (auto* d = api_.dict(f.type)) {
        if (core(f.signature) != "a{sv}")
            problems_.add(f.origin, "'" + f.name + "': " + d->name +
                                        " is a dictionary, so the type must be a{sv} or arrays of it");
    } else if (auto* e = api_.enumeration(f.type)) {
        if (core(f.signature) != "s")
            problems_.add(f.origin,
                          "'" + f.name + "': " + e->name + " is an enumeration, so the type must be s or arrays of it");
    } else
        problems_.add(f.origin, "'" + f.name + "': there is no vireo:type '" + f.type + "'");
}

void Checker::fields(const std::vector<Field>& all, const std::string& what, bool argument) {
    Names names;
    for (auto& f : all) {
        name(names, f.name, f.origin, what, false);
        type(f, argument);
    }
}

void Checker::method(const Interface& i, const Method& m) {
    fields(m.in, "argument", true);
    fields(m.out, "result", true);
    auto owner = "method '" + m.name + "'";
    auto known = [&](auto& all, const std::string& wanted) {
        return std::any_of(all.begin(), all.end(), [&](auto& x) { return x.name == wanted; });
    };
    if (!m.action.empty() && !known(api_.actions, m.action))
        problems_.add(m.origin, owner + ": there is no action '" + m.action + "'");
    for (auto& e : m.errors)
        if (!known(api_.errors, e)) problems_.add(m.origin, owner + ": there is no error '" + e + "'");
    if (!i.object.empty() && known(m.in, i.object))
        problems_.add(m.origin,
                      owner + ": an argument is named '" + i.object + "', which names the object on JSON-RPC");
    if (!i.object.empty() && taken_methods.contains(snake(m.name)))
        problems_.add(m.origin, owner + ": the service class has a function of this name already");
    if (m.job && m.read) problems_.add(m.origin, owner + " starts a job, so it cannot be of vireo:kind read");
    if (m.job && (m.out.empty() || m.out.back().name != "job" || m.out.back().signature != "o"))
        problems_.add(m.origin, owner + " starts a job, so its last result must be 'job' of type o");
}

void Checker::signal(const Signal& s) {
    fields(s.args, "argument");
    if (s.args.empty() || s.args.back().name != "stamp" || s.args.back().type != "EventStamp")
        problems_.add(s.origin,
                      "signal '" + s.name + "': the last argument must be 'stamp' with vireo:type EventStamp");
}

void Checker::interface(const Interface& i, Names& type_names) {
    if (!i.name.starts_with("org.vireo1.") || !all_camel_case(i.brief))
        problems_.add(i.origin, "interface '" + i.name + "' must be named org.vireo1.LikeThis or org.vireo1.Like.This");
    if (!i.object.empty() && !dashed(i.object))
        problems_.add(i.origin, "vireo:object '" + i.object + "' must be named like-this");
    for (auto* suffix : {"Service", "Client"}) name(type_names, i.id + suffix, i.origin, "interface", true);
    Names methods, signals, properties;
    for (auto& m : i.methods) {
        name(methods, m.name, m.origin, "method", true);
        method(i, m);
        if (m.out.size() > 1) name(type_names, i.id + m.name + "Result", m.origin, "the result of a method,", true);
    }
    for (auto& s : i.signals) {
        name(signals, s.name, s.origin, "signal", true);
        signal(s);
        if (s.name == "PropertiesChanged") problems_.add(s.origin, "signal 'PropertiesChanged' is D-Bus's own");
    }
    for (auto& p : i.properties) {
        name(properties, p.name, p.origin, "property", true);
        type(p, false);
    }
}

bool Checker::visit(std::size_t index, std::vector<int>& state, std::vector<Dict>& sorted) {
    auto& d = api_.dicts[index];
    if (state[index] == 2) return true;
    if (state[index] == 1) return false;
    state[index] = 1;
    for (auto& k : d.keys)
        for (std::size_t i = 0; i < api_.dicts.size(); ++i)
            if (api_.dicts[i].name == k.type && !visit(i, state, sorted)) {
                problems_.add(k.origin, "'" + k.name + "': the dictionary " + d.name + " contains itself");
                state[index] = 2;
                return true;
            }
    state[index] = 2;
    sorted.push_back(d);
    return true;
}

void Checker::sort_dicts() {
    std::vector<Dict> sorted;
    std::vector<int> state(api_.dicts.size(), 0);
    for (std::size_t i = 0; i < api_.dicts.size(); ++i) visit(i, state, sorted);
    if (sorted.size() == api_.dicts.size()) api_.dicts = std::move(sorted);
}

void Checker::run() {
    Names types, errors, actions;
    auto type_name = [&](auto& t, const char* what) {
        name(types, t.name, t.origin, what, true);
        if (taken_types.contains(t.name))
            problems_.add(t.origin, std::string(what) + " '" + t.name + "': src/api has a type of this name");
    };
    for (auto& e : api_.enums) {
        type_name(e, "enumeration");
        Names values;
        for (auto& v : e.values) name(values, v.name, v.origin, "value", false);
    }
    for (auto& d : api_.dicts) {
        type_name(d, "dictionary");
        fields(d.keys, "key");
    }
    for (auto& e : api_.errors) name(errors, e.name, e.origin, "error", true);
    for (auto& a : api_.actions) {
        if (!actions.emplace(a.name, a.name).second) problems_.add(a.origin, "action '" + a.name + "' is there twice");
        if (!a.name.starts_with("org.vireo1."))
            problems_.add(a.origin, "action '" + a.name + "' must begin with org.vireo1.");
        static const std::set<std::string_view> answers{
            "no", "yes", "auth_self", "auth_admin", "auth_self_keep", "auth_admin_keep"};
        if (!a.otherwise.empty() && !answers.contains(a.otherwise))
            problems_.add(a.origin,
                          "action '" + a.name + "': vireo:default '" + a.otherwise + "' is no answer of polkit's");
    }
    Names interfaces;
    for (auto& i : api_.interfaces) {
        if (!interfaces.emplace(i.brief, i.name).second)
            problems_.add(i.origin, "interface '" + i.name + "' is there twice");
        interface(i, types);
    }
    sort_dicts();
    // the root's interfaces first: the way somebody who reads the reference goes
    std::sort(api_.interfaces.begin(), api_.interfaces.end(), [](auto& a, auto& b) {
        return std::pair(!a.object.empty(), a.name) < std::pair(!b.object.empty(), b.name);
    });
}

}  // namespace

const Dict* Api::dict(std::string_view name) const {
    auto it = std::find_if(dicts.begin(), dicts.end(), [&](auto& d) { return d.name == name; });
    return it == dicts.end() ? nullptr : &*it;
}
const Enum* Api::enumeration(std::string_view name) const {
    auto it = std::find_if(enums.begin(), enums.end(), [&](auto& e) { return e.name == name; });
    return it == enums.end() ? nullptr : &*it;
}
bool Api::may_be_left_out(const Field& argument) const {
    auto* d = argument.signature == "a{sv}" ? dict(argument.type) : nullptr;
    return d && std::none_of(d->keys.begin(), d->keys.end(), [](auto& k) { return k.required; });
}

void check(Api& api, Problems& problems) {
    Checker(api, problems).run();
}

std::string_view core(std::string_view s) {
    for (;;) {
        if (s == "a{sv}") return s;
        if (s.starts_with("a{s") && s.ends_with("}"))
            s = s.substr(3, s.size() - 4);
        else if (s.starts_with("a"))
            s = s.substr(1);
        else
            return s;
    }
}

std::string snake(std::string_view name) {
    std::string r;
    for (std::size_t i = 0; i < name.size(); ++i) {
        char c = name[i];
        bool begins = upper(c) && i > 0 && (!upper(name[i - 1]) || (i + 1 < name.size() && lower(name[i + 1])));
        if (begins && r.back() != '_') r += '_';
        r += c == '-' ? '_' : static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    }
    return keywords.contains(r) ? r + "_" : r;
}

std::string replace_all(std::string text, std::string_view what, std::string_view by) {
    for (std::size_t at = 0; (at = text.find(what, at)) != text.npos; at += by.size())
        text.replace(at, what.size(), by);
    return text;
}

}  // namespace api_gen
