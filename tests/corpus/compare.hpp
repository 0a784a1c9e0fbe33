// SPDX-License-Identifier: LGPL-2.1-or-later
// Two QEMU command lines for one definition, thing by thing: what the guest sees, and the kind of each back end.
#pragma once
#include <cstddef>
#include <string>
#include <vector>

namespace vireo::corpus {

struct Difference {
    std::string what;    // "device pci-bridge: addr", to be counted
    std::string detail;  // "device pci.1: addr is 0x3, libvirt's is 0x4"
};

struct Tally {
    std::size_t same = 0;
    std::size_t different = 0;
    std::size_t older = 0;  // libvirt wrote for a QEMU older than any that Vireo runs, or for a made-up host
    std::vector<Difference> differences, older_ones;
};

struct Comparison {
    Tally devices;     // -device: type, id, bus and address, and the kind of what is behind it
    Tally properties;  // the same devices with each property that the guest can see
    Tally machine;     // machine, cpu, memory, NUMA, boot, firmware tables, clock
    Tally backends;    // -object, -netdev, -chardev, -blockdev … by kind
};

// host_cpu: the definition asks for a CPU that depends on the host's, and the host of libvirt's tests is made up.
Comparison compare(const std::vector<std::string>& ours, const std::vector<std::string>& libvirts, bool host_cpu);

}  // namespace vireo::corpus
