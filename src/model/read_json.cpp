// SPDX-License-Identifier: LGPL-2.1-or-later
#include "model/read_json.hpp"

#include "model/read_xml.hpp"
#include "model/xml_text.hpp"

#include <tinyxml2.h>

#include <algorithm>

namespace vireo::model {
namespace json = boost::json;

namespace {

bool is_name(std::string_view name) {  // of an attribute, as XML and tinyxml2 take it
    const auto starts = [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c == ':' || (c & 0x80);
    };
    const auto continues = [&](char c) { return starts(c) || (c >= '0' && c <= '9') || c == '-' || c == '.'; };
    return !name.empty() && starts(name[0]) && std::ranges::all_of(name, continues);
}

// A fragment of foreign XML with an element around it. Null: not well-formed, and why.
const tinyxml2::XMLElement* parse_fragment(tinyxml2::XMLDocument& document, std::string_view xml, std::string& why) {
    const std::string whole = "<x>" + std::string(xml) + "</x>";
    if (auto good = scan_xml(whole); !good) {
        why = good.error().message();
        return nullptr;
    }
    if (document.Parse(whole.data(), whole.size()) != tinyxml2::XML_SUCCESS ||
        document.FirstChild() != document.LastChild()) {
        why = "it is not well-formed";
        return nullptr;
    }
    return document.RootElement();
}

}  // namespace

bool JsonReader::read(const json::object& members, void* object, const Element& element, const Frame& at) {
    Seen seen;
    if (element.alternatives.empty()) {
        const Here here{object, element, at, seen};
        return read_members(members, here, {}) && finish(at, element, object, seen);
    }
    const auto* value = members.if_contains(element.discriminator);
    if (value && !value->is_string()) return malformed(at, element.discriminator, "must be a string");
    const std::string_view word = value ? std::string_view(value->get_string()) : std::string_view();
    const auto* alternative = element.alternative(word);
    if (!value && !alternative) return malformed(at, element.discriminator, "is missing");
    if (!alternative)
        return refuse(at, element.discriminator,
                      {.text = "'" + std::string(word) + "' is not supported", .hint = {}, .unsupported = true});
    const auto& chosen = alternative->element();
    void* made = alternative->emplace(object);
    const Here here{made, chosen, at, seen};
    return read_members(members, here, element.discriminator) && finish(at, chosen, made, seen);
}

bool JsonReader::read_members(const json::object& object, const Here& here, std::string_view skip) {
    // Attributes first, as in XML: they may decide which of several fields a child is.
    for (const bool attributes : {true, false}) {
        for (const auto& member : object) {
            const std::string_view key = member.key();
            if (key == skip || key == kept_key) continue;
            const auto* field = here.element.by_key(key, here.object);
            if (!field) {
                bool is_kept = false;
                return unknown(here.at, here.element, key, false, 0, false, is_kept);
            }
            if (field->in_attribute() != attributes) continue;
            if (!first_time(here.seen, *field)) return malformed(here.at, key, "is given twice");
            if (!read_field(member.value(), here, *field)) return false;
        }
    }
    const auto* kept = object.if_contains(kept_key);
    return !kept || read_kept(*kept, here);
}

bool JsonReader::read_field(const json::value& value, const Here& here, const Field& field) {
    const Frame at{&here.at, field.key, nullptr, {}};
    if (!field.slot->list) return read_one(value, here, field, at);
    const auto* array = value.if_array();
    if (!array) return malformed(at, {}, "must be an array");
    for (std::size_t i = 0; i < array->size(); ++i) {
        const Frame item{&here.at, field.key, nullptr, i + 1};
        if (!read_one((*array)[i], here, field, item)) return false;
    }
    return true;
}

bool JsonReader::read_one(const json::value& value, const Here& here, const Field& field, const Frame& at) {
    switch (field.kind) {
        case Field::Kind::child_attribute:
            return read_group(value, here, field, at);
        case Field::Kind::raw:
            return read_raw(value, here, field, at);
        case Field::Kind::element:
        case Field::Kind::wrapped: {
            static const json::object nothing;
            const bool bare = field.bare && value.is_bool() && value.get_bool();
            const auto* members = bare ? &nothing : value.if_object();
            if (!members) return malformed(at, {}, "must be an object");
            void* member = field.member(here.object);
            if (read(*members, field.slot->make(member), field.element(), at)) return true;
            field.slot->drop(member);
            return false;
        }
        default:
            return set(value, here, field, at, {});
    }
}

bool JsonReader::set(const json::value& value, const Here& here, const Field& field, const Frame& at,
                     std::string_view key) {
    void* member = field.member(here.object);
    Fault fault;
    if (field.scalar->from_json(value, field.slot->make(member), field.traits, fault)) {
        if (!field.slot->list && !field.slot->count(member)) field.slot->drop(member);
        return true;
    }
    field.slot->drop(member);
    return refuse(at, key, std::move(fault));
}

bool JsonReader::read_group(const json::value& value, const Here& here, const Field& field, const Frame& at) {
    const auto* members = value.if_object();
    if (!members) return malformed(at, {}, "must be an object");
    const auto& fields = here.element.fields;
    const auto first = static_cast<std::size_t>(&field - fields.data());
    std::size_t end = first;
    while (end < fields.size() && fields[end].kind == field.kind && fields[end].name == field.name) ++end;
    std::uint64_t found = 0;  // of the group, by place
    for (const auto& member : *members) {
        std::size_t which = first;
        while (which < end && fields[which].inner != std::string_view(member.key())) ++which;
        if (which == end) {
            static const Element nothing;
            bool kept = false;
            return unknown(at, nothing, member.key(), false, 0, false, kept);
        }
        found |= std::uint64_t{1} << (which - first);
        first_time(here.seen, fields[which]);
        if (!set(member.value(), here, fields[which], at, member.key())) return false;
    }
    for (std::size_t i = first; i < end; ++i)
        if (!(found >> (i - first) & 1) && (end - first == 1 || fields[i].required))
            return malformed(at, fields[i].inner, "is missing");
    return true;
}

bool JsonReader::read_raw(const json::value& value, const Here& here, const Field& field, const Frame& at) {
    const auto* text = value.if_string();
    if (!text) return malformed(at, {}, "must be a string of XML");
    tinyxml2::XMLDocument document;
    std::string why;
    const auto* root = parse_fragment(document, *text, why);
    if (!root) return malformed(at, {}, "must be XML, but " + why);
    auto& out = *static_cast<std::string*>(field.member(here.object));
    for (const auto* node = root->FirstChild(); node; node = node->NextSibling()) {
        if (!node->ToElement() && !node->ToComment()) return malformed(at, {}, "holds text where only elements belong");
        append_foreign(out, *node);
    }
    return true;
}

bool JsonReader::read_kept(const json::value& value, const Here& here) {
    const Frame at{&here.at, kept_key, nullptr, {}};
    const auto* items = value.if_array();
    if (!items) return malformed(at, {}, "must be an array");
    if (!here.element.kept) return malformed(at, {}, "is not possible here");
    for (std::size_t i = 0; i < items->size(); ++i) {
        const Frame item{&here.at, kept_key, nullptr, i + 1};
        if (!read_kept_item((*items)[i], here, item)) return false;
    }
    return true;
}

// Goes through the XML reader, so that this is no way around what it refuses, and what a later Vireo supports counts.
bool JsonReader::read_kept_item(const json::value& value, const Here& here, const Frame& at) {
    std::string element, attribute, text, xml;
    const auto* members = value.if_object();
    if (!members) return malformed(at, {}, "must be an object");
    for (const auto& member : *members) {
        const auto* string = member.value().if_string();
        if (!string) return malformed(at, member.key(), "must be a string");
        const std::string_view key = member.key();
        if (key == "element")
            element = *string;
        else if (key == "attribute")
            attribute = *string;
        else if (key == "value")
            text = *string;
        else if (key == "xml")
            xml = *string;
        else
            return malformed(at, key, "is not supported");
    }
    if (!xml.empty()) return read_kept_xml(xml, here, at);
    if (!is_name(attribute)) return malformed(at, "attribute", "must be the name of an attribute");
    if (element.empty()) {
        std::string wrapped = "<x " + attribute + "='";
        append_attribute_value(wrapped, text);
        wrapped += "'/>";
        tinyxml2::XMLDocument document;
        if (!scan_xml(wrapped) || document.Parse(wrapped.c_str(), wrapped.size()) != tinyxml2::XML_SUCCESS)
            return malformed(at, "value", "cannot be the value of an attribute");
        XmlReader reader(lenient(), XmlReader::Of::fragment);
        reader.read_more(*document.RootElement(), here.object, here.element, here.at, here.seen);
        return adopt(std::move(reader));
    }
    const auto* field = here.element.child(element);
    const bool flattened =
        field && !field->slot->list && field->kind != Field::Kind::element && field->kind != Field::Kind::wrapped;
    if (!flattened || (!field->unit.empty() && attribute == field->unit))
        return malformed(at, "element", "must name a child without an object of its own");
    for (const auto& other : here.element.fields)
        if (other.kind == Field::Kind::child_attribute && other.name == element && other.inner == attribute)
            return malformed(at, "attribute", "is known: give it in its place");
    const bool present = std::ranges::any_of(here.element.fields, [&](const Field& other) {
        // A child of attributes only is written for the sake of those that are kept, too.
        const bool writes_itself = other.kind == Field::Kind::child_attribute || other.count(here.object) > 0;
        return other.in_child() && other.name == element && writes_itself;
    });
    if (!present) return malformed(at, "element", "must name a child that is there");
    const bool harmless = attribute == "xmlns" || attribute.starts_with("xmlns:");
    Fault fault{.text = "keeps what is not supported", .hint = {}, .unsupported = true};
    if (!harmless) {
        refuse(at, {}, std::move(fault));
        if (!forgive()) return false;
    }
    keep(here.element, here.object, {element, attribute, text});
    return true;
}

bool JsonReader::read_kept_xml(const std::string& xml, const Here& here, const Frame& at) {
    tinyxml2::XMLDocument document;
    std::string why;
    const auto* root = parse_fragment(document, xml, why);
    if (!root) return malformed(at, "xml", "must be XML, but " + why);
    if (!root->FirstChildElement() || root->FirstChild() != root->LastChild())
        return malformed(at, "xml", "must be exactly one element");
    XmlReader reader(lenient(), XmlReader::Of::fragment);
    reader.read_more(*root, here.object, here.element, here.at, here.seen);
    return adopt(std::move(reader));
}

}  // namespace vireo::model
