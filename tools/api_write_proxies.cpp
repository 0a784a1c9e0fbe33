// SPDX-License-Identifier: LGPL-2.1-or-later
// proxies.hpp and proxies.cpp: the typed client.
#include "api_write.hpp"

#include <algorithm>

namespace api_gen {
namespace {

bool in_by_value(const Api& api, const Field& f) {
    return is_enum(api, f) ||
           (f.signature.size() == 1 && std::string_view("sov").find(f.signature[0]) == std::string_view::npos);
}

std::string declaration(const Api& api, const Interface& i, const Method& m, const std::string& scope) {
    auto text = result_type(api, i, m) + " " + scope + snake(m.name) + "(";
    bool first = true;
    for (auto& a : m.in) {
        auto type = cpp_type(api, a.signature, a.type);
        text += std::string(first ? "" : ", ") + (in_by_value(api, a) ? type + " " : "const " + type + "& ") +
                snake(a.name);
        // the trailing options may be left out here as on the wire
        bool rest =
            std::all_of(m.in.begin() + (&a - m.in.data()), m.in.end(), [&](auto& x) { return api.may_be_left_out(x); });
        if (scope.empty() && rest) text += " = {}";
        first = false;
    }
    return text + ")";
}

void proxy_class(Text& out, const Api& api, const Interface& i) {
    bool per_object = !i.object.empty();
    auto name = i.id + "Client";
    out("\nclass ", name, " {\npublic:\n");
    if (per_object)
        out("    // ", i.object, ": whatever names it: path, name, UUID, number\n    ", name,
            "(ClientChannel& channel, std::string ", snake(i.object), ") : channel_(channel), object_(std::move(",
            snake(i.object), ")) {}\n");
    else
        out("    explicit ", name, "(ClientChannel& channel) : channel_(channel) {}\n");
    for (auto& m : i.methods) {
        if (std::any_of(m.in.begin(), m.in.end(), [](auto& f) { return f.signature == "h"; })) continue;
        out("\n    // ", m.doc, errors_sentence(m), "\n    ", declaration(api, i, m, ""), ";\n");
    }
    out("\nprivate:\n    ClientChannel& channel_;\n", per_object ? "    std::string object_;\n" : "", "};\n");
}

void proxy_method(Text& out, const Api& api, const Interface& i, const Method& m) {
    out("\n", declaration(api, i, m, i.id + "Client::"), " {\n    json::object params_;\n");
    out("    params_.reserve(", std::to_string(m.in.size() + !i.object.empty()), ");\n");
    if (!i.object.empty()) out("    put(params_, \"", i.object, "\", object_);\n");
    for (auto& a : m.in) out("    put(params_, \"", a.name, "\", ", snake(a.name), ");\n");
    out("    std::vector<UniqueFd> fds_;\n    ", m.out.empty() ? "" : "auto answer_ = ", "channel_.call(\"", i.brief,
        ".", m.name, "\", std::move(params_), fds_);\n");
    if (!m.out.empty()) {
        out("    Reader reader_(answer_, {}, answer_at);\n    ", result_type(api, i, m), " result_{};\n");
        for (auto& a : m.out) {
            auto target = m.out.size() == 1 ? std::string("result_") : "result_." + snake(a.name);
            if (a.signature == "h")
                out("    std::uint32_t at_", snake(a.name), " = 0;\n    reader_.required(\"", a.name, "\", at_",
                    snake(a.name), ");\n    ", target, " = take_descriptor(fds_, at_", snake(a.name), ");\n");
            else
                out("    reader_.required(\"", a.name, "\", ", target, ");\n");
        }
        out("    return result_;\n");
    }
    out("}\n");
}

}  // namespace

std::string proxies_header(const Api& api) {
    Text out;
    out(banner,
        "// The API for a client: one class for each interface, each call blocking. Throws what the daemon answered, "
        "as an Error.\n");
    out("#pragma once\n#include \"api/client.hpp\"\n#include \"api/types.hpp\"\n\nnamespace vireo::api {\n");
    for (auto& i : api.interfaces) proxy_class(out, api, i);
    out("\n}  // namespace vireo::api\n");
    return out.all;
}

std::string proxies_source(const Api& api) {
    Text out;
    out(banner, "#include \"api/proxies.hpp\"\n\n#include \"api/codec.hpp\"\n\nnamespace vireo::api {\nnamespace {\n");
    out("constexpr Where answer_at(\"result\", Where::Side::answer);\n}  // namespace\n");
    for (auto& i : api.interfaces)
        for (auto& m : i.methods)
            if (std::none_of(m.in.begin(), m.in.end(), [](auto& f) { return f.signature == "h"; }))
                proxy_method(out, api, i, m);
    out("\n}  // namespace vireo::api\n");
    return out.all;
}

}  // namespace api_gen
