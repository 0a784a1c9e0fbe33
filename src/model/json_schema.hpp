// SPDX-License-Identifier: LGPL-2.1-or-later
// The JSON form of a definition as a JSON Schema (draft 2020-12), made from the declarations in schema_*.cpp.
#pragma once
#include "model/schema.hpp"

#include <boost/json/object.hpp>

#include <string_view>

namespace vireo::model {

// `name` is the document's root ("domain"). Each element is one of the $defs; each member says in "x-xml" where it is
// in XML ("@type": an attribute, "source/@file": an attribute of a child, "text()": the text, else the child), and in
// "x-live" whether a running guest can take another value.
boost::json::object json_schema(std::string_view name, const Element& element);

// Of a domain, with its identity and title.
boost::json::object domain_json_schema();

}  // namespace vireo::model
