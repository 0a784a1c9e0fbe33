// SPDX-License-Identifier: LGPL-2.1-or-later
// The writers: from the checked API to the text of one generated file each.
#pragma once
#include "api_model.hpp"

namespace api_gen {

struct Text {  // text("a ", b, "\n") appends
    std::string all;
    template <class... A>
    void operator()(const A&... parts) {
        (all.append(parts), ...);
    }
};

std::string types_header(const Api& api);      // api/types.hpp
std::string service_header(const Api& api);    // api/service.hpp
std::string dispatch_source(const Api& api);   // api/dispatch.cpp
std::string proxies_header(const Api& api);    // api/proxies.hpp
std::string proxies_source(const Api& api);    // api/proxies.cpp
std::string documents_source(const Api& api);  // api/documents.cpp
std::string openrpc(const Api& api);           // doc/openrpc.json, compact
std::string pretty_json(const std::string& compact);
std::string introspection(const Interface& interface);  // doc/introspection/<name>.xml
std::string policy(const Api& api);                     // doc/org.vireo1.policy
std::string reference(const Api& api);                  // doc/api.md
std::string summary(const Api& api);                    // doc/summary.txt: a line for each thing that is promised

// What several writers need.
inline constexpr const char* banner =
    "// SPDX-License-Identifier: LGPL-2.1-or-later\n// Generated from interfaces/ by tools/api_gen. Do not edit.\n";
std::string cpp_type(const Api& api, const std::string& signature, const std::string& type);
std::string result_type(const Api& api, const Interface& i, const Method& m);
bool is_dict(const Api& api, const Field& f);  // exactly one dictionary, not an array of it
bool is_enum(const Api& api, const Field& f);
std::string errors_sentence(const Method& m);  // " Errors: Busy, Conflict." or nothing
std::string xml_escaped(std::string text);

}  // namespace api_gen
