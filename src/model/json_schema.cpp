// SPDX-License-Identifier: LGPL-2.1-or-later
#include "model/json_schema.hpp"

#include "model/read_json.hpp"
#include "model/schemas.hpp"

#include <map>
#include <set>
#include <string>
#include <vector>

namespace vireo::model {
namespace json = boost::json;
namespace {

class Maker {
public:
    // A reference to the element's definition, which is made when it is met first.
    json::object reference(const Element& element, const std::string& wanted) {
        auto found = names_.find(&element);
        if (found == names_.end()) {
            auto name = wanted;
            for (int n = 2; !taken_.insert(name).second; ++n) name = wanted + "-" + std::to_string(n);
            found = names_.emplace(&element, name).first;
            auto definition = define(element, name);
            definitions_[name] = std::move(definition);
        }
        return {{"$ref", "#/$defs/" + found->second}};
    }
    json::object definitions() { return std::move(definitions_); }

private:
    json::object define(const Element& element, const std::string& name) {
        if (element.alternatives.empty()) return members(element, name, {}, {});
        json::array choices;
        for (const auto& alternative : element.alternatives) {
            const auto own = alternative.word.empty() ? name : name + "-" + std::string(alternative.word);
            choices.push_back(members(alternative.element(), own, element.discriminator, alternative.word));
        }
        return {{"oneOf", std::move(choices)}};
    }

    json::object members(const Element& element, const std::string& name, std::string_view discriminator,
                         std::string_view word) {
        json::object properties;
        json::array required;
        if (!word.empty()) {
            properties[discriminator] = {{"const", word}, {"x-xml", "@" + std::string(discriminator)}};
            required.push_back(json::value(discriminator));
        }
        for (const auto& field : element.fields) {
            if (field.kind == Field::Kind::child_attribute)
                add_grouped(properties, field);
            else
                add_member(properties, field, schema_of(field, name));
            // A member with a condition may have no place in this element.
            if (field.required && !field.applies) add_required(required, field);
        }
        if (element.kept) properties[kept_key] = {{"$ref", "#/$defs/kept"}};
        json::object out{{"type", "object"}, {"properties", std::move(properties)}, {"additionalProperties", false}};
        if (!required.empty()) out["required"] = std::move(required);
        return out;
    }

    static void add_required(json::array& required, const Field& field) {
        for (const auto& other : required)
            if (other.as_string() == field.key) return;
        required.push_back(json::value(field.key));
    }

    // Several fields of one key are several shapes of one child.
    static void add_member(json::object& properties, const Field& field, json::object schema) {
        auto* existing = properties.if_contains(field.key);
        if (!existing) {
            properties[field.key] = std::move(schema);
        } else if (auto* shapes = existing->get_object().if_contains("anyOf")) {
            shapes->get_array().push_back(std::move(schema));
        } else {
            json::array both;
            both.push_back(*existing);
            both.push_back(std::move(schema));
            *existing = json::object{{"anyOf", std::move(both)}};
        }
    }

    static json::object scalar(const Field& field) {
        return field.scalar->describe ? field.scalar->describe(field.traits) : json::object();
    }

    static void note(json::object& schema, const Field& field) {
        const std::string name(field.name), inner(field.inner);
        switch (field.kind) {
            case Field::Kind::attribute:
                schema["x-xml"] = "@" + name;
                break;
            case Field::Kind::text:
                schema["x-xml"] = "text()";
                break;
            case Field::Kind::child_attribute:
            case Field::Kind::beside:
                schema["x-xml"] = name + "/@" + inner;
                break;
            case Field::Kind::wrapped:
                schema["x-xml"] = name + "/" + inner;
                break;
            default:
                schema["x-xml"] = name;
        }
        if (!field.unit.empty()) schema["x-unit"] = "bytes";
        if (field.live) schema["x-live"] = true;
    }

    static json::object listed(const Field& field, json::object item) {
        if (!field.slot->list) return item;
        return {{"type", "array"}, {"items", std::move(item)}};
    }

    json::object schema_of(const Field& field, const std::string& owner) {
        json::object item;
        switch (field.kind) {
            case Field::Kind::element:
            case Field::Kind::wrapped: {
                const auto& word = field.kind == Field::Kind::wrapped ? field.inner : field.name;
                item = reference(field.element(), owner == root ? std::string(word) : owner + "." + std::string(word));
                if (field.bare) item = {{"anyOf", json::array{std::move(item), json::object{{"const", true}}}}};
                break;
            }
            case Field::Kind::flag:
                item = {{"type", "boolean"}};
                break;
            case Field::Kind::raw:
                item = {{"type", "string"}, {"contentMediaType", "application/xml"}};
                break;
            default:
                item = scalar(field);
        }
        auto out = listed(field, std::move(item));
        note(out, field);
        return out;
    }

    // Neighbours of the same name are members of one object.
    static void add_grouped(json::object& properties, const Field& field) {
        auto member = scalar(field);
        note(member, field);
        auto* existing = properties.if_contains(field.key);
        if (!existing) {
            json::object inner{{field.inner, std::move(member)}};
            properties[field.key] =
                listed(field, {{"type", "object"}, {"properties", std::move(inner)}, {"additionalProperties", false}});
            return;
        }
        auto* object = existing->if_object();
        if (auto* items = object ? object->if_contains("items") : nullptr) object = &items->get_object();
        if (auto* inner = object ? object->if_contains("properties") : nullptr)
            inner->get_object()[field.inner] = std::move(member);
    }

public:
    std::string root;

private:
    std::map<const Element*, std::string> names_;
    std::set<std::string> taken_{"kept"};
    json::object definitions_;
};

// What a lenient reading kept of the document.
json::object kept_schema() {
    json::object item{{"type", "object"}, {"additionalProperties", false}};
    json::object properties;
    for (const auto* name : {"element", "attribute", "value", "xml"}) properties[name] = {{"type", "string"}};
    item["properties"] = std::move(properties);
    return {{"type", "array"}, {"items", std::move(item)}};
}

}  // namespace

json::object json_schema(std::string_view name, const Element& element) {
    Maker maker;
    maker.root = name;
    json::object out{{"$schema", "https://json-schema.org/draft/2020-12/schema"}};
    auto reference = maker.reference(element, std::string(name));
    out.insert(reference.begin(), reference.end());
    auto definitions = maker.definitions();
    definitions["kept"] = kept_schema();
    out["$defs"] = std::move(definitions);
    return out;
}

json::object domain_json_schema() {
    auto out = json_schema("domain", schema<Domain>());
    out["$id"] = "urn:vireo:schema:domain:1";
    out["title"] = "A domain's definition";
    out["description"] = "libvirt's <domain> document in the form of JSON that Vireo reads and writes.";
    return out;
}

}  // namespace vireo::model
