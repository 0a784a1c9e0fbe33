// SPDX-License-Identifier: LGPL-2.1-or-later
// dispatch.cpp: decode, call, encode for each method; the table of table.hpp; the events.
#include "api_write.hpp"

#include <algorithm>

namespace api_gen {
namespace {

std::string quoted(const std::string& s) {
    return "\"" + s + "\"";
}  // names and signatures: nothing to escape
bool movable(const Field& f) {
    return f.type.empty() && (f.signature == "v" || f.signature == "a{sv}");
}

class Writer {
public:
    explicit Writer(const Api& api) : api_(api) {}
    std::string run();

private:
    std::string core_dict(const Field& f) const { return api_.dict(f.type) ? "&dict_" + f.type : "nullptr"; }
    std::string fields(const std::string& id, const std::vector<Field>& all, bool arguments = false);
    void errors();
    void enumeration(const Enum& e);
    void dict_table(const Dict& d);
    void dict_codec(const Dict& d);
    void method(const Interface& i, const Method& m);
    void arguments(const Interface& i, const Method& m);
    void invoke(const Interface& i, const Method& m);
    void answer(const Method& m);
    void interface_functions(const Interface& i);
    void interface_tables(const Interface& i);
    void properties(const Interface& i);
    void events(const Interface& i, std::size_t index);

