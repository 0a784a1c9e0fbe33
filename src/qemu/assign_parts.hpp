// SPDX-License-Identifier: LGPL-2.1-or-later
// The parts that complete() is made of, and what the command line needs to know of the same machines.
#pragma once
#include "model/domain.hpp"
#include "qemu/capabilities.hpp"
#include "qemu/machine.hpp"
#include "support/error.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace vireo::qemu {

struct Assignment {
    model::Domain& domain;
    const Capabilities& capabilities;
    Machine machine;
    bool x86() const noexcept { return machine.x86(); }
    bool express() const noexcept { return machine.pcie_root(); }
};

// In this order; each relies on those before it.
Result<> assign_system(Assignment& assignment);        // outside the devices; what the machine cannot have
void assign_memory(model::Domain& domain);             // the sum of its NUMA cells, when it does not say
Result<> assign_controllers(Assignment& assignment);   // those of the definition and of the machine
Result<> assign_defaults(Assignment& assignment);      // what needs no other device
Result<> check_machine(const Assignment&);             // outside the devices
Result<> check_devices(const Assignment& assignment);  // which devices the machine can have; part of assign_defaults
Result<> assign_characters(Assignment& assignment);    // serial ports, parallel ports, consoles
Result<> assign_drives(Assignment& assignment);        // disks' places on their buses, and the controllers for them
Result<> assign_virtio_serial(Assignment& assignment);
Result<> assign_smartcards(Assignment& assignment);
Result<> assign_hostdev_controllers(Assignment& assignment);
Result<> assign_spapr_vio(Assignment& assignment);
Result<> assign_ccw(Assignment& assignment);
Result<> assign_virtio_mmio(Assignment& assignment);
Result<> assign_pci(Assignment& assignment);
Result<> assign_zpci(Assignment& assignment);
Result<> assign_usb(Assignment& assignment);
Result<> assign_memory_slots(Assignment& assignment);

Result<> assign_bridges(Assignment& assignment);       // PCI controllers' devices and numbers; part of assign_pci
Result<> check_bridges(const Assignment& assignment);  // which PCI controllers this machine can have, and where

// What a SCSI controller is when nobody says.
model::Controller::Model usual_scsi(const Assignment& assignment);

constexpr std::uint32_t nvme_namespaces = 256;  // of one controller: disks on the bus nvme

// The place of the letters in a disk's name: vda → 0, sdb → 1, vdaa → 26. Nothing when there are no letters.
std::optional<std::uint32_t> disk_number(std::string_view name) noexcept;

// How many devices can be plugged into a USB controller; 0: it has no bus of its own.
std::uint32_t usb_ports(const model::Controller& controller) noexcept;

// The controller of this type and index, made when there is none.
model::Controller& ensure_controller(model::Domain& domain, model::Controller::Type type, std::uint32_t index);
const model::Controller* find_controller(const model::Domain& domain, model::Controller::Type type,
                                         std::uint32_t index);

// Where the device of the host is, of an interface of type hostdev; null: it is none, or does not say.
const model::Address* host_address(const model::Interface& interface) noexcept;

// For messages: "the disk 'vda'".
std::string describe(const model::Disk&);
std::string describe(const model::Controller&);
std::string describe(const model::Filesystem&);
std::string describe(const model::Hostdev&);
std::string describe(const model::Interface&);
std::string describe(const model::Serial&);
std::string describe(const model::Parallel&);
std::string describe(const model::Console&);
std::string describe(const model::Channel&);
std::string describe(const model::Input&);
std::string describe(const model::Video&);
std::string describe(const model::Watchdog&);
std::string describe(const model::Memballoon&);
std::string describe(const model::Rng&);
std::string describe(const model::Panic&);
std::string describe(const model::Sound&);
std::string describe(const model::Hostdev&);
std::string describe(const model::Filesystem&);
std::string describe(const model::Smartcard&);
std::string describe(const model::NvramDevice&);
std::string describe(const model::Hub&);
std::string describe(const model::Shmem&);
std::string describe(const model::Tpm&);
std::string describe(const model::Redirdev&);
std::string describe(const model::MemoryDevice&);
std::string describe(const model::Iommu&);
std::string describe(const model::Vsock&);
std::string describe(const model::Crypto&);
std::string describe(const model::Pstore&);

// "the disk 'vda' cannot have an address of type 'pci' …"
Failure wrong_address(const std::string& device, std::string_view wanted);

}  // namespace vireo::qemu
