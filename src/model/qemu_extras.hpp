// SPDX-License-Identifier: LGPL-2.1-or-later
// libvirt's namespace for QEMU (http://libvirt.org/schemas/domain/qemu/1.0): what goes to QEMU past everything that
// the definition means. A domain with any of it is tainted (taints.hpp).
#pragma once
#include "model/kept.hpp"
#include "model/names.hpp"

#include <optional>
#include <string>
#include <vector>

namespace vireo::model {

struct QemuArgument {
    std::string value;
    Kept kept;
    bool operator==(const QemuArgument&) const = default;
};

struct QemuEnvironment {
    std::string name;
    std::optional<std::string> value;
    Kept kept;
    bool operator==(const QemuEnvironment&) const = default;
};

struct QemuCommandLine {  // added at the end
    std::vector<QemuArgument> arguments;
    std::vector<QemuEnvironment> environment;
    Kept kept;
    bool operator==(const QemuCommandLine&) const = default;
};

struct QemuCapability {  // one that the binary is to be taken to have, or not; libvirt's names
    std::string name;
    Kept kept;
    bool operator==(const QemuCapability&) const = default;
};

struct QemuCapabilities {
    std::vector<QemuCapability> add, remove;
    Kept kept;
    bool operator==(const QemuCapabilities&) const = default;
};

struct QemuProperty {
    enum class Type { text, signed_number, unsigned_number, boolean, remove };
    std::string name;
    Type type = Type::text;
    std::optional<std::string> value;  // none with remove: QEMU's own default
    Kept kept;
    bool operator==(const QemuProperty&) const = default;
};
template <>
inline constexpr auto names<QemuProperty::Type> = words("string", "signed", "unsigned", "bool", "remove");

struct QemuFrontend {
    std::vector<QemuProperty> properties;
    Kept kept;
    bool operator==(const QemuFrontend&) const = default;
};

struct QemuDeviceOverride {
    std::string alias;  // of the device: "ua-…", or the one that it will get
    std::optional<QemuFrontend> frontend;
    Kept kept;
    bool operator==(const QemuDeviceOverride&) const = default;
};

struct QemuOverride {
    std::vector<QemuDeviceOverride> devices;
    Kept kept;
    bool operator==(const QemuOverride&) const = default;
};

enum class DeprecationBehavior { off, omit, reject, crash };
template <>
inline constexpr auto names<DeprecationBehavior> = words("off", "omit", "reject", "crash");

}  // namespace vireo::model
