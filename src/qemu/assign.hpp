// SPDX-License-Identifier: LGPL-2.1-or-later
// Completing a definition: everything that Vireo chooses for a domain once, when it is defined, and that then stays in
// the definition, so that the guest sees the same hardware at each start.
#pragma once
#include "model/domain.hpp"
#include "qemu/capabilities.hpp"
#include "support/error.hpp"

namespace vireo::qemu {

// Fills in UUID, emulator, architecture and versioned machine type, the defaults of each device, the devices and
// controllers that every such machine has, MAC addresses, and the address of each device on its bus, laid out as
// libvirt does. What the definition says stays as it is; completing a complete definition changes nothing; completing
// one to which a device was added changes no other device's place.
//
// Knows the machines q35 and pc of x86 and virt of the others. Failure(invalid_config): two devices at one place (both
// are named), a place that does not exist, a device that such a machine has no bus for; Failure(unsupported): the
// binary is for another architecture or lacks what the definition asks for (the element is named). The domain is then
// partly changed: throw it away.
Result<> complete(model::Domain& domain, const Capabilities& capabilities);

}  // namespace vireo::qemu
