// SPDX-License-Identifier: LGPL-2.1-or-later
// Where a device sits in the guest: libvirt's <address>. The numbers of PCI, CCW and ISA addresses are hexadecimal in
// XML.
#pragma once
#include "model/kept.hpp"
#include "model/number_set.hpp"

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <variant>

namespace vireo::model {

struct ZpciAddress {                   // s390x: how the guest's PCI functions are known
    std::optional<std::uint32_t> uid;  // 1 … 0xffff; chosen when absent
    std::optional<std::uint32_t> fid;  // chosen when absent
    Kept kept;
    bool operator==(const ZpciAddress&) const = default;
};

struct PciAddress {
    std::uint32_t domain = 0;    // 0 … 0xffff
    std::uint32_t bus = 0;       // 0 … 0xff: the index of the <controller type='pci'>
    std::uint32_t slot = 0;      // 0 … 0x1f
    std::uint32_t function = 0;  // 0 … 7
    std::optional<bool> multifunction;
    std::optional<ZpciAddress> zpci;
    Kept kept;
    bool operator==(const PciAddress&) const = default;
    // 0000:00:00.0 is no device's place: the device is to be on PCI, the place is chosen.
    bool empty() const noexcept { return domain == 0 && bus == 0 && slot == 0 && function == 0; }
};

struct DriveAddress {  // ide, sata, scsi, fdc
    std::uint32_t controller = 0;
    std::uint32_t bus = 0;
    std::uint32_t target = 0;
    std::uint32_t unit = 0;
    Kept kept;
    bool operator==(const DriveAddress&) const = default;
};

struct VirtioSerialAddress {
    std::uint32_t controller = 0;
    std::uint32_t bus = 0;
    std::optional<std::uint32_t> port;  // chosen when absent
    Kept kept;
    bool operator==(const VirtioSerialAddress&) const = default;
};

struct UsbAddress {
    std::uint32_t bus = 0;  // the index of the <controller type='usb'>
    std::string port;       // "1", or "1.2" behind a hub; chosen when empty
    Kept kept;
    bool operator==(const UsbAddress&) const = default;
};

struct CcidAddress {  // smart cards
    std::uint32_t controller = 0;
    std::optional<std::uint32_t> slot;  // chosen when absent
    Kept kept;
    bool operator==(const CcidAddress&) const = default;
};

struct SpaprVioAddress {               // pseries
    std::optional<std::uint64_t> reg;  // chosen when absent
    Kept kept;
    bool operator==(const SpaprVioAddress&) const = default;
};

struct VirtioS390Address {  // the transport before CCW; no QEMU of today has it
    Kept kept;
    bool operator==(const VirtioS390Address&) const = default;
};

struct VirtioMmioAddress {  // the machine places it
    Kept kept;
    bool operator==(const VirtioMmioAddress&) const = default;
};

struct DimmAddress {                    // memory that is a device
    std::optional<std::uint32_t> slot;  // chosen when absent
    std::optional<std::uint64_t> base;  // guest-physical; chosen by the hypervisor when absent
    Kept kept;
    bool operator==(const DimmAddress&) const = default;
};

struct UnassignedAddress {  // defined, but not given to the guest
    Kept kept;
    bool operator==(const UnassignedAddress&) const = default;
};

struct IsaAddress {
    std::optional<std::uint32_t> iobase;
    std::optional<std::uint32_t> irq;
    Kept kept;
    bool operator==(const IsaAddress&) const = default;
};

struct CcwAddress {                      // s390x; all three, or none: then it is chosen
    std::optional<std::uint32_t> cssid;  // 0 … 0xfe; 0xfe for virtio
    std::optional<std::uint32_t> ssid;   // 0 … 3
    std::optional<std::uint32_t> devno;  // 0 … 0xffff
    Kept kept;
    bool operator==(const CcwAddress&) const = default;
    bool complete() const noexcept { return cssid && ssid && devno; }
};

using Address =
    std::variant<PciAddress, DriveAddress, VirtioSerialAddress, UsbAddress, IsaAddress, CcwAddress, CcidAddress,
                 SpaprVioAddress, VirtioS390Address, VirtioMmioAddress, DimmAddress, UnassignedAddress>;

struct Rom {                      // the option ROM of a PCI device
    std::optional<bool> enabled;  // false: none at all, whatever the device brings
    std::optional<bool> bar;      // is it visible to the guest?
    std::string file;             // absolute path of another ROM; empty: the device's own
    Kept kept;
    bool operator==(const Rom&) const = default;
};

struct DeviceInfo {     // what every device may have
    std::string alias;  // the id in the hypervisor: "net0"; "ua-…" when the user chose it
    std::optional<Rom> rom;
    NumberSet acpi_nodes;  // pci hostdevs: cells of the guest that have no processors or memory but this device's
    std::optional<std::uint32_t> acpi_index;  // 1 …: the number that the guest's name for it is made of ("eno3")
    std::optional<Address> address;
    bool operator==(const DeviceInfo&) const = default;

    // The address when it is of this type, else null.
    template <class T>
    const T* at() const noexcept {
        return address ? std::get_if<T>(&*address) : nullptr;
    }
    template <class T>
    T* at() noexcept {
        return address ? std::get_if<T>(&*address) : nullptr;
    }
};

}  // namespace vireo::model
