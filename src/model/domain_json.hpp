// SPDX-License-Identifier: LGPL-2.1-or-later
// A domain from JSON and back: libvirt's XML, with the same names. README.md has the mapping.
#pragma once
#include "model/domain_xml.hpp"

#include <boost/json/object.hpp>

namespace vireo::model {
namespace json = boost::json;

// As parse_domain_xml(), with paths and without lines.
Result<Parsed> parse_domain_json(const json::object& object, const ParseOptions& options = {});
json::object format_domain_json(const Domain& domain);

}  // namespace vireo::model
