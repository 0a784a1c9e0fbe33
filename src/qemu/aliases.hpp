// SPDX-License-Identifier: LGPL-2.1-or-later
// The names by which QEMU knows the devices of a running domain: "virtio-disk0", "net0", "pci.1" …, as libvirt's.
#pragma once
#include "model/domain.hpp"
#include "support/error.hpp"

#include <string>

namespace vireo::qemu {

// Gives every device of a completed domain its name; what depends on nothing but the definition is the same each time.
// Names that the user chose ("ua-…") stay; all others are made anew. For the live definition only.
// Failure(invalid_config): a chosen name has characters that QEMU does not allow in one, or comes twice.
Result<> assign_aliases(model::Domain& domain);

}  // namespace vireo::qemu
