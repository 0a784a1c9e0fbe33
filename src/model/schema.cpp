// SPDX-License-Identifier: LGPL-2.1-or-later
#include "model/schema.hpp"

#include <algorithm>

namespace vireo::model {

const Field* Element::attribute(std::string_view name) const noexcept {
    for (const auto& field : fields)
        if (field.in_attribute() && field.name == name) return &field;
    return nullptr;
}

const Field* Element::text() const noexcept {
    for (const auto& field : fields)
        if (field.kind == Field::Kind::text) return &field;
    return nullptr;
}

const Field* Element::child(std::string_view name) const noexcept {
    for (const auto& field : fields)
        if (field.in_child() && field.name == name) return &field;
    return nullptr;
}

const Field* Element::by_key(std::string_view key) const noexcept {
    for (const auto& field : fields)
        if (field.key == key) return &field;
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
