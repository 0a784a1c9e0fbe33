// SPDX-License-Identifier: LGPL-2.1-or-later
#include "model/write_json.hpp"

#include "model/read_json.hpp"

#include <boost/json/array.hpp>

namespace vireo::model {
namespace json = boost::json;

namespace {

json::value value_of(const Field& field, const void* value) {
    switch (field.kind) {
        case Field::Kind::element:
        case Field::Kind::wrapped: {
            auto object = write_json(value, field.element());
            if (field.bare && object.empty()) return true;
            return object;
        }
        case Field::Kind::flag:
            return true;
        case Field::Kind::child_attribute:
            return json::object{{field.inner, field.scalar->to_json(value, field.traits)}};
        default:
            return field.scalar->to_json(value, field.traits);
    }
}

void add(json::object& out, const Field& field, const void* object) {
    const auto count = field.count(object);
    if (!count) return;
    if (field.slot->list) {
        json::array items;
        items.reserve(count);
        for (std::size_t i = 0; i < count; ++i) items.push_back(value_of(field, field.at(object, i)));
        out.emplace(field.key, std::move(items));
        return;
    }
    auto value = value_of(field, field.at(object, 0));
    auto* existing = field.kind == Field::Kind::child_attribute ? out.if_contains(field.key) : nullptr;
    if (existing)
        existing->get_object().insert(value.get_object().begin(), value.get_object().end());
    else
        out.emplace(field.key, std::move(value));
}

json::array kept_items(const std::vector<KeptItem>& kept) {
    json::array items;
    for (const auto& item : kept) {
        json::object entry;
        if (item.attribute.empty()) {
            entry.emplace("xml", item.text);
        } else {
            if (!item.element.empty()) entry.emplace("element", item.element);
            entry.emplace("attribute", item.attribute);
            entry.emplace("value", item.text);
        }
        items.push_back(std::move(entry));
    }
    return items;
}

}  // namespace

json::object write_json(const void* object, const Element& element) {
    json::object out;
    const Element* of = &element;
    if (!element.alternatives.empty()) {
        const auto& chosen = element.alternatives[element.alternative_of(object)];
        if (!chosen.word.empty()) out.emplace(element.discriminator, chosen.word);
        object = chosen.get(object);
        of = &chosen.element();
    }
    for (const auto& field : of->fields) add(out, field, object);
    const auto* kept = of->kept_of(object);
    if (kept && kept->has_value()) out.emplace(kept_key, kept_items(**kept));
    return out;
}

}  // namespace vireo::model
