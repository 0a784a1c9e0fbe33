// SPDX-License-Identifier: LGPL-2.1-or-later
// What each device needs of a PCI bus, on a given machine. pci::nothing: it is not a PCI device there.
#pragma once
#include "qemu/machine.hpp"
#include "qemu/pci_map.hpp"

namespace vireo::qemu {

pci::Need pci_need(const Machine&, const model::Disk&);
pci::Need pci_need(const Machine&, const model::Controller&);  // bridges too; roots: nothing
pci::Need pci_need(const Machine&, const model::Interface&);
pci::Need pci_need(const Machine&, const model::Sound&);
pci::Need pci_need(const Machine&, const model::Hostdev&);
pci::Need pci_need(const Machine&, const model::Video&);
pci::Need pci_need(const Machine&, const model::Serial&);
pci::Need pci_need(const Machine&, const model::Input&);
pci::Need pci_need(const Machine&, const model::Filesystem&);
pci::Need pci_need(const Machine&, const model::Watchdog&);
pci::Need pci_need(const Machine&, const model::Memballoon&);
pci::Need pci_need(const Machine&, const model::Rng&);
pci::Need pci_need(const Machine&, const model::Shmem&);
pci::Need pci_need(const Machine&, const model::Panic&);
pci::Need pci_need(const Machine&, const model::MemoryDevice&);
pci::Need pci_need(const Machine&, const model::Iommu&);
pci::Need pci_need(const Machine&, const model::Vsock&);
pci::Need pci_need(const Machine&, const model::Crypto&);
pci::Need pci_need(const Machine&, const model::Pstore&);
template <class Device>
pci::Need pci_need(const Machine&, const Device&) {  // never on PCI: smart cards, consoles, hubs, TPMs …
    return pci::nothing;
}

// Devices of virtio, which are on PCI, CCW or virtio-mmio, whichever the machine has.
bool is_virtio(const model::Disk&) noexcept;
bool is_virtio(const model::Controller&) noexcept;
bool is_virtio(const model::Interface&) noexcept;
bool is_virtio(const model::Sound&) noexcept;
bool is_virtio(const model::Hostdev&) noexcept;  // vhost-scsi
bool is_virtio(const model::Video&) noexcept;
bool is_virtio(const model::Input&) noexcept;
bool is_virtio(const model::Filesystem&) noexcept;
bool is_virtio(const model::Memballoon&) noexcept;
bool is_virtio(const model::Rng&) noexcept;
bool is_virtio(const model::MemoryDevice&) noexcept;
bool is_virtio(const model::Iommu&) noexcept;
bool is_virtio(const model::Vsock&) noexcept;
bool is_virtio(const model::Crypto&) noexcept;
template <class Device>
bool is_virtio(const Device&) noexcept {
    return false;
}

}  // namespace vireo::qemu
