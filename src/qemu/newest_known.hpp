// SPDX-License-Identifier: LGPL-2.1-or-later
// The newest QEMU that Vireo knows, for judging a definition and writing its command line where the binary that it
// needs is not at hand: everything that QEMU 8.0 has for an architecture, with KVM and TCG.
#pragma once
#include "qemu/capabilities.hpp"

#include <memory>
#include <string_view>

namespace vireo::model {
struct Domain;
}

namespace vireo::qemu {

// arch in libvirt's words; empty: this host's. `machine` is known beside the versioned ones of QEMU 8.0 when such a
// machine exists or could: a board of that architecture, an older or newer version ("pc-1.2", "virt-9.1"), a
// distribution's ("pc-q35-rhel9.2.0"). Null: no QEMU runs such an architecture.
std::shared_ptr<const Capabilities> newest_known(std::string_view arch, std::string_view machine = {});
std::shared_ptr<const Capabilities> newest_known(const model::Domain& domain);

}  // namespace vireo::qemu