    const Api& api_;
    Text out;
};

// An array of Field, and what to write where a span of it is wanted.
std::string Writer::fields(const std::string& id, const std::vector<Field>& all, bool arguments) {
    if (all.empty()) return "{}";
    out("constexpr Field ", id, "[] = {\n");
    for (auto& f : all) {
        bool required = arguments ? !api_.may_be_left_out(f) : f.required;
        out("    {", quoted(f.name), ", ", quoted(f.signature), ", ", core_dict(f), ", ", required ? "true" : "false",
            "},\n");
    }
    out("};\n");
    return id;
}

void Writer::errors() {
    out("\n// interfaces/types.xml and support/error.hpp must list the same errors in the same order.\n");
    out("constexpr std::string_view all_errors[] = {\n");
    for (auto& e : api_.errors) out("    ", quoted(e.name), ",\n");
    out("};\nconstexpr bool is_listed(Errc code) {\n    switch (code) {\n");
    for (auto& e : api_.errors) out("        case Errc::", snake(e.name), ":\n");
    out("            return true;\n    }\n    return false;\n}\nstatic_assert(is_listed(Errc::internal));\n");
    for (std::size_t i = 0; i < api_.errors.size(); ++i)
        out("static_assert(static_cast<int>(Errc::", snake(api_.errors[i].name), ") == ", std::to_string(i),
            ", \"interfaces/types.xml lists ", api_.errors[i].name, " elsewhere than Errc does\");\n");
}

void Writer::enumeration(const Enum& e) {
    auto names = "names_" + e.name;
    out("\nconstexpr std::string_view ", names, "[] = {");
    for (auto& v : e.values) out(&v == &e.values.front() ? "" : ", ", quoted(v.name));
    out("};\n}  // namespace\nstd::string_view to_string(", e.name, " value) noexcept { return name_at(", names,
        ", static_cast<std::size_t>(value)); }\n");
    out("std::optional<", e.name, "> ", snake(e.name),
        "_from(std::string_view name) noexcept {\n    auto index = index_of(", names,
        ", name);\n    if (!index) return std::nullopt;\n    return static_cast<", e.name, ">(*index);\n}\n");
    out("void decode(const json::value& in, ", e.name, "& out, const Where& at) { out = static_cast<", e.name,
        ">(decode_name(in, ", names, ", at)); }\nnamespace {\n");
}

void Writer::dict_table(const Dict& d) {
    out("\n");
    auto keys = fields("keys_" + d.name, d.keys);
    out("constexpr DictType dict_", d.name, "{", quoted(d.name), ", ", keys, "};\n");
}

void Writer::dict_codec(const Dict& d) {
    out("\nvoid encode(", d.keys.empty() ? "" : "[[maybe_unused]] ", "const ", d.name,
        "& value, json::object& out) {\n");
    out("    out.reserve(", std::to_string(d.keys.size()), ");\n");
    for (auto& k : d.keys) out("    put(out, ", quoted(k.name), ", value.", snake(k.name), ");\n");
    out("}\nvoid decode(const json::value& in, ", d.name, "& out, const Where& at) {\n");
    out("    Reader reader(object_of(in, at), dict_", d.name, ".keys, at);\n");
    for (auto& k : d.keys)
        out("    reader.", k.required ? "required" : "optional", "(", quoted(k.name), ", out.", snake(k.name), ");\n");
    out("    reader.done();\n}\n");
}

void Writer::arguments(const Interface& i, const Method& m) {
    out("    Reader reader(params, ", m.in.empty() ? "{}" : "in_" + i.id + "_" + m.name, ", params_at);\n");
    for (auto& a : m.in) {
        bool fd = a.signature == "h";
        auto name = "in_" + snake(a.name);
        out("    ", fd ? "std::uint32_t" : cpp_type(api_, a.signature, a.type), " ", fd ? "at_" : "", name, "{};\n");
        out("    reader.", api_.may_be_left_out(a) ? "optional" : "required", "(", quoted(a.name), ", ",
            fd ? "at_" : "", name, ");\n");
    }
    out("    reader.done();\n");
    for (auto& a : m.in)
        if (a.signature == "h") out("    auto in_", snake(a.name), " = call.accept(at_in_", snake(a.name), ");\n");
}

void Writer::invoke(const Interface& i, const Method& m) {
    bool passes = std::any_of(m.out.begin(), m.out.end(), [](auto& f) { return f.signature == "h"; });
    out("    ", m.out.empty() ? "" : "auto value = ", m.read ? "" : "co_await ", "services.", snake(i.id), ".",
        snake(m.name), "(");
    out(m.read || passes ? "call" : "std::move(call)");
    if (!i.object.empty()) out(m.read ? ", object" : ", std::move(object)");
    for (auto& a : m.in) out(", std::move(in_", snake(a.name), ")");
    out(");\n");
}

void Writer::answer(const Method& m) {
    if (!m.out.empty()) out("    result.reserve(", std::to_string(m.out.size()), ");\n");
    for (auto& a : m.out) {
        auto value = m.out.size() == 1 ? "value" : "value." + snake(a.name);
        if (movable(a)) value = "std::move(" + value + ")";
        if (a.signature == "h") value = "call.pass(std::move(" + value + "))";
        out("    put(result, ", quoted(a.name), ", ", value, ");\n");
    }
}

void Writer::method(const Interface& i, const Method& m) {
    auto id = i.id + "_" + m.name;
    bool per_object = !i.object.empty();
    out("\n");
    fields("in_" + id, m.in, true);
    auto outs = m.out;
    for (auto& f : outs) f.required = true;
    fields("out_" + id, outs);
    if (m.read) {
        out("void call_", id, "(Services& services, const Call& call, const ObjectPath&", per_object ? " object" : "",
            ", const json::object& params, json::object&", m.out.empty() ? "" : " result", ") {\n");
    } else {
        out("Task<json::object> call_", id, "(Services& services, Call call, ObjectPath", per_object ? " object" : "",
            ", json::object params) {\n");
    }
    arguments(i, m);
    invoke(i, m);
    if (!m.read) out("    json::object result;\n");
    answer(m);
    if (!m.read) out("    co_return result;\n");
    out("}\n");
}

void Writer::properties(const Interface& i) {
    out("}  // namespace\nvoid encode_properties(const ", i.id,
        "Service::Properties& properties, json::object& out) {\n");
    out("    out.reserve(out.size() + ", std::to_string(i.properties.size()), ");\n");
    for (auto& p : i.properties) out("    put(out, ", quoted(p.name), ", properties.", snake(p.name), ");\n");
    out("}\nnamespace {\n");
    out("void read_", i.id, "(const Services& services, const ObjectPath&", i.object.empty() ? "" : " object",
        ", json::object& out) {\n    encode_properties(services.", snake(i.id), ".properties(",
        i.object.empty() ? "" : "object", "), out);\n}\n");
}

void Writer::interface_functions(const Interface& i) {
    for (auto& m : i.methods) method(i, m);
    out("\n");
    if (!i.properties.empty()) properties(i);
    if (i.object.empty()) return;
    auto service = "services." + snake(i.id);
    out("ObjectPath resolve_", i.id, "(const Services& services, std::string_view key) { return ", service,
        ".resolve(key); }\n");
    out("bool exists_", i.id, "(const Services& services, std::string_view path) { return ", service,
        ".exists(path); }\n");
    out("std::vector<ObjectPath> objects_", i.id, "(const Services& services) { return ", service, ".objects(); }\n");
}

void Writer::interface_tables(const Interface& i) {
    if (!i.methods.empty()) out("constexpr Method methods_", i.id, "[] = {\n");
    for (auto& m : i.methods) {
        auto id = i.id + "_" + m.name;
        out("    {", quoted(m.name), ", ", quoted(m.action), ", ", m.in.empty() ? "{}" : "in_" + id, ", ",
            m.out.empty() ? "{}" : "out_" + id, ", ", m.read ? "&call_" + id + ", nullptr" : "nullptr, &call_" + id,
            "},\n");
    }
    if (!i.methods.empty()) out("};\n");
    std::string rows;
    for (auto& s : i.signals) {
        auto args = s.args;
        for (auto& f : args) f.required = true;
        auto id = fields("args_" + i.id + "_" + s.name, args);
        rows += "    {" + quoted(s.name) + ", " + id + "},\n";
    }
    if (!rows.empty()) out("constexpr SignalType signals_", i.id, "[] = {\n", rows, "};\n");
    auto properties = i.properties;
    for (auto& f : properties) f.required = true;
    fields("properties_" + i.id, properties);
}

void Writer::events(const Interface& i, std::size_t index) {
    bool per_object = !i.object.empty();
    auto about = per_object ? "std::move(" + snake(i.object) + ")" : std::string("ObjectPath(root_path)");
    auto number = std::to_string(index);
    for (std::size_t n = 0; n < i.signals.size(); ++n) {
        auto& s = i.signals[n];
        std::string parameters = per_object ? "ObjectPath " + snake(i.object) : "", body;
        for (auto& a : s.args) {
            if (a.name == "stamp") continue;
            parameters += (parameters.empty() ? "" : ", ") + cpp_type(api_, a.signature, a.type) + " " + snake(a.name);
            body += "    put(made_.args, " + quoted(a.name) + ", " +
                    (movable(a) ? "std::move(" + snake(a.name) + ")" : snake(a.name)) + ");\n";
        }
        out("\nEvent ", snake(i.id), "_", snake(s.name), "(", parameters,
            ") {\n    Event made_;\n    made_.interface = &all_interfaces[", number, "];\n    made_.signal = &signals_",
            i.id, "[", std::to_string(n), "];\n    made_.object = ", about, ";\n    made_.args.reserve(",
            std::to_string(s.args.size()), ");\n", body, "    return made_;\n}\n");
    }
    if (i.properties.empty()) return;
    out("\nEvent ", snake(i.id), "_properties_changed(",
        per_object ? "const ObjectPath& " + snake(i.object) + ", " : "",
        "json::object changed) {\n    Event made_;\n    made_.kind = Event::Kind::properties_changed;\n    "
        "made_.interface = &all_interfaces[",
        number, "];\n    made_.object = ", per_object ? snake(i.object) : "ObjectPath(root_path)",
        ";\n    made_.args = std::move(changed);\n    return made_;\n}\n");
}

std::string Writer::run() {
    out(banner, "#include \"api/codec.hpp\"\n#include \"api/service.hpp\"\n\nnamespace vireo::api {\nnamespace {\n");
    errors();
    out("\nconstexpr Where params_at(\"params\");\n");
    for (auto& e : api_.enums) enumeration(e);
    for (auto& d : api_.dicts) dict_table(d);
    out("}  // namespace\n");
    for (auto& d : api_.dicts) dict_codec(d);
    out("\nnamespace {\n");
    for (auto& i : api_.interfaces) interface_functions(i);
    out("\n");
    for (auto& i : api_.interfaces) interface_tables(i);
    out("\nconstexpr Interface all_interfaces[] = {\n");
    for (auto& i : api_.interfaces) {
        auto optional = [&](bool there, const char* prefix) { return there ? prefix + i.id : std::string("nullptr"); };
        auto span = [&](bool there, const char* prefix) { return there ? prefix + i.id : std::string("{}"); };
        bool per_object = !i.object.empty();
        out("    {", quoted(i.name), ", ", quoted(i.brief), ", ", per_object ? quoted(i.object) : "nullptr", ", ",
            span(!i.methods.empty(), "methods_"), ", ", span(!i.signals.empty(), "signals_"), ", ",
            span(!i.properties.empty(), "properties_"), ",\n     ", optional(!i.properties.empty(), "&read_"), ", ",
            optional(per_object, "&resolve_"), ", ", optional(per_object, "&exists_"), ", ",
            optional(per_object, "&objects_"), "},\n");
    }
    out("};\n}  // namespace\n\nstd::span<const Interface> interfaces() { return all_interfaces; }\n");
    out("const Interface& interface_of(std::string_view brief) {\n    for (auto& interface : all_interfaces)\n"
        "        if (brief == interface.brief) return interface;\n"
        "    throw Error(Errc::internal, \"there is no interface \" + std::string(brief));\n}\n");
    out("std::span<const std::string_view> error_names() { return all_errors; }\n");
    for (std::size_t n = 0; n < api_.interfaces.size(); ++n) events(api_.interfaces[n], n);
    out("\n}  // namespace vireo::api\n");
    return out.all;
}

}  // namespace

std::string dispatch_source(const Api& api) {
    return Writer(api).run();
}

}  // namespace api_gen
