// SPDX-License-Identifier: LGPL-2.1-or-later
// The two documents in which libvirt tells programs what is possible (its formatcaps and formatdomaincaps): the host
// and the guests that it can run, and what one QEMU binary offers to a domain of one machine type.
#pragma once
#include "host/topology.hpp"
#include "qemu/capabilities.hpp"
#include "qemu/document.hpp"

#include <memory>
#include <memory>
#include <string>
#include <vector>

namespace vireo::qemu {

struct HostDescription {
    HostDescription() = default;
    std::string uuid;          // empty: unknown
    std::string architecture;  // libvirt's word
    host::Topology topology;
    host::CpuIdentity cpu;
    bool iommu = false;
    std::vector<std::string> sleep_states;
    std::string user, group;  // of guests: "+107"; empty: the daemon's own
};

// <capabilities>. Of several binaries for one architecture the first is its emulator.
Node host_capabilities(const HostDescription& host, const std::vector<std::shared_ptr<const Capabilities>>& binaries);

// The firmware that a guest of a machine can be given (firmware/catalog.hpp knows it; this folder does not).
struct FirmwareOffer {
    FirmwareOffer() = default;
    std::vector<std::string> types;    // for <os firmware=…>: bios, efi
    std::vector<std::string> loaders;  // files of code
    bool secure = false;               // one of them guards its variables with SMM
    bool enrolled_keys = false;        // one of them comes with keys
    bool secure_boot = false;
};

struct DomainCapabilitiesRequest {
    DomainCapabilitiesRequest() = default;
    std::string machine;  // empty: the binary's default
    bool kvm = false;
    FirmwareOffer firmware;
    std::shared_ptr<const HostModel> host_model;  // under this accelerator; null: the architecture has none
};
// <domainCapabilities>: only what both the binary and Vireo can do. Failure(unsupported): no such machine.
Result<Node> domain_capabilities(const Capabilities& binary, const DomainCapabilitiesRequest& request);

}  // namespace vireo::qemu
