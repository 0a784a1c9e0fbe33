// SPDX-License-Identifier: LGPL-2.1-or-later
// What people read: the reference in Markdown, and a summary with a line for each thing that the API promises, so that
// a change of it is one changed line in a review.
#include "api_write.hpp"

namespace api_gen {
namespace {

std::string cell(const std::string& text) {
    return replace_all(text, "|", "\\|");
}
std::string anchor(const std::string& name) {
    std::string r;
    for (char c : name) r += c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    return r;
}

std::string linked_type(const Field& f) {
    auto text = "`" + f.signature + "`";
    return f.type.empty() ? text : text + " [" + f.type + "](#" + anchor(f.type) + ")";
}

void table(Text& out, const char* first, const std::vector<Field>& fields, bool with_required) {
    out("\n| ", first, " | Type |", with_required ? " Required |" : "", " Meaning |\n|---|---|",
        with_required ? "---|" : "", "---|\n");
    for (auto& f : fields)
        out("| `", f.name, "` | ", linked_type(f), " | ", with_required ? (f.required ? "yes | " : "no | ") : "",
            cell(f.doc), " |\n");
}

std::string json_call(const Interface& i, const Method& m) {
    std::string text = "`" + i.brief + "." + m.name + "(";
    bool first = true;
    auto add = [&](const std::string& name) {
        text += (first ? "" : ", ") + name;
        first = false;
    };
    if (!i.object.empty()) add(i.object);
    for (auto& a : m.in) add(a.name);
    return text + ")`";
}

void method(Text& out, const Api& api, const Interface& i, const Method& m) {
    out("\n#### ", i.brief, ".", m.name, "\n\n", m.doc, "\n\n");
    out("- JSON-RPC: ", json_call(i, m), "\n- Permission: `", m.action, "`\n");
    std::string errors;
    for (auto& e : m.errors) errors += (errors.empty() ? "" : ", ") + ("[" + e + "](#errors)");
    if (!errors.empty()) out("- Errors: ", errors, "\n");
    if (m.job) out("- Starts a job: returns at once, and the job goes on.\n");
    if (m.read) out("- Answers at once, from memory.\n");
    auto in = m.in;
    for (auto& f : in) f.required = !api.may_be_left_out(f);
    if (!in.empty()) table(out, "Argument", in, true);
    if (!m.out.empty()) table(out, "Result", m.out, false);
}

void interface(Text& out, const Api& api, const Interface& i) {
    out("\n## ", i.name, "\n");
    if (!i.object.empty()) out("\nOn JSON-RPC the parameter `", i.object, "` says which ", i.object, " is meant.\n");
    if (!i.methods.empty()) out("\n### Methods of ", i.brief, "\n");
    for (auto& m : i.methods) method(out, api, i, m);
    if (!i.signals.empty()) out("\n### Events of ", i.brief, "\n");
    for (auto& s : i.signals) {
        out("\n#### ", i.brief, ".", s.name, " (event)\n\n", s.doc, "\n");
        table(out, "Argument", s.args, false);
    }
    if (i.properties.empty()) return;
    out("\n### Properties of ", i.brief, "\n");
    table(out, "Property", i.properties, false);
}

// name: signature Type
std::string brief_field(const Field& f, bool optional) {
    return f.name + (optional ? "?: " : ": ") + f.signature + (f.type.empty() ? "" : " " + f.type);
}
template <class Optional>
std::string brief_fields(const std::vector<Field>& fields, Optional optional) {
    std::string text;
    for (auto& f : fields) text += (text.empty() ? "" : ", ") + brief_field(f, optional(f));
    return text;
}
bool never(const Field&) {
    return false;
}

}  // namespace

std::string reference(const Api& api) {
    Text out;
    out("<!-- Generated from interfaces/ by tools/api_gen. Do not edit: change interfaces/ and run\n"
        "     VIREO_REGENERATE=1 ctest -L golden -->\n# The API of Vireo, version 1\n\n"
        "The same methods, types, errors and events are on D-Bus (bus name `org.vireo1`, objects under `/org/vireo1`) "
        "and on\n"
        "JSON-RPC 2.0 (one JSON text per line; `rpc.discover` returns this as OpenRPC). Types are written as D-Bus "
        "signatures:\n"
        "`s` text, `b` true or false, `y n q i u x t` whole numbers, `d` a number, `o` an object path, `h` a "
        "descriptor, `aX` a\n"
        "list of X, `a{sv}` a dictionary. Keys that are not listed are refused. Times are microseconds, sizes "
        "bytes.\n\n");
    for (auto& i : api.interfaces) out("- [", i.name, "](#", anchor(replace_all(i.name, ".", "")), ")\n");
    out("- [Dictionaries](#dictionaries), [Enumerations](#enumerations), [Errors](#errors), "
        "[Permissions](#permissions)\n");
    for (auto& i : api.interfaces) interface(out, api, i);
    out("\n## Dictionaries\n");
    for (auto& d : api.dicts) {
        out("\n### ", d.name, "\n\n", d.doc, "\n");
        if (!d.keys.empty()) table(out, "Key", d.keys, true);
    }
    out("\n## Enumerations\n");
    for (auto& e : api.enums) {
        out("\n### ", e.name, "\n\n", e.doc, "\n\n| Value | Meaning |\n|---|---|\n");
        for (auto& v : e.values) out("| `", v.name, "` | ", cell(v.doc), " |\n");
    }
    out("\n## Errors\n\nThe D-Bus name is `org.vireo1.Error.` and the name below; on JSON-RPC it is in "
        "`error.data.name`, with the other\n"
        "keys of [ErrorDetails](#errordetails). Every method may also fail with Internal, InvalidArgument, "
        "AccessDenied,\n"
        "Cancelled, LimitExceeded, Unavailable, and, where it names an object, NotFound.\n\n| Name | Meaning "
        "|\n|---|---|\n");
    for (auto& e : api.errors) out("| `", e.name, "` | ", cell(e.doc), " |\n");
    out("\n## Permissions\n\n| polkit action | Allows to | Unless a rule says otherwise |\n|---|---|---|\n");
    for (auto& a : api.actions) out("| `", a.name, "` | ", cell(a.doc), " | ", a.otherwise, " |\n");
    return out.all;
}

std::string summary(const Api& api) {
    Text out;
    out("# What the API promises, a line each. Lines may be added; what is here stays.\n");
    for (auto& i : api.interfaces) {
        out("interface ", i.name, i.object.empty() ? "" : " object " + i.object, "\n");
        for (auto& m : i.methods) {
            std::string errors;
            for (auto& e : m.errors) errors += " " + e;
            out("method ", i.brief, ".", m.name, "(",
                brief_fields(m.in, [&](auto& f) { return api.may_be_left_out(f); }), ")",
                m.out.empty() ? "" : " -> " + brief_fields(m.out, never), " action ", m.action, m.job ? " job" : "",
                m.read ? " read" : "", errors.empty() ? "" : " errors" + errors, "\n");
        }
        for (auto& s : i.signals) out("signal ", i.brief, ".", s.name, "(", brief_fields(s.args, never), ")\n");
        for (auto& p : i.properties) out("property ", i.brief, ".", brief_field(p, false), "\n");
    }
    for (auto& d : api.dicts)
        for (auto& k : d.keys) out("key ", d.name, ".", brief_field(k, !k.required), "\n");
    for (auto& e : api.enums)
        for (auto& v : e.values) out("value ", e.name, ".", v.name, "\n");
    for (auto& e : api.errors) out("error ", e.name, "\n");
    for (auto& a : api.actions) out("action ", a.name, " default ", a.otherwise, "\n");
    return out.all;
}

}  // namespace api_gen
