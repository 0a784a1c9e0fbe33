// SPDX-License-Identifier: LGPL-2.1-or-later
#include "model/xml_text.hpp"

#include "model/namespaces.hpp"

#include <tinyxml2.h>

#include <algorithm>
#include <vector>

namespace vireo::model {
namespace {

std::string_view entity(char c, bool in_attribute) {
    switch (c) {
        case '&':
            return "&amp;";
        case '<':
            return "&lt;";
        case '>':
            return "&gt;";
        case '\'':
            return in_attribute ? "&apos;" : "";
        case '\n':
            return in_attribute ? "&#10;" : "";
        case '\t':
            return in_attribute ? "&#9;" : "";
        case '\r':
            return "&#13;";  // a parser would turn it into a line feed
        default:
            return "";
    }
}

void append_escaped(std::string& out, std::string_view text, bool in_attribute) {
    const std::string_view special = in_attribute ? "&<>'\n\t\r" : "&<>\r";
    for (std::size_t from = 0; from < text.size();) {
        const auto next = std::min(text.find_first_of(special, from), text.size());
        out.append(text, from, next - from);
        if (next < text.size()) out += entity(text[next], in_attribute);
        from = next + 1;
    }
}

struct Token {
    enum class Kind { open, close, empty, text, comment };
    Kind kind;
    std::string_view text;
    bool inline_content = false;  // open: it holds text, so nothing may be put between its children
};

// Splits what append_node() wrote. Markup characters in values are escaped there, so the first '>' ends a tag.
std::vector<Token> tokens_of(std::string_view xml) {
    std::vector<Token> tokens;
    std::vector<std::size_t> open;
    while (!xml.empty()) {
        std::size_t length = 0;
        Token::Kind kind = Token::Kind::text;
        if (xml.starts_with("<!--")) {
            kind = Token::Kind::comment;
            length = xml.find("-->", 4);
            length = length == xml.npos ? xml.size() : length + 3;
        } else if (xml.starts_with("<![CDATA[")) {
            length = xml.find("]]>");
            length = length == xml.npos ? xml.size() : length + 3;
        } else if (xml.starts_with('<')) {
            length = xml.find('>');
            length = length == xml.npos ? xml.size() : length + 1;
            kind = xml[1] == '/' ? Token::Kind::close : xml[length - 2] == '/' ? Token::Kind::empty : Token::Kind::open;
        } else {
            length = std::min(xml.find('<'), xml.size());
        }
        if (kind == Token::Kind::text && !open.empty()) tokens[open.back()].inline_content = true;
        if (kind == Token::Kind::close && !open.empty()) open.pop_back();
        if (kind == Token::Kind::open) open.push_back(tokens.size());
        tokens.push_back({kind, xml.substr(0, length)});
        xml.remove_prefix(length);
    }
    return tokens;
}

}  // namespace

void append_attribute_value(std::string& out, std::string_view text) {
    append_escaped(out, text, true);
}

void append_text(std::string& out, std::string_view text) {
    // Text of blanks alone would be taken for the space between elements.
    if (!text.empty() && text.find_first_not_of(" \t\r\n") == text.npos) {
        out.append("&#").append(std::to_string(text[0])).append(";");
        text.remove_prefix(1);
    }
    append_escaped(out, text, false);
}

namespace {

void append(std::string& out, const tinyxml2::XMLNode& node, std::string_view more_attributes) {
    if (const auto* comment = node.ToComment()) {
        out.append("<!--").append(comment->Value()).append("-->");
    } else if (const auto* text = node.ToText()) {
        if (text->CData())
            out.append("<![CDATA[").append(text->Value()).append("]]>");
        else
            append_text(out, text->Value());
    } else if (const auto* element = node.ToElement()) {
        out.append("<").append(element->Name());
        for (const auto* attribute = element->FirstAttribute(); attribute; attribute = attribute->Next()) {
            out.append(" ").append(attribute->Name()).append("='");
            append_attribute_value(out, attribute->Value());
            out += '\'';
        }
        out += more_attributes;
        if (!element->FirstChild()) {
            out += "/>";
            return;
        }
        out += '>';
        for (const auto* child = element->FirstChild(); child; child = child->NextSibling()) append(out, *child, {});
        out.append("</").append(element->Name()).append(">");
    }
}

// The prefixes of known namespaces that an element and all in it use and that are declared above it.
void collect_prefixes(const tinyxml2::XMLElement& element, const tinyxml2::XMLElement& top,
                      std::vector<std::string_view>& prefixes) {
    const auto note = [&](std::string_view name, bool is_attribute) {
        const auto colon = name.find(':');
        if ((is_attribute && colon == name.npos) || is_namespace_declaration(name)) return;
        const auto prefix = colon == name.npos ? std::string_view() : name.substr(0, colon);
        const auto* above = top.Parent() ? top.Parent()->ToElement() : nullptr;
        if (!above || std::ranges::find(prefixes, prefix) != prefixes.end()) return;
        const auto uri = uri_of_prefix(element, prefix);
        if (namespace_of_uri(uri) && uri_of_prefix(*above, prefix).data() == uri.data()) prefixes.push_back(prefix);
    };
    note(element.Name(), false);
    for (const auto* attribute = element.FirstAttribute(); attribute; attribute = attribute->Next())
        note(attribute->Name(), true);
    for (const auto* child = element.FirstChildElement(); child; child = child->NextSiblingElement())
        collect_prefixes(*child, top, prefixes);
}

}  // namespace

void append_node(std::string& out, const tinyxml2::XMLNode& node) {
    append(out, node, {});
}

void append_foreign(std::string& out, const tinyxml2::XMLNode& node) {
    std::string declarations;
    if (const auto* element = node.ToElement()) {
        std::vector<std::string_view> prefixes;
        collect_prefixes(*element, *element, prefixes);
        for (const auto prefix : prefixes) {
            declarations.append(prefix.empty() ? " xmlns" : " xmlns:").append(prefix).append("='");
            append_attribute_value(declarations, uri_of_prefix(*element, prefix));
            declarations += '\'';
        }
    }
    append(out, node, declarations);
}

void append_indented(std::string& out, std::string_view xml, std::size_t depth) {
    std::size_t inline_depth = 0;  // > 0: inside an element that holds text
    for (const auto& token : tokens_of(xml)) {
        const bool closes = token.kind == Token::Kind::close;
        if (inline_depth) {
            out += token.text;
            if (token.kind == Token::Kind::open)
                ++inline_depth;
            else if (closes && --inline_depth == 0)
                out += '\n';
            continue;
        }
        if (closes && depth > 0) --depth;
        out.append(depth * 2, ' ').append(token.text);
        if (token.inline_content)
            inline_depth = 1;
        else
            out += '\n';
        if (token.kind == Token::Kind::open && !token.inline_content) ++depth;
    }
}

}  // namespace vireo::model
