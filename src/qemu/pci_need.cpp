// SPDX-License-Identifier: LGPL-2.1-or-later
#include "qemu/pci_need.hpp"

#include <algorithm>
#include <array>

namespace vireo::qemu {
namespace {
using model::Controller;
using model::Hostdev;
using model::VirtioModel;

constexpr pci::Need legacy = pci::conventional | pci::choosable;

pci::Need modern(const Machine& machine) noexcept {
    return machine.pcie_root() ? pci::express | pci::choosable : legacy;
}
// Transitional devices need I/O ports, which a PCI Express slot has no room for.
pci::Need virtio(const Machine& machine, std::optional<VirtioModel> model) noexcept {
    return model == VirtioModel::transitional ? legacy : modern(machine);
}

}  // namespace

pci::Need pci_need(const Machine& machine, const model::Disk& disk) {
    if (!is_virtio(disk)) return pci::nothing;
    return disk.model == model::Disk::Model::virtio_transitional ? legacy : modern(machine);
}

pci::Need pci_need(const Machine& machine, const Controller& controller) {
    using enum Controller::Model;
    const auto model = controller.model;
    switch (controller.type) {
        case Controller::Type::pci:
            return model ? pci::of_bridge(*model) : pci::nothing;
        case Controller::Type::usb:
            if (model == nec_xhci || model == qemu_xhci) return modern(machine);
            return !model || model == none || model == qusb1 || model == qusb2 ? pci::nothing : legacy;
        case Controller::Type::sata:
            return legacy;
        case Controller::Type::ide:
            return machine.builtin_ide() && controller.index.value_or(0) == 0 && !machine.i440fx() ? pci::nothing
                                                                                                   : legacy;
        case Controller::Type::scsi:
            if (model == virtio_scsi || model == Controller::Model::virtio || model == virtio_non_transitional)
                return modern(machine);
            if (!model || model == automatic || model == ibmvscsi) return pci::nothing;
            if (model == ncr53c90 && machine.builtin_esp()) return pci::nothing;
            return legacy;
        case Controller::Type::nvme:
            return modern(machine);
        case Controller::Type::virtio_serial:
            return model == virtio_transitional ? legacy : modern(machine);
        default:
            return pci::nothing;
    }
}

pci::Need pci_need(const Machine& machine, const model::Interface& interface) {
    if (interface.type == model::Interface::Type::hostdev) {
        const auto* at = host_address(interface);
        return at && std::holds_alternative<model::UsbAddress>(*at) ? pci::nothing : modern(machine);
    }
    constexpr std::array<std::string_view, 8> elsewhere{"usb-net",  "spapr-vlan", "lan9118",        "smc91c111",
                                                        "ne2k_isa", "lance",      "stellaris_enet", "netfront"};
    if (std::ranges::find(elsewhere, interface.model) != elsewhere.end()) return pci::nothing;
    if (interface.model == "virtio-transitional") return legacy;
    if (is_virtio(interface) || interface.model == "e1000e" || interface.model == "igb") return modern(machine);
    return legacy;
}

pci::Need pci_need(const Machine& machine, const model::Sound& sound) {
    using enum model::Sound::Model;
    if (sound.model == sb16 || sound.model == pcspk || sound.model == usb) return pci::nothing;
    return sound.model == model::Sound::Model::virtio ? modern(machine) : legacy;
}

pci::Need pci_need(const Machine& machine, const Hostdev& hostdev) {
    using enum Hostdev::Type;
    if (hostdev.type == pci) return modern(machine);
    if (hostdev.type == scsi_host)
        return hostdev.model == Hostdev::Model::virtio_transitional ? legacy : modern(machine);
    if (hostdev.type == mdev && hostdev.model.value_or(Hostdev::Model::vfio_pci) == Hostdev::Model::vfio_pci)
        return modern(machine);
    return pci::nothing;
}

pci::Need pci_need(const Machine& machine, const model::Video& video) {
    using enum model::VideoModel::Type;
    switch (video.model.kind()) {
        case model::VideoModel::Type::virtio:
        case bochs:
            return modern(machine);
        case default_:
        case none:
        case ramfb:
        case gop:
            return pci::nothing;
        default:
            return legacy;
    }
}

pci::Need pci_need(const Machine&, const model::Serial& serial) {
    const bool on_pci = serial.target && serial.target->type == model::SerialTarget::Type::pci_serial;
    return on_pci ? legacy : pci::nothing;
}

pci::Need pci_need(const Machine& machine, const model::Input& input) {
    return is_virtio(input) ? virtio(machine, input.model) : pci::nothing;
}
pci::Need pci_need(const Machine& machine, const model::Filesystem& filesystem) {
    return virtio(machine, filesystem.model);
}
pci::Need pci_need(const Machine&, const model::Watchdog& watchdog) {
    return watchdog.model == model::Watchdog::Model::i6300esb ? legacy : pci::nothing;
}
pci::Need pci_need(const Machine& machine, const model::Memballoon& balloon) {
    if (!is_virtio(balloon)) return pci::nothing;
    return balloon.model == model::Memballoon::Model::transitional ? legacy : modern(machine);
}
pci::Need pci_need(const Machine& machine, const model::Rng& rng) {
    return virtio(machine, rng.model);
}
pci::Need pci_need(const Machine&, const model::Shmem&) {
    return legacy;
}
pci::Need pci_need(const Machine&, const model::Panic& panic) {
    return panic.model == model::Panic::Model::pvpanic ? legacy : pci::nothing;
}
pci::Need pci_need(const Machine& machine, const model::MemoryDevice& memory) {
    return is_virtio(memory) ? modern(machine) : pci::nothing;
}
pci::Need pci_need(const Machine& machine, const model::Iommu& iommu) {
    using enum model::Iommu::Model;
    if (iommu.model != model::Iommu::Model::virtio && iommu.model != amd) return pci::nothing;
    return (modern(machine) & ~pci::choosable) | pci::integrated;
}
pci::Need pci_need(const Machine& machine, const model::Vsock& vsock) {
    return virtio(machine, vsock.model);
}
pci::Need pci_need(const Machine& machine, const model::Crypto&) {
    return modern(machine);
}
pci::Need pci_need(const Machine&, const model::Pstore&) {
    return legacy;
}

bool is_virtio(const model::Disk& disk) noexcept {
    return disk.bus() == model::DiskBus::virtio;
}
bool is_virtio(const Controller& controller) noexcept {
    using enum Controller::Model;
    if (controller.type == Controller::Type::virtio_serial) return true;
    return controller.type == Controller::Type::scsi &&
           (controller.model == virtio_scsi || controller.model == Controller::Model::virtio ||
            controller.model == virtio_transitional || controller.model == virtio_non_transitional);
}
bool is_virtio(const model::Interface& interface) noexcept {
    return interface.type != model::Interface::Type::hostdev && interface.is_virtio();
}
bool is_virtio(const model::Sound& sound) noexcept {
    return sound.model == model::Sound::Model::virtio;
}
bool is_virtio(const Hostdev& hostdev) noexcept {
    return hostdev.type == Hostdev::Type::scsi_host;
}
bool is_virtio(const model::Video& video) noexcept {
    return video.model.kind() == model::VideoModel::Type::virtio;
}
bool is_virtio(const model::Input& input) noexcept {
    return input.bus == model::Input::Bus::virtio;
}
bool is_virtio(const model::Filesystem&) noexcept {
    return true;
}
bool is_virtio(const model::Memballoon& balloon) noexcept {
    return balloon.model != model::Memballoon::Model::none && balloon.model != model::Memballoon::Model::xen;
}
bool is_virtio(const model::Rng&) noexcept {
    return true;
}
bool is_virtio(const model::MemoryDevice& memory) noexcept {
    return memory.model == model::MemoryDevice::Model::virtio_pmem ||
           memory.model == model::MemoryDevice::Model::virtio_mem;
}
bool is_virtio(const model::Iommu& iommu) noexcept {
    return iommu.model == model::Iommu::Model::virtio;
}
bool is_virtio(const model::Vsock&) noexcept {
    return true;
}
bool is_virtio(const model::Crypto&) noexcept {
    return true;
}

}  // namespace vireo::qemu
