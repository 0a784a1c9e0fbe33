// SPDX-License-Identifier: LGPL-2.1-or-later
// What a definition is turned into so that it runs on a machine without special hardware, networks, servers or
// privileges: by rules about kinds of devices and back ends, never by name. The guest's hardware and its places stay;
// what cannot be there is taken out, and told.
#pragma once
#include "model/domain.hpp"
#include "qemu/capabilities.hpp"

#include <filesystem>
#include <string>
#include <vector>

namespace vireo::corpus {

struct Changes {
    Changes() = default;
    std::vector<std::string> out;       // devices that are not there: "vfio", "vhost-user" …
    std::string impossible;             // why this machine or its QEMU cannot have it at all; empty: it can
    std::vector<std::string> replaced;  // back ends that are something else: "network interface → user"
    bool taps = false;                  // taps can be made, where nobody sees them
    // Files and folders that a definition names by path are here instead.
    std::filesystem::path folder;
};

bool has_tap(const model::Interface& interface) noexcept;

// Before it is completed: what the choice of hardware depends on.
void use_emulation(model::Domain& domain, const qemu::Capabilities& capabilities, Changes& changes);

// After it was completed and before it has aliases. Nothing but back ends is changed of the devices that stay.
void make_runnable(model::Domain& domain, const qemu::Capabilities& capabilities, Changes& changes);

}  // namespace vireo::corpus
