// SPDX-License-Identifier: LGPL-2.1-or-later
// Writes any struct that has a schema as XML.
#pragma once
#include "model/schema.hpp"

#include <string>
#include <string_view>

namespace vireo::model {

// Appends <name …>…</name> and a line feed: the root of a document, where the namespaces that it uses are declared.
void write_xml(std::string& out, std::string_view name, const void* object, const Element& element);

}  // namespace vireo::model
