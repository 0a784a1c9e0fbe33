// SPDX-License-Identifier: LGPL-2.1-or-later
// types.hpp and service.hpp: what hand-written code includes.
#include "api_write.hpp"

#include <map>

namespace api_gen {
namespace {

// Members that would be left uninitialised get {}.
std::string member(const Api& api, const Field& f, bool always) {
    auto type = cpp_type(api, f.signature, f.type);
    bool plain =
        (f.signature.size() == 1 && std::string_view("ybnqiuxtd").find(f.signature[0]) != std::string_view::npos) ||
        is_enum(api, f);
    if (!always) return "std::optional<" + type + "> " + snake(f.name) + ";";
    return type + " " + snake(f.name) + (plain ? "{};" : ";");
}

// The constructor keeps them from being aggregates, which g++ 12 destroys twice in a co_await expression.
void record(Text& out, const Api& api, const std::string& name, const std::string& doc,
            const std::vector<Field>& fields, bool all_required, bool comparable) {
    out("\n// ", doc, "\nstruct ", name, " {\n    ", name, "() = default;\n");
    for (auto& f : fields) out("    ", member(api, f, all_required || f.required), "  // ", f.doc, "\n");
    if (comparable) out("    bool operator==(const ", name, "&) const = default;\n");
    out("};\n");
}

void enumeration(Text& out, const Enum& e) {
    out("\n// ", e.doc, "\nenum class ", e.name, " {\n");
    for (auto& v : e.values) out("    ", snake(v.name), ",  // ", v.doc, "\n");
    out("};\nstd::string_view to_string(", e.name, " value) noexcept;\n");
    out("std::optional<", e.name, "> ", snake(e.name), "_from(std::string_view name) noexcept;\n");
    out("void decode(const json::value& in, ", e.name, "& out, const Where& at);\n");
}

std::string signature_of(const Api& api, const Interface& i, const Method& m) {
    std::string text = m.read ? result_type(api, i, m) + " " + snake(m.name) + "(const Call& call"
                              : "Task<" + (m.out.empty() ? std::string() : result_type(api, i, m)) + "> " +
                                    snake(m.name) + "(Call call";
    if (!i.object.empty()) text += (m.read ? ", const ObjectPath& " : ", ObjectPath ") + snake(i.object);
    for (auto& a : m.in) text += ", " + cpp_type(api, a.signature, a.type) + " " + snake(a.name);
    return text + ")";
}

void service_class(Text& out, const Api& api, const Interface& i) {
    out("\n// ", i.name, ". What returns a Task is a coroutine; the rest answers from memory, at once.\n");
    out("class ", i.id, "Service {\npublic:\n    virtual ~", i.id, "Service() = default;\n");
    if (!i.properties.empty()) {
        out("\n    struct Properties {\n        Properties() = default;\n");
        for (auto& p : i.properties) out("        ", member(api, p, true), "  // ", p.doc, "\n");
        out("        bool operator==(const Properties&) const = default;\n    };\n");
        out("    virtual Properties properties(", i.object.empty() ? "" : "const ObjectPath& " + snake(i.object),
            ") const = 0;\n");
    }
    if (!i.object.empty()) {
        out("\n    // Whatever names one (path, name, UUID, number) to its path. Throws Error(not_found).\n");
        out("    virtual ObjectPath resolve(std::string_view key) const = 0;\n");
        out("    virtual bool exists(std::string_view path) const = 0;\n");
        out("    virtual std::vector<ObjectPath> objects() const = 0;\n");
    }
    for (auto& m : i.methods)
        out("\n    // ", m.doc, errors_sentence(m), "\n    virtual ", signature_of(api, i, m), " = 0;\n");
    out("};\n");
}

void signals(Text& out, const Api& api, const Interface& i) {
    for (auto& s : i.signals) {
        out("\n// ", s.doc, "\nEvent ", snake(i.id), "_", snake(s.name), "(");
        std::string separator;
        if (!i.object.empty()) {
            out("ObjectPath ", snake(i.object));
            separator = ", ";
        }
        for (auto& a : s.args) {
            if (a.name == "stamp") continue;
            out(separator, cpp_type(api, a.signature, a.type), " ", snake(a.name));
            separator = ", ";
        }
        out(");\n");
    }
    if (i.properties.empty()) return;
    out("\n// Properties of ", i.name, " and their new values.\n");
    out("Event ", snake(i.id), "_properties_changed(",
        i.object.empty() ? "" : "const ObjectPath& " + snake(i.object) + ", ", "json::object changed);\n");
    out("void encode_properties(const ", i.id, "Service::Properties& properties, json::object& out);\n");
}

}  // namespace

bool is_dict(const Api& api, const Field& f) {
    return f.signature == "a{sv}" && api.dict(f.type);
}
bool is_enum(const Api& api, const Field& f) {
    return f.signature == "s" && api.enumeration(f.type);
}

std::string cpp_type(const Api& api, const std::string& s, const std::string& type) {
    static const std::map<std::string, std::string> basic{
        {"y", "std::uint8_t"}, {"b", "bool"},          {"n", "std::int16_t"}, {"q", "std::uint16_t"},
        {"i", "std::int32_t"}, {"u", "std::uint32_t"}, {"x", "std::int64_t"}, {"t", "std::uint64_t"},
        {"d", "double"},       {"s", "std::string"},   {"o", "ObjectPath"},   {"h", "UniqueFd"},
        {"v", "Any"}};
    if (s == "a{sv}") return type.empty() ? "AnyDict" : type;
    if (s == "s" && !type.empty()) return type;
    if (auto b = basic.find(s); b != basic.end()) return b->second;
    if (s.starts_with("a{s")) return "std::map<std::string, " + cpp_type(api, s.substr(3, s.size() - 4), type) + ">";
    return "std::vector<" + cpp_type(api, s.substr(1), type) + ">";
}

std::string result_type(const Api& api, const Interface& i, const Method& m) {
    if (m.out.empty()) return "void";
    return m.out.size() == 1 ? cpp_type(api, m.out[0].signature, m.out[0].type) : i.id + m.name + "Result";
}

std::string errors_sentence(const Method& m) {
    std::string text;
    for (auto& e : m.errors) text += (text.empty() ? " Errors: " : ", ") + e;
    return text.empty() ? text : text + ".";
}

std::string types_header(const Api& api) {
    Text out;
    out(banner, "// Dictionaries and enumerations of the API.\n#pragma once\n#include \"api/base.hpp\"\n\n");
    out("#include <cstdint>\n#include <map>\n#include <optional>\n#include <span>\n#include <string>\n#include "
        "<string_view>\n"
        "#include <vector>\n\nnamespace vireo::api {\n\nclass Where;\n");
    out("std::span<const std::string_view> error_names();  // in Errc's order\n");
    for (auto& e : api.enums) enumeration(out, e);
    for (auto& d : api.dicts) {
        record(out, api, d.name, d.doc, d.keys, false, true);
        out("void encode(const ", d.name, "& value, json::object& out);\n");
        out("void decode(const json::value& in, ", d.name, "& out, const Where& at);\n");
    }
    for (auto& i : api.interfaces)
        for (auto& m : i.methods)
            if (m.out.size() > 1)
                record(out, api, result_type(api, i, m), "What " + i.brief + "." + m.name + " returns.", m.out, true,
                       false);
    out("\n}  // namespace vireo::api\n");
    return out.all;
}

std::string service_header(const Api& api) {
    Text out;
    out(banner,
        "// What src/service/ implements, and the events that it emits (Events::emit() adds number and stamp).\n");
    out("#pragma once\n#include \"api/events.hpp\"\n#include \"api/table.hpp\"\n#include \"api/types.hpp\"\n"
        "#include \"support/task.hpp\"\n\nnamespace vireo::api {\n");
    for (auto& i : api.interfaces) service_class(out, api, i);
    out("\nstruct Services {\n");
    for (auto& i : api.interfaces) out("    ", i.id, "Service& ", snake(i.id), ";\n");
    out("};\n");
    for (auto& i : api.interfaces) signals(out, api, i);
    out("\n}  // namespace vireo::api\n");
    return out.all;
}

}  // namespace api_gen
