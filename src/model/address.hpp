// SPDX-License-Identifier: LGPL-2.1-or-later
// Where a device sits in the guest: libvirt's <address>. The numbers of PCI, CCW and ISA addresses are hexadecimal in
// XML.
#pragma once
#include "model/kept.hpp"

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <variant>

namespace vireo::model {

struct PciAddress {
    std::uint32_t domain = 0;    // 0 … 0xffff
    std::uint32_t bus = 0;       // 0 … 0xff: the index of the <controller type='pci'>
    std::uint32_t slot = 0;      // 0 … 0x1f
    std::uint32_t function = 0;  // 0 … 7
    std::optional<bool> multifunction;
    Kept kept;
    bool operator==(const PciAddress&) const = default;
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

struct IsaAddress {
    std::optional<std::uint32_t> iobase;
    std::optional<std::uint32_t> irq;
    Kept kept;
    bool operator==(const IsaAddress&) const = default;
};

struct CcwAddress {              // s390x
    std::uint32_t cssid = 0xfe;  // 0 … 0xfe
    std::uint32_t ssid = 0;      // 0 … 3
    std::uint32_t devno = 0;     // 0 … 0xffff
    Kept kept;
    bool operator==(const CcwAddress&) const = default;
};

using Address = std::variant<PciAddress, DriveAddress, VirtioSerialAddress, UsbAddress, IsaAddress, CcwAddress>;

}  // namespace vireo::model
