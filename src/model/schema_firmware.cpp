// SPDX-License-Identifier: LGPL-2.1-or-later
#include "model/schemas.hpp"

// clang-format off: one line, one element or attribute
namespace vireo::model {
namespace {
bool path_is_text(const Nvram& nvram) { return !nvram.type; }
bool path_is_source(const Nvram& nvram) { return nvram.type.has_value(); }
}  // namespace

template <>
const Element& schema<FirmwareFeature>() {
    static const Element element = Declare<FirmwareFeature>()
        .attribute("enabled", &FirmwareFeature::enabled).required()
        .attribute("name", &FirmwareFeature::name).required()
        .kept(&FirmwareFeature::kept)
        .build();
    return element;
}

template <>
const Element& schema<Loader>() {
    static const Element element = Declare<Loader>()
        .attribute("readonly", &Loader::readonly)
        .attribute("secure", &Loader::secure)
        .attribute("type", &Loader::type).decides()
        .attribute("stateless", &Loader::stateless)
        .attribute("format", &Loader::format).decides()
        .text("path", &Loader::path)
        .kept(&Loader::kept)
        .build();
    return element;
}

template <>
const Element& schema<Nvram>() {
    static const Element element = Declare<Nvram>()
        .attribute("template", &Nvram::template_path)
        .attribute("templateFormat", &Nvram::template_format).decides()
        .attribute("type", &Nvram::type).decides()
        .attribute("format", &Nvram::format).decides()
        .text("path", &Nvram::path).only_if<path_is_text>()
        .child("source", &Nvram::source).only_if<path_is_source>()
        .kept(&Nvram::kept)
        .build();
    return element;
}

template <>
const Element& schema<Varstore>() {
    static const Element element = Declare<Varstore>()
        .attribute("template", &Varstore::template_path)
        .attribute("path", &Varstore::path)
        .kept(&Varstore::kept)
        .build();
    return element;
}

}  // namespace vireo::model
