// SPDX-License-Identifier: LGPL-2.1-or-later
// Writes any struct that has a schema as XML.
#pragma once
#include "model/schema.hpp"

#include <string>
#include <string_view>

namespace vireo::model {

// Appends <name …>…</name> and a line feed, indented by 2 × depth blanks.
void write_xml(std::string& out, std::string_view name, const void* object, const Element& element,
               std::size_t depth = 0);

}  // namespace vireo::model
