// SPDX-License-Identifier: LGPL-2.1-or-later
#include "model/firmware_identity.hpp"

#include "model/namespaces.hpp"
#include "model/xml_text.hpp"

#include <tinyxml2.h>

#include <algorithm>
#include <charconv>

namespace vireo::model {
namespace {

using tinyxml2::XMLElement;

constexpr std::string_view path = "metadata/vireo:firmware";
constexpr std::string_view uri = "urn:vireo:domain:1";
constexpr std::size_t most_features = 256;

Failure wrong(std::string_view what, std::string_view hint = {}) {
    return Failure(Error(Errc::invalid_config, std::string(path).append(what)).with_hint(std::string(hint)));
}

bool is_ours(const XMLElement& element) {
    std::string storage;
    return schema_name(element, storage) == "vireo:firmware";
}

// The metadata as a document; null when it holds nothing of ours or, which validate() excludes, is not XML.
const XMLElement* parse_metadata(const Domain& domain, tinyxml2::XMLDocument& document) {
    if (domain.metadata.find(uri) == std::string::npos) return nullptr;
    const auto wrapped = "<metadata>" + domain.metadata + "</metadata>";
    if (document.Parse(wrapped.data(), wrapped.size()) != tinyxml2::XML_SUCCESS) return nullptr;
    return document.RootElement();
}

bool is_digest(std::string_view text) {
    return text.size() == 64 &&
           std::ranges::all_of(text, [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
}

class Reader {
public:
    explicit Reader(FirmwareIdentity& out) : out_(out) {}

    Result<> read(const XMLElement& element) {
        for (const auto* a = element.FirstAttribute(); a; a = a->Next()) {
            const std::string_view name = a->Name();
            if (is_namespace_declaration(name)) continue;
            if (name == "policy") {
                out_.policy = from_string<FirmwarePolicy>(a->Value());
                if (!out_.policy)
                    return wrong("/@policy: '" + std::string(a->Value()) +
                                 "' is not supported (supported: follow, pin, ask)");
            } else if (name == "descriptor") {
                out_.descriptor = a->Value();
                if (!out_.descriptor.starts_with('/'))
                    return wrong("/@descriptor: '" + out_.descriptor + "' must be an absolute path");
            } else {
                return unknown("/@" + std::string(name));
            }
        }
        for (const auto* child = element.FirstChildElement(); child; child = child->NextSiblingElement())
            if (auto good = read_child(*child); !good) return good;
        if (!out_.code && (out_.store_template || !out_.features.empty() || !out_.descriptor.empty()))
            return wrong(": what was chosen is incomplete without its code",
                         "Leave everything but the policy out, and Vireo fills it in.");
        std::ranges::sort(out_.features);
        return {};
    }

private:
    static Failure unknown(const std::string& what) {
        return wrong(what + " is not supported", "Only Vireo writes this element; its policy may be changed.");
    }

    Result<> read_child(const XMLElement& child) {
        std::string storage;
        const auto name = schema_name(child, storage);
        if (name == "vireo:code") return read_record(child, out_.code, "code");
        if (name == "vireo:template") return read_record(child, out_.store_template, "template");
        if (name != "vireo:feature") return unknown("/" + std::string(child.Name()));
        const auto* feature = child.Attribute("name");
        if (!feature || !*feature) return wrong("/vireo:feature needs a name");
        if (out_.features.size() >= most_features) return wrong(" has too many features");
        out_.features.emplace_back(feature);
        return {};
    }

    static Result<> read_record(const XMLElement& child, std::optional<FirmwareRecord>& to, const std::string& what) {
        if (to) return wrong("/vireo:" + what + " is given twice");
        auto& record = to.emplace();
        for (const auto* a = child.FirstAttribute(); a; a = a->Next()) {
            const std::string_view name = a->Name(), value = a->Value();
            if (name == "file") {
                record.file = value;
            } else if (name == "sha256") {
                record.sha256 = value;
            } else if (name == "size") {
                const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), record.size);
                if (error != std::errc() || end != value.data() + value.size())
                    return wrong("/vireo:" + what + "/@size: '" + std::string(value) + "' is not a number of bytes");
            } else if (!is_namespace_declaration(name)) {
                return unknown("/vireo:" + what + "/@" + std::string(name));
            }
        }
        if (!record.file.starts_with('/'))
            return wrong("/vireo:" + what + "/@file: '" + record.file + "' must be an absolute path");
        if (!is_digest(record.sha256))
            return wrong("/vireo:" + what + "/@sha256 must be 64 lower-case hexadecimal digits");
        return {};
    }

    FirmwareIdentity& out_;
};

void append_attribute(std::string& out, std::string_view name, std::string_view value) {
    out.append(" ").append(name).append("='");
    append_attribute_value(out, value);
    out += '\'';
}

void append_record(std::string& out, std::string_view name, const std::optional<FirmwareRecord>& record) {
    if (!record) return;
    out.append("<vireo:").append(name);
    append_attribute(out, "file", record->file);
    append_attribute(out, "size", std::to_string(record->size));
    append_attribute(out, "sha256", record->sha256);
    out += "/>";
}

std::string written(const FirmwareIdentity& identity) {
    if (!identity.policy && !identity.code) return {};
    std::string out = "<vireo:firmware";
    append_attribute(out, "xmlns:vireo", uri);
    if (identity.policy) append_attribute(out, "policy", to_string(*identity.policy));
    if (!identity.descriptor.empty()) append_attribute(out, "descriptor", identity.descriptor);
    if (!identity.code) return out + "/>";
    out += '>';
    append_record(out, "code", identity.code);
    append_record(out, "template", identity.store_template);
    for (const auto& feature : identity.features) {
        out += "<vireo:feature";
        append_attribute(out, "name", feature);
        out += "/>";
    }
    return out + "</vireo:firmware>";
}

}  // namespace

Result<std::optional<FirmwareIdentity>> firmware_identity_of(const Domain& domain) {
    std::optional<FirmwareIdentity> identity;
    tinyxml2::XMLDocument document;
    const auto* metadata = parse_metadata(domain, document);
    if (!metadata) return identity;
    for (const auto* child = metadata->FirstChildElement(); child; child = child->NextSiblingElement()) {
        if (!is_ours(*child)) continue;
        if (identity) return wrong(" is given twice");
        if (auto good = Reader(identity.emplace()).read(*child); !good) return Failure(good.error());
    }
    return identity;
}

void set_firmware_identity(Domain& domain, const FirmwareIdentity& identity) {
    const auto ours = written(identity);
    tinyxml2::XMLDocument document;
    const auto* metadata = parse_metadata(domain, document);
    if (!metadata) {
        domain.metadata += ours;
        return;
    }
    std::string out;
    bool placed = false;
    for (const auto* node = metadata->FirstChild(); node; node = node->NextSibling()) {
        const auto* element = node->ToElement();
        if (!element || !is_ours(*element))
            append_node(out, *node);
        else if (!std::exchange(placed, true))
            out += ours;
    }
    if (!placed) out += ours;
    domain.metadata = std::move(out);
}

}  // namespace vireo::model
