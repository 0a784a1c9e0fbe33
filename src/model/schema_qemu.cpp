// SPDX-License-Identifier: LGPL-2.1-or-later
#include "model/schemas.hpp"

// clang-format off: one line, one element or attribute
namespace vireo::model {

template <>
const Element& schema<QemuCommandLine>() {
    static const Element element = Declare<QemuCommandLine>()
        .child("qemu:arg", &QemuCommandLine::arguments).key("arg")
        .child("qemu:env", &QemuCommandLine::environment).key("env")
        .kept(&QemuCommandLine::kept)
        .build();
    return element;
}

template <>
const Element& schema<QemuArgument>() {
    static const Element element = Declare<QemuArgument>()
        .attribute("value", &QemuArgument::value).required()
        .kept(&QemuArgument::kept)
        .build();
    return element;
}

template <>
const Element& schema<QemuEnvironment>() {
    static const Element element = Declare<QemuEnvironment>()
        .attribute("name", &QemuEnvironment::name).required()
        .attribute("value", &QemuEnvironment::value)
        .kept(&QemuEnvironment::kept)
        .build();
    return element;
}

template <>
const Element& schema<QemuCapabilities>() {
    static const Element element = Declare<QemuCapabilities>()
        .child("qemu:add", &QemuCapabilities::add).key("add")
        .child("qemu:del", &QemuCapabilities::remove).key("del")
        .kept(&QemuCapabilities::kept)
        .build();
    return element;
}

template <>
const Element& schema<QemuCapability>() {
    static const Element element = Declare<QemuCapability>()
        .attribute("capability", &QemuCapability::name).required()
        .kept(&QemuCapability::kept)
        .build();
    return element;
}

template <>
const Element& schema<QemuOverride>() {
    static const Element element = Declare<QemuOverride>()
        .child("qemu:device", &QemuOverride::devices).key("device")
        .kept(&QemuOverride::kept)
        .build();
    return element;
}

template <>
const Element& schema<QemuDeviceOverride>() {
    static const Element element = Declare<QemuDeviceOverride>()
        .attribute("alias", &QemuDeviceOverride::alias).required()
        .child("qemu:frontend", &QemuDeviceOverride::frontend).key("frontend")
        .kept(&QemuDeviceOverride::kept)
        .build();
    return element;
}

template <>
const Element& schema<QemuFrontend>() {
    static const Element element = Declare<QemuFrontend>()
        .child("qemu:property", &QemuFrontend::properties).key("property")
        .kept(&QemuFrontend::kept)
        .build();
    return element;
}

template <>
const Element& schema<QemuProperty>() {
    static const Element element = Declare<QemuProperty>()
        .attribute("name", &QemuProperty::name).required()
        .attribute("type", &QemuProperty::type).required()
        .attribute("value", &QemuProperty::value)
        .kept(&QemuProperty::kept)
        .build();
    return element;
}

}  // namespace vireo::model
