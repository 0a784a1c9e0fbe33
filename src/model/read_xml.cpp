// SPDX-License-Identifier: LGPL-2.1-or-later
#include "model/read_xml.hpp"

#include "model/namespaces.hpp"
#include "model/xml_text.hpp"

#include <tinyxml2.h>

#include <algorithm>
#include <span>

namespace vireo::model {
using tinyxml2::XMLElement;

namespace {
std::string text_of(const XMLElement& xml) {
    std::string out;
    append_foreign(out, xml);
    return out;
}

bool declares_default_namespace(const XMLElement& xml) {
    for (const auto* attribute = xml.FirstAttribute(); attribute; attribute = attribute->Next())
        if (std::string_view(attribute->Name()) == "xmlns") return true;
    return false;
}

// Declarations of namespaces that the model knows are not kept: they are made anew where they are needed.
bool is_known_declaration(std::string_view attribute, std::string_view uri) {
    return is_namespace_declaration(attribute) && namespace_of_uri(uri) != 0;
}

// The size that an attribute beside it gives the unit of.
const Field* sized_by(const Element& element, std::string_view attribute) {
    for (const auto& field : element.fields)
        if (field.unit == attribute && !field.unit.empty() && !field.in_child()) return &field;
    return nullptr;
}

std::string_view value_of(const XMLElement& xml, std::string_view attribute) {
    for (const auto* a = xml.FirstAttribute(); a; a = a->Next())
        if (attribute == a->Name()) return a->Value();
    return {};
}
}  // namespace

bool XmlReader::read(const XMLElement& xml, void* object, const Element& element, const Frame& at) {
    Seen seen;
    if (element.alternatives.empty()) {
        return read_more(xml, object, element, at, seen) && finish(at, element, object, seen);
    }
    const auto* word = xml.Attribute(std::string(element.discriminator).c_str());
    const auto* alternative = element.alternative(word ? word : "");  // "": the one of elements that do not say
    if (!word && !alternative) return malformed(at, element.discriminator, "is missing");
    if (!alternative) {
        const bool later = element.refusal(word);
        return refuse(at, element.discriminator,
                      {.text = "'" + std::string(word) + "' is not supported" + (later ? " yet" : ""),
                       .hint = {},
                       .unsupported = true});
    }
    const auto& chosen = alternative->element();
    void* value = alternative->emplace(object);
    return read_more(xml, value, chosen, at, seen, element.discriminator) && finish(at, chosen, value, seen);
}

bool XmlReader::read_more(const XMLElement& xml, void* object, const Element& element, const Frame& at, Seen& seen,
                          std::string_view skip) {
    const Here here{xml, object, element, at, seen};
    return read_attributes(here, skip) && read_content(here);
}

bool XmlReader::read_attributes(const Here& here, std::string_view skip) {
    for (const auto* attribute = here.xml.FirstAttribute(); attribute; attribute = attribute->Next()) {
        std::string storage;
        const auto name = schema_name_of_attribute(here.xml, attribute->Name(), storage);
        const int line = attribute->GetLineNum();
        if (name == skip || is_known_declaration(name, attribute->Value())) continue;
        if (const auto* field = here.element.attribute(name, here.object)) {
            if (!first_time(here.seen, *field)) return malformed(here.at, name, "is given twice", line);
            if (!set(here, *field, attribute->Value(), here.at, name, line, OrKeep::yes)) return false;
            continue;
        }
        if (unit_of_present(here, name)) continue;
        const bool can_keep = here.element.kept.has_value();
        bool kept = can_keep && is_namespace_declaration(name);
        if (!kept && !unknown(here.at, here.element, name, true, line, can_keep, kept)) return false;
        keep(here.element, here.object, {{}, std::string(name), attribute->Value()});
    }
    return true;
}

bool XmlReader::set(const Here& here, const Field& field, std::string_view word, const Frame& at,
                    std::string_view attribute, int line, OrKeep or_keep) {
    const auto given = word;
    void* member = field.member(here.object);
    Fault fault;
    std::string with_unit;
    if (!field.unit.empty() && field.kind != Field::Kind::child_text) {
        const auto unit =
            value_of(at.xml && field.kind == Field::Kind::child_attribute ? *at.xml : here.xml, field.unit);
        if (!unit.empty()) word = with_unit.append(word).append(" ").append(unit);
    }
    if (field.scalar->parse(word, field.slot->make(member), field.traits, fault)) {
        if (!field.slot->list && !field.slot->count(member)) field.slot->drop(member);
        return true;
    }
    field.slot->drop(member);
    refuse(at, attribute, std::move(fault), line);
    if (field.decides || field.required || field.slot->list || or_keep == OrKeep::no || !here.element.kept ||
        !forgive())
        return false;
    keep(here.element, here.object, {{}, std::string(attribute), std::string(given)});
    return true;
}

bool XmlReader::read_content(const Here& here) {
    std::string text;
    for (const auto* node = here.xml.FirstChild(); node; node = node->NextSibling()) {
        if (const auto* child = node->ToElement()) {
            if (!read_child(here, *child)) return false;
        } else if (const auto* words = node->ToText()) {
            text += words->Value();
        } else if (!node->ToComment()) {
            return malformed(here.at, {}, "holds something that is neither element nor text", node->GetLineNum());
        }
    }
    if (text.empty()) return true;
    const auto* field = here.element.text(here.object);
    if (!field) return malformed(here.at, {}, "holds text where only elements belong");
    if (!first_time(here.seen, *field))
        return malformed(here.at, {}, "says the same thing as text and as a child element");
    return set(here, *field, text, here.at, {}, 0);
}

bool XmlReader::read_child(const Here& here, const XMLElement& child) {
    std::string storage;
    if (!default_namespace_) default_namespace_ = declares_default_namespace(child);
    std::string_view name = child.Name();
    if (default_namespace_ || name.find(':') != name.npos) name = schema_name(child, storage);
    const Frame at{&here.at, name, &child, {}};
    if (const auto prefix = undeclared_prefix(child); !fragment_ && !prefix.empty()) return undeclared(at, prefix);
    // Between text nothing could be put back, so there nothing is kept.
    const bool can_keep = here.element.kept.has_value() && !here.element.text();
    const auto* field = here.element.child(name, here.object);
    if (!field) {
        bool kept = false;
        if (!unknown(here.at, here.element, name, false, child.GetLineNum(), can_keep, kept)) return false;
    } else {
        if (!first_time(here.seen, *field) && !field->slot->list) return malformed(at, {}, "is given twice");
        if (read_known(here, child, *field, at)) return true;
        if (!can_keep || field->required || !forgive()) return false;
        undo(here, *field);
    }
    keep(here.element, here.object, {{}, {}, text_of(child)});
    return true;
}

bool XmlReader::undeclared(const Frame& at, std::string_view prefix) {
    const auto& known = namespace_by_id(namespace_of_prefix(prefix));
    return refuse(at, {},
                  {.text = "has the prefix '" + std::string(prefix) + "', which is not declared",
                   .hint = "Add xmlns:" + std::string(prefix) + "='" + std::string(known.uri) + "' to <domain>.",
                   .unsupported = false});
}

// The unit of a size is read with the size; without one it is an attribute that does not belong there.
bool XmlReader::unit_of_present(const Here& here, std::string_view name) {
    const auto* sized = sized_by(here.element, name);
    if (!sized) return false;
    if (sized->kind == Field::Kind::text) return here.xml.GetText() != nullptr;
    return !value_of(here.xml, sized->name).empty();
}

void XmlReader::undo(const Here& here, const Field& field) {
    if (field.slot->list || field.kind == Field::Kind::element) return;  // undone where they were made
    for (const auto& other : here.element.fields)
        if ((other.kind == Field::Kind::child_attribute || other.kind == Field::Kind::beside) &&
            other.name == field.name)
            other.slot->drop(other.member(here.object));
    auto& kept = *here.element.kept_of(here.object);
    if (kept.has_value()) std::erase_if(*kept, [&](const KeptItem& item) { return item.element == field.name; });
    if (kept.has_value() && kept->empty()) kept.reset();
}

bool XmlReader::read_known(const Here& here, const XMLElement& child, const Field& field, const Frame& at) {
    void* member = field.member(here.object);
    switch (field.kind) {
        case Field::Kind::child_text:
            return read_text_child(here, child, field, at);
        case Field::Kind::child_attribute:
            return read_attribute_child(here, child, field, at);
        case Field::Kind::wrapped:
            return read_wrapped(here, child, field, at);
        case Field::Kind::raw:
            return read_raw(here, child, field, at);
        case Field::Kind::flag: {
            for (const auto* a = child.FirstAttribute(); a; a = a->Next())
                if (!stray_attribute(here, child, field, at, a->Name(), a->Value(), a->GetLineNum())) return false;
            if (!no_content(child, at)) return false;
            *static_cast<bool*>(member) = true;
            return true;
        }
        case Field::Kind::element: {
            if (read(child, field.slot->make(member), field.element(), at)) return true;
            field.slot->drop(member);
            return false;
        }
        case Field::Kind::attribute:
        case Field::Kind::text:
        case Field::Kind::beside:
            break;
    }
    return false;
}

bool XmlReader::stray_attribute(const Here& here, const XMLElement& child, const Field& field, const Frame& at,
                                std::string_view name, std::string_view value, int line) {
    static const Element nothing;
    if (is_known_declaration(name, value)) return true;
    const bool can_keep = here.element.kept.has_value() && !field.slot->list;
    bool kept = can_keep && is_namespace_declaration(name);
    if (!kept && !unknown(at, nothing, name, true, line, can_keep, kept)) return false;
    keep(here.element, here.object, {child.Name(), std::string(name), std::string(value)});
    return true;
}

bool XmlReader::no_content(const XMLElement& child, const Frame& at) {
    std::string text;
    if (!collect_text(child, at, text)) return false;
    return text.empty() || malformed(at, {}, "holds text where none belongs");
}

bool XmlReader::collect_text(const XMLElement& xml, const Frame& at, std::string& text) {
    static const Element nothing;
    for (const auto* node = xml.FirstChild(); node; node = node->NextSibling()) {
        if (const auto* words = node->ToText()) {
            text += words->Value();
        } else if (const auto* child = node->ToElement()) {
            bool kept = false;
            return unknown(at, nothing, child->Name(), false, child->GetLineNum(), false, kept);
        } else if (!node->ToComment()) {
            return malformed(at, {}, "holds something that is neither element nor text", node->GetLineNum());
        }
    }
    return true;
}

bool XmlReader::read_text_child(const Here& here, const XMLElement& child, const Field& field, const Frame& at) {
    const bool sized = !field.unit.empty();
    std::string text, unit;
    for (const auto* a = child.FirstAttribute(); a; a = a->Next()) {
        if (sized && field.unit == a->Name())
            unit = a->Value();
        else if (const auto* beside = here.element.beside(field, a->Name())) {
            first_time(here.seen, *beside);
            if (!set(here, *beside, a->Value(), at, a->Name(), a->GetLineNum())) return false;
        } else if (!stray_attribute(here, child, field, at, a->Name(), a->Value(), a->GetLineNum()))
            return false;
    }
    if (!collect_text(child, at, text)) return false;
    if (sized) text.append(" ").append(unit);
    if (text.empty() && field.scalar == &scalar::text) return true;
    return set(here, field, text, at, {}, 0);
}

bool XmlReader::read_attribute_child(const Here& here, const XMLElement& child, const Field& field, const Frame& at) {
    const auto& fields = here.element.fields;
    const auto first = static_cast<std::size_t>(&field - fields.data());
    std::size_t end = first;
    while (end < fields.size() && fields[end].kind == field.kind && fields[end].name == field.name) ++end;
    std::uint64_t found = 0;  // of the group, by place
    for (const auto* a = child.FirstAttribute(); a; a = a->Next()) {
        const std::string_view name = a->Name();
        std::size_t which = first;
        while (which < end && fields[which].inner != name) ++which;
        if (which == end) {
            if (std::ranges::any_of(std::span(fields).subspan(first, end - first),
                                    [&](const Field& of) { return !of.unit.empty() && of.unit == name; }))
                continue;
            if (!stray_attribute(here, child, field, at, name, a->Value(), a->GetLineNum())) return false;
            continue;
        }
        found |= std::uint64_t{1} << (which - first);
        if (which != first && !first_time(here.seen, fields[which]))
            return malformed(at, name, "is given twice", a->GetLineNum());
        // Without its value the child has nothing to say: an unsupported one is kept with the child as a whole.
        if (!set(here, fields[which], a->Value(), at, name, a->GetLineNum())) return false;
    }
    if (!no_content(child, at)) return false;
    for (std::size_t i = first; i < end; ++i) {
        if (found >> (i - first) & 1) continue;
        if (!fields[i].implied.empty()) {
            if (!set(here, fields[i], fields[i].implied, at, fields[i].inner, 0)) return false;
        } else if (end - first == 1 || fields[i].required) {
            return malformed(at, fields[i].inner, "is missing");
        }
    }
    return true;
}

bool XmlReader::read_wrapped(const Here& here, const XMLElement& child, const Field& field, const Frame& at) {
    void* member = field.member(here.object);
    for (const auto* a = child.FirstAttribute(); a; a = a->Next()) {
        static const Element nothing;
        bool kept = false;
        if (is_known_declaration(a->Name(), a->Value())) continue;
        return unknown(at, nothing, a->Name(), true, a->GetLineNum(), false, kept);
    }
    for (const auto* node = child.FirstChild(); node; node = node->NextSibling()) {
        const auto* item = node->ToElement();
        if (!item) {
            if (node->ToComment()) continue;
            return malformed(at, {}, "holds text where only elements belong");
        }
        std::string storage;
        std::string_view name = item->Name();
        if (default_namespace_ || name.find(':') != name.npos) name = schema_name(*item, storage);
        const Frame item_at{&at, name, item, {}};
        if (name != field.inner) {
            Fault fault{.text = "is not supported", .hint = {}, .unsupported = true};
            if (!nearest(name, {&field.inner, 1}).empty())
                fault.hint = "Did you mean '" + std::string(field.inner) + "'?";
            refuse(item_at, {}, std::move(fault));
        } else if (read(*item, field.slot->make(member), field.element(), item_at)) {
            continue;
        }
        while (field.slot->count(member)) field.slot->drop(member);  // all or nothing: the wrapper is what may be kept
        return false;
    }
    return true;
}

bool XmlReader::read_raw(const Here& here, const XMLElement& child, const Field& field, const Frame& at) {
    for (const auto* a = child.FirstAttribute(); a; a = a->Next())
        if (!stray_attribute(here, child, field, at, a->Name(), a->Value(), a->GetLineNum())) return false;
    auto& out = *static_cast<std::string*>(field.member(here.object));
    for (const auto* node = child.FirstChild(); node; node = node->NextSibling()) {
        if (!node->ToElement() && !node->ToComment()) return malformed(at, {}, "holds text where only elements belong");
        append_foreign(out, *node);
    }
    return true;
}

}  // namespace vireo::model
