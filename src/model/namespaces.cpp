// SPDX-License-Identifier: LGPL-2.1-or-later
#include "model/namespaces.hpp"

#include <tinyxml2.h>

#include <algorithm>

namespace vireo::model {
namespace {

std::string_view prefix_of(std::string_view name) noexcept {
    const auto colon = name.find(':');
    return colon == name.npos ? std::string_view() : name.substr(0, colon);
}

template <class Member>
NamespaceId find(std::string_view value, Member member) noexcept {
    const auto found = std::ranges::find(namespaces, value, member);
    return found == namespaces.end() ? NamespaceId{0} : static_cast<NamespaceId>(found - namespaces.begin() + 1);
}

// A foreign namespace under a prefix of the table must not pass for ours.
std::string_view spelled(std::string_view uri, std::string_view local, std::string_view name, std::string& storage) {
    const auto id = namespace_of_uri(uri);
    if (!id && !uri.empty() && namespace_of_name(name))
        return storage.assign("{").append(uri).append("}").append(local);
    if (!id) return name;
    const auto& known = namespace_by_id(id);
    storage.assign(known.prefix).append(":").append(local);
    return storage;
}

}  // namespace

NamespaceId namespace_of_uri(std::string_view uri) noexcept {
    return find(uri, &Namespace::uri);
}

NamespaceId namespace_of_prefix(std::string_view prefix) noexcept {
    return find(prefix, &Namespace::prefix);
}

NamespaceId namespace_of_name(std::string_view name) noexcept {
    const auto prefix = prefix_of(name);
    return prefix.empty() ? NamespaceId{0} : namespace_of_prefix(prefix);
}

bool is_namespace_declaration(std::string_view attribute) noexcept {
    return attribute == "xmlns" || attribute.starts_with("xmlns:");
}

std::string_view declared_prefix(std::string_view attribute) noexcept {
    const auto colon = attribute.find(':');
    return colon == attribute.npos ? std::string_view() : attribute.substr(colon + 1);
}

std::string_view uri_of_prefix(const tinyxml2::XMLElement& at, std::string_view prefix) {
    for (const tinyxml2::XMLNode* node = &at; node; node = node->Parent()) {
        const auto* element = node->ToElement();
        if (!element) break;
        for (const auto* attribute = element->FirstAttribute(); attribute; attribute = attribute->Next()) {
            const std::string_view name = attribute->Name();
            if (is_namespace_declaration(name) && declared_prefix(name) == prefix) return attribute->Value();
        }
    }
    return {};
}

std::string_view schema_name(const tinyxml2::XMLElement& element, std::string& storage) {
    const std::string_view name = element.Name();
    const auto prefix = prefix_of(name);
    const auto local = prefix.empty() ? name : name.substr(prefix.size() + 1);
    return spelled(uri_of_prefix(element, prefix), local, name, storage);
}

std::string_view schema_name_of_attribute(const tinyxml2::XMLElement& at, std::string_view name, std::string& storage) {
    const auto prefix = prefix_of(name);
    if (prefix.empty()) return name;
    return spelled(uri_of_prefix(at, prefix), name.substr(prefix.size() + 1), name, storage);
}

std::string_view undeclared_prefix(const tinyxml2::XMLElement& element) {
    const auto prefix = prefix_of(element.Name());
    return namespace_of_prefix(prefix) && uri_of_prefix(element, prefix).empty() ? prefix : std::string_view();
}

}  // namespace vireo::model
