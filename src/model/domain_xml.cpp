// SPDX-License-Identifier: LGPL-2.1-or-later
#include "model/domain_xml.hpp"

#include "model/read_xml.hpp"
#include "model/schemas.hpp"
#include "model/validate.hpp"
#include "model/write_xml.hpp"
#include "model/xml_text.hpp"

#include <tinyxml2.h>

namespace vireo::model {
namespace {

constexpr std::size_t largest_document = std::size_t{1} << 20;

Failure not_well_formed(const tinyxml2::XMLDocument& document) {
    using namespace tinyxml2;
    std::string_view what = "the document is not well-formed";
    switch (document.ErrorID()) {
        case XML_ERROR_EMPTY_DOCUMENT:
            what = "the document is empty";
            break;
        case XML_ERROR_MISMATCHED_ELEMENT:
            what = "an element is closed that was not opened, or not closed";
            break;
        case XML_ERROR_PARSING_ATTRIBUTE:
            what = "an attribute is malformed or given twice";
            break;
        case XML_ELEMENT_DEPTH_EXCEEDED:
            what = "elements are nested too deeply";
            break;
        default:
            break;
    }
    return fail(Errc::invalid_config, "line ", std::to_string(document.ErrorLineNum()), ": ", what);
}

}  // namespace

Result<Parsed> parse_domain_xml(std::string_view xml, const ParseOptions& options) {
    if (xml.size() > largest_document)
        return fail(Errc::invalid_config, "the document has ", std::to_string(xml.size()), " bytes, more than the ",
                    std::to_string(largest_document), " allowed");
    if (auto good = scan_xml(xml); !good) return Failure(std::move(good.error()));
    tinyxml2::XMLDocument document;
    if (document.Parse(xml.data(), xml.size()) != tinyxml2::XML_SUCCESS) return not_well_formed(document);
    const auto* root = document.RootElement();
    if (!root || std::string_view(root->Name()) != "domain")
        return fail(Errc::invalid_config, "the document is not a domain: its element is <", root ? root->Name() : "",
                    ">");
    if (const auto* second = root->NextSiblingElement())
        return fail(Errc::invalid_config, "line ", std::to_string(second->GetLineNum()),
                    ": a document has one element only");

    Parsed parsed;
    XmlReader reader(options.lenient);
    const Frame at{nullptr, "domain", root, {}};
    if (!reader.read(*root, &parsed.domain, schema<Domain>(), at)) return Failure(reader.error());
    if (auto good = validate(parsed.domain); !good) return Failure(std::move(good.error()));
    parsed.warnings = reader.take_warnings();
    return parsed;
}

std::string format_domain_xml(const Domain& domain) {
    std::string out;
    out.reserve(8192);
    write_xml(out, "domain", &domain, schema<Domain>());
    return out;
}

}  // namespace vireo::model
