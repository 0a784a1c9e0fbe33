// SPDX-License-Identifier: LGPL-2.1-or-later
// XML as text: the checks that tinyxml2 does not make, escaping, and elements of others carried as they are.
#pragma once
#include "support/error.hpp"

#include <cstddef>
#include <string>
#include <string_view>

namespace tinyxml2 {
class XMLNode;
}

namespace vireo::model {

// What must hold before the text is given to tinyxml2, which truncates at NUL, passes unknown entities through and
// takes a document type for content. Fails with the line.
Result<> scan_xml(std::string_view xml);

// Appends text so that a parser gives it back, in an attribute between single quotes or between tags.
void append_attribute_value(std::string& out, std::string_view text);
void append_text(std::string& out, std::string_view text);

// Appends a node with all it contains, on one line, without the blanks between elements: the form in which the model
// carries foreign XML.
void append_node(std::string& out, const tinyxml2::XMLNode& node);

// The same for a node that is carried away from its document: prefixes of namespaces that the model knows (and that are
// therefore not kept where they were declared) are declared on it.
void append_foreign(std::string& out, const tinyxml2::XMLNode& node);

// Appends XML of that form with line breaks and indentation wherever an element holds only elements.
void append_indented(std::string& out, std::string_view xml, std::size_t depth);

}  // namespace vireo::model
