// SPDX-License-Identifier: LGPL-2.1-or-later
// What other programs read: OpenRPC, introspection XML, polkit's policy; and documents.cpp, which holds the first two.
#include "api_write.hpp"

#include <algorithm>
#include <cstdio>
#include <map>

namespace api_gen {
namespace {

std::string json_text(const std::string& s) {
    std::string r = "\"";
    for (char c : s) {
        if (c == '"' || c == '\\') r += '\\';
        r += c;
    }
    return r + "\"";
}

// Joins what each() gives for the elements, with commas.
template <class Range, class Each>
std::string joined(const Range& range, Each each) {
    std::string text;
    for (auto& element : range) {
        auto one = each(element);
        if (!one.empty()) text += (text.empty() ? "" : ",") + one;
    }
    return text;
}

std::string schema(const Api& api, const std::string& s, const std::string& type) {
    if (s == "a{sv}") return type.empty() ? R"({"type":"object"})" : R"({"$ref":"#/components/schemas/)" + type + "\"}";
    if (s == "s" && !type.empty()) return R"({"$ref":"#/components/schemas/)" + type + "\"}";
    static const std::map<std::string, const char*> basic{
        {"b", R"({"type":"boolean"})"},
        {"d", R"({"type":"number"})"},
        {"s", R"({"type":"string"})"},
        {"o", R"({"type":"string","format":"object-path"})"},
        {"h",
         R"({"type":"integer","minimum":0,"description":"The index of a descriptor among those passed with the message."})"},
        {"v", R"({})"},
        {"y", R"({"type":"integer","minimum":0,"maximum":255})"},
        {"n", R"({"type":"integer","minimum":-32768,"maximum":32767})"},
        {"q", R"({"type":"integer","minimum":0,"maximum":65535})"},
        {"i", R"({"type":"integer","minimum":-2147483648,"maximum":2147483647})"},
        {"u", R"({"type":"integer","minimum":0,"maximum":4294967295})"},
        {"x", R"({"type":"integer","minimum":-9223372036854775808,"maximum":9223372036854775807})"},
        {"t", R"({"type":"integer","minimum":0,"maximum":18446744073709551615})"}};
    if (auto b = basic.find(s); b != basic.end()) return b->second;
    if (s.starts_with("a{s"))
        return R"({"type":"object","additionalProperties":)" + schema(api, s.substr(3, s.size() - 4), type) + "}";
    return R"({"type":"array","items":)" + schema(api, s.substr(1), type) + "}";
}

std::string described(const Api& api, const Field& f) {  // the schema of a member, with its documentation
    auto inner = schema(api, f.signature, f.type);
    if (inner.starts_with(R"({"$ref")"))
        return R"({"description":)" + json_text(f.doc) + R"(,"allOf":[)" + inner + "]}";
    return R"({"description":)" + json_text(f.doc) + (inner == "{}" ? "}" : "," + inner.substr(1));
}

std::string object_schema(const Api& api, const std::vector<Field>& fields, bool all_required) {
    auto required =
        joined(fields, [&](auto& f) { return all_required || f.required ? json_text(f.name) : std::string(); });
    return R"("type":"object","properties":{)" +
           joined(fields, [&](auto& f) { return json_text(f.name) + ":" + described(api, f); }) + "}" +
           (required.empty() ? "" : R"(,"required":[)" + required + "]");
}

std::string descriptor(const std::string& name, const std::string& doc, bool required, const std::string& schema_text) {
    return R"({"name":)" + json_text(name) + R"(,"description":)" + json_text(doc) + R"(,"required":)" +
           (required ? "true" : "false") + R"(,"schema":)" + schema_text + "}";
}

std::string object_parameter(const Interface& i) {
    return descriptor(i.object, "Which " + i.object + ": its object path, or what else names it.", true,
                      R"({"type":"string"})");
}

std::string params(const Api& api, const Interface& i, const std::vector<Field>& in) {
    auto rest = joined(in, [&](auto& f) {
        return descriptor(f.name, f.doc, !api.may_be_left_out(f), schema(api, f.signature, f.type));
    });
    if (i.object.empty()) return rest;
    return object_parameter(i) + (rest.empty() ? "" : "," + rest);
}

std::string rpc_method(const Api& api, const Interface& i, const Method& m) {
    auto errors = joined(m.errors, [](auto& e) { return R"({"$ref":"#/components/errors/)" + e + "\"}"; });
    return R"({"name":)" + json_text(i.brief + "." + m.name) + R"(,"summary":)" + json_text(m.doc) +
           R"(,"tags":[{"name":)" + json_text(i.brief) + R"(}],"paramStructure":"either","params":[)" +
           params(api, i, m.in) + R"(],"result":{"name":"result","schema":{)" + object_schema(api, m.out, true) +
           R"(}},"errors":[)" + errors + R"(],"x-action":)" + json_text(m.action) + (m.job ? R"(,"x-job":true)" : "") +
           (m.read ? R"(,"x-read":true)" : "") + "}";
}

std::string rpc_notification(const Api& api, const Interface& i, const Signal& s) {
    return R"({"name":)" + json_text(i.brief + "." + s.name) + R"(,"summary":)" + json_text(s.doc) + R"(,"params":[)" +
           params(api, i, s.args) + "]}";
}

std::string changed_notification(const Api& api, const Interface& i) {
    Field properties{"properties", "a{sv}", "", "The properties that changed, with their new values.", true, false, {}};
    auto one = descriptor(properties.name, properties.doc, true, "{" + object_schema(api, i.properties, false) + "}");
    return R"({"name":)" + json_text(i.brief + ".PropertiesChanged") +
           R"(,"summary":"Properties have new values.","params":[)" +
           (i.object.empty() ? "" : object_parameter(i) + ",") + one + "]}";
}

// JSON-RPC's code of an error, as rpc_code() of support/error.hpp.
int rpc_code(const Api& api, const ErrorName& e) {
    if (e.name == "InvalidArgument") return -32602;
    if (e.name == "Internal") return -32603;
    return -32000 - static_cast<int>(&e - api.errors.data());
}

std::string components(const Api& api) {
    auto enums = joined(api.enums, [](auto& e) {
        auto choices = joined(e.values, [](auto& v) {
            return R"({"const":)" + json_text(v.name) + R"(,"description":)" + json_text(v.doc) + "}";
        });
        return json_text(e.name) + R"(:{"description":)" + json_text(e.doc) + R"(,"type":"string","oneOf":[)" +
               choices + "]}";
    });
    auto dicts = joined(api.dicts, [&](auto& d) {
        return json_text(d.name) + R"(:{"description":)" + json_text(d.doc) + "," + object_schema(api, d.keys, false) +
               "}";
    });
    auto errors = joined(api.errors, [&](auto& e) {
        return json_text(e.name) + R"(:{"code":)" + std::to_string(rpc_code(api, e)) + R"(,"message":)" +
               json_text(e.doc) + R"(,"data":{"$ref":"#/components/schemas/ErrorDetails"}})";
    });
    return R"({"schemas":{)" + enums + (enums.empty() || dicts.empty() ? "" : ",") + dicts + R"(},"errors":{)" +
           errors + "}}";
}

std::string annotation(const std::string& indent, const std::string& doc) {
    return indent + "<annotation name=\"org.gtk.GDBus.DocString\" value=\"" + xml_escaped(doc) + "\"/>\n";
}

// On the bus an argument's name only documents its place, and sd-bus refuses what is no identifier.
std::string bus_args(const std::vector<Field>& args, const char* direction) {
    std::string text;
    for (auto& a : args)
        text += "      <arg name=\"" + replace_all(a.name, "-", "_") + "\" type=\"" + a.signature + "\"" +
                (direction ? std::string(" direction=\"") + direction + "\"" : "") + ">\n" +
                annotation("        ", a.doc) + "      </arg>\n";
    return text;
}

std::string cpp_literal(const std::string& s) {
    std::string r = "    \"";
    for (char c : s) {
        if (c == '"' || c == '\\') r += '\\';
        if (c == '\n')
            r += "\\n\"\n    \"";
        else
            r += c;
    }
    return r + "\"";
}

}  // namespace

std::string xml_escaped(std::string text) {
    text = replace_all(std::move(text), "&", "&amp;");
    text = replace_all(std::move(text), "<", "&lt;");
    text = replace_all(std::move(text), ">", "&gt;");
    return replace_all(std::move(text), "\"", "&quot;");
}

std::string openrpc(const Api& api) {
    std::string methods, notifications;
    auto add = [](std::string& list, const std::string& one) { list += (list.empty() ? "" : ",") + one; };
    for (auto& i : api.interfaces) {
        for (auto& m : i.methods) add(methods, rpc_method(api, i, m));
        for (auto& s : i.signals) add(notifications, rpc_notification(api, i, s));
        if (!i.properties.empty()) add(notifications, changed_notification(api, i));
    }
    return R"({"openrpc":"1.2.6","info":{"title":"Vireo","description":"Virtual machines and containers of one host. The same )"
           R"(methods, types, errors and events are on D-Bus as org.vireo1.","version":"1"},"methods":[)" +
           methods + R"(],"x-notifications":[)" + notifications + R"(],"components":)" + components(api) + "}";
}

std::string pretty_json(const std::string& compact) {
    std::string out;
    int depth = 0;
    bool text = false;
    auto line = [&] { out += '\n' + std::string(static_cast<std::size_t>(depth) * 2, ' '); };
    for (std::size_t i = 0; i < compact.size(); ++i) {
        char c = compact[i];
        if (text) {
            out += c;
            if (c == '\\')
                out += compact[++i];
            else if (c == '"')
                text = false;
            continue;
        }
        bool empty =
            i + 1 < compact.size() && ((c == '{' && compact[i + 1] == '}') || (c == '[' && compact[i + 1] == ']'));
        if (empty) {
            out += c;
            out += compact[++i];
        } else if (c == '{' || c == '[') {
            out += c;
            ++depth;
            line();
        } else if (c == '}' || c == ']') {
            --depth;
            line();
            out += c;
        } else {
            out += c;
            text = c == '"';
            if (c == ',') line();
            if (c == ':') out += ' ';
        }
    }
    return out + "\n";
}

std::string introspection(const Interface& i) {
    Text out;
    out("<!DOCTYPE node PUBLIC \"-//freedesktop//DTD D-BUS Object Introspection 1.0//EN\"\n"
        " \"http://www.freedesktop.org/standards/dbus/1.0/introspect.dtd\">\n"
        "<!-- SPDX-License-Identifier: LGPL-2.1-or-later -->\n<!-- Generated from interfaces/ by tools/api_gen. Do not "
        "edit. -->\n"
        "<node>\n  <interface name=\"",
        i.name, "\">\n");
    for (auto& m : i.methods)
        out("    <method name=\"", m.name, "\">\n", annotation("      ", m.doc + errors_sentence(m)),
            bus_args(m.in, "in"), bus_args(m.out, "out"), "    </method>\n");
    for (auto& s : i.signals)
        out("    <signal name=\"", s.name, "\">\n", annotation("      ", s.doc), bus_args(s.args, nullptr),
            "    </signal>\n");
    for (auto& p : i.properties)
        out("    <property name=\"", p.name, "\" type=\"", p.signature, "\" access=\"read\">\n",
            annotation("      ", p.doc), "    </property>\n");
    out("  </interface>\n</node>\n");
    return out.all;
}

std::string policy(const Api& api) {
    Text out;
    out("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<!-- SPDX-License-Identifier: LGPL-2.1-or-later -->\n"
        "<!-- Generated from interfaces/ by tools/api_gen. Do not edit. -->\n"
        "<!DOCTYPE policyconfig PUBLIC \"-//freedesktop//DTD PolicyKit Policy Configuration 1.0//EN\"\n"
        " \"http://www.freedesktop.org/standards/PolicyKit/1.0/policyconfig.dtd\">\n<policyconfig>\n  "
        "<vendor>Vireo</vendor>\n");
    for (auto& a : api.actions) {
        auto doc = a.doc;
        if (!doc.empty() && doc[0] >= 'A' && doc[0] <= 'Z') doc[0] = static_cast<char>(doc[0] - 'A' + 'a');
        out("\n  <action id=\"", a.name, "\">\n    <description>", xml_escaped(a.doc),
            "</description>\n    <message>Authentication is needed to ", xml_escaped(doc),
            "</message>\n    <defaults>\n");
        for (auto* who : {"allow_any", "allow_inactive", "allow_active"})
            out("      <", who, ">", a.otherwise, "</", who, ">\n");
        out("    </defaults>\n  </action>\n");
    }
    out("</policyconfig>\n");
    return out.all;
}

std::string documents_source(const Api& api) {
    Text out;
    out(banner,
        "#include \"api/table.hpp\"\n\n#pragma GCC diagnostic ignored \"-Woverlength-strings\"\n\nnamespace vireo::api "
        "{\nnamespace {\n");
    out("constexpr std::string_view openrpc_text =\n", cpp_literal(openrpc(api)), ";\n");
    for (auto& i : api.interfaces)
        out("constexpr std::string_view introspection_", i.id, " =\n", cpp_literal(introspection(i)), ";\n");
    out("}  // namespace\n\nstd::string_view openrpc_document() { return openrpc_text; }\n");
    out("std::string_view introspection(std::string_view interface_name) {\n");
    for (auto& i : api.interfaces)
        out("    if (interface_name == \"", i.name, "\") return introspection_", i.id, ";\n");
    out("    return {};\n}\n\n}  // namespace vireo::api\n");
    return out.all;
}

}  // namespace api_gen
