// SPDX-License-Identifier: LGPL-2.1-or-later
// LINKS: model
// Whatever is accepted comes out as XML and JSON that mean the same; nothing crashes. What is refused is read
// leniently, too.
#include "model/domain_xml.hpp"

#include "model/domain_json.hpp"

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>

using namespace vireo::model;

namespace {
void require(bool good, const char* what, const std::string& document) {
    if (good) return;
    std::fprintf(stderr, "%s:\n%s\n", what, document.c_str());
    std::abort();
}
}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view input(reinterpret_cast<const char*>(data), size);
    for (const bool lenient : {false, true}) {
        const auto parsed = parse_domain_xml(input, {.lenient = lenient});
        if (!parsed) continue;
        const auto xml = format_domain_xml(parsed->domain);
        const auto again = parse_domain_xml(xml, {.lenient = lenient});
        // What is kept grows when it is escaped and indented: it may then be over the bound of a document.
        if (!again && xml.size() > std::size_t{1} << 20) continue;
        require(again && again->domain == parsed->domain, "XML is not stable", xml);
        require(format_domain_xml(again->domain) == xml, "the format is not stable", xml);
        const auto text = json::serialize(format_domain_json(parsed->domain));
        const auto from_json = parse_domain_json(json::parse(text).as_object(), {.lenient = lenient});
        require(from_json && from_json->domain == parsed->domain, "JSON is not the same", text);
        break;
    }
    return 0;
}
