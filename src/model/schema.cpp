// SPDX-License-Identifier: LGPL-2.1-or-later
#include "model/schema.hpp"

#include <algorithm>

namespace vireo::model {

namespace {
template <class Matches>
const Field* select(const std::vector<Field>& fields, const void* object, Matches matches) {
    const Field* first = nullptr;
    for (const auto& field : fields) {
        if (!matches(field)) continue;
        if (!object || field.applies_to(object)) return &field;
        if (!first) first = &field;
    }
    return first;
}
}  // namespace

const Field* Element::attribute(std::string_view name, const void* object) const noexcept {
    return select(fields, object, [name](const Field& field) { return field.in_attribute() && field.name == name; });
}

const Field* Element::text(const void* object) const noexcept {
    return select(fields, object, [](const Field& field) { return field.kind == Field::Kind::text; });
}

const Field* Element::child(std::string_view name, const void* object) const noexcept {
    return select(fields, object, [name](const Field& field) { return field.in_child() && field.name == name; });
}

const Field* Element::by_key(std::string_view key, const void* object) const noexcept {
    return select(fields, object, [key](const Field& field) { return field.key == key; });
}

const Field* Element::beside(const Field& child, std::string_view attribute) const noexcept {
    for (const auto* field = &child + 1; field != fields.data() + fields.size(); ++field) {
        if (field->kind != Field::Kind::beside) break;
        if (field->inner == attribute) return field;
    }
    return nullptr;
}

const Element::Refusal* Element::refusal(std::string_view name) const noexcept {
    const auto found = std::ranges::find(later, name, &Refusal::name);
    return found == later.end() ? nullptr : &*found;
}

const Alternative* Element::alternative(std::string_view word) const noexcept {
    const auto found = std::ranges::find(alternatives, word, &Alternative::word);
    return found == alternatives.end() ? nullptr : &*found;
}

Kept* Element::kept_of(void* object) const {
    return kept ? reinterpret_cast<Kept*>(static_cast<std::byte*>(object) + *kept) : nullptr;
}

const Kept* Element::kept_of(const void* object) const {
    return kept ? reinterpret_cast<const Kept*>(static_cast<const std::byte*>(object) + *kept) : nullptr;
}

}  // namespace vireo::model
