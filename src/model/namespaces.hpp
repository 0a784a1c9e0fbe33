// SPDX-License-Identifier: LGPL-2.1-or-later
// The XML namespaces whose elements the model knows. A schema names such an element with the prefix of this table
// ("qemu:commandline"); a document may use any prefix, what counts is the URI. They are written with the prefix of the
// table, declared at the document's own element, as libvirt does.
#pragma once
#include <array>
#include <cstdint>
#include <string>
#include <string_view>

namespace tinyxml2 {
class XMLElement;
}

namespace vireo::model {

struct Namespace {
    std::string_view prefix;
    std::string_view uri;
};
inline constexpr std::array<Namespace, 2> namespaces = {{
    {"qemu", "http://libvirt.org/schemas/domain/qemu/1.0"},
    {"vireo", "urn:vireo:domain:1"},
}};

// The number of a namespace is its place in the table, from 1 on; 0 is none or a foreign one.
using NamespaceId = std::uint8_t;
NamespaceId namespace_of_uri(std::string_view uri) noexcept;
NamespaceId namespace_of_prefix(std::string_view prefix) noexcept;
NamespaceId namespace_of_name(std::string_view name) noexcept;  // "qemu:commandline" → 1
inline const Namespace& namespace_by_id(NamespaceId id) noexcept {
    return namespaces[id - 1U];
}

// "xmlns" or "xmlns:…"
bool is_namespace_declaration(std::string_view attribute) noexcept;
std::string_view declared_prefix(std::string_view attribute) noexcept;  // "xmlns:qemu" → "qemu", "xmlns" → ""

// The URI that a prefix ("": the default namespace) means at an element; empty when nothing declares it.
std::string_view uri_of_prefix(const tinyxml2::XMLElement& at, std::string_view prefix);

// An element's or attribute's name as the schemas spell it. `storage` holds it where it differs from the document's.
// Elements without a prefix are looked up in the default namespace, attributes in none.
std::string_view schema_name(const tinyxml2::XMLElement& element, std::string& storage);
std::string_view schema_name_of_attribute(const tinyxml2::XMLElement& at, std::string_view name, std::string& storage);

// A known prefix that nothing declares: "qemu" in <qemu:commandline> of a document without xmlns:qemu. Else empty.
std::string_view undeclared_prefix(const tinyxml2::XMLElement& element);

}  // namespace vireo::model
