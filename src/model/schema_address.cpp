// SPDX-License-Identifier: LGPL-2.1-or-later
#include "model/schemas.hpp"

// clang-format off: one line, one element or attribute
namespace vireo::model {

template <>
const Element& schema<Address>() {
    static const Element element = DeclareChoice<Address>("type")
        .when<PciAddress>("pci")
        .when<DriveAddress>("drive")
        .when<VirtioSerialAddress>("virtio-serial")
        .when<UsbAddress>("usb")
        .when<IsaAddress>("isa")
        .when<CcwAddress>("ccw")
        .later("ccid", "dimm", "mdev", "spapr-vio", "unassigned", "virtio-mmio", "virtio-s390")
        .build();
    return element;
}

template <>
const Element& schema<DeviceInfo>() {
    static const Element element = Declare<DeviceInfo>()
        .child_attribute("alias", "name", &DeviceInfo::alias)
        .child("address", &DeviceInfo::address)
        .later("rom", "acpi")
        .build();
    return element;
}

template <>
const Element& schema<PciAddress>() {
    static const Element element = Declare<PciAddress>()
        .attribute("domain", &PciAddress::domain).hex(4).range(0, 0xffff)
        .attribute("bus", &PciAddress::bus).hex(2).range(0, 0xff)
        .attribute("slot", &PciAddress::slot).hex(2).range(0, 0x1f)
        .attribute("function", &PciAddress::function).hex(1).range(0, 7)
        .attribute("multifunction", &PciAddress::multifunction).on_off()
        .kept(&PciAddress::kept)
        .build();
    return element;
}

template <>
const Element& schema<DriveAddress>() {
    static const Element element = Declare<DriveAddress>()
        .attribute("controller", &DriveAddress::controller)
        .attribute("bus", &DriveAddress::bus)
        .attribute("target", &DriveAddress::target)
        .attribute("unit", &DriveAddress::unit)
        .kept(&DriveAddress::kept)
        .build();
    return element;
}

template <>
const Element& schema<VirtioSerialAddress>() {
    static const Element element = Declare<VirtioSerialAddress>()
        .attribute("controller", &VirtioSerialAddress::controller)
        .attribute("bus", &VirtioSerialAddress::bus)
        .attribute("port", &VirtioSerialAddress::port)
        .kept(&VirtioSerialAddress::kept)
        .build();
    return element;
}

template <>
const Element& schema<UsbAddress>() {
    static const Element element = Declare<UsbAddress>()
        .attribute("bus", &UsbAddress::bus)
        .attribute("port", &UsbAddress::port)
        .kept(&UsbAddress::kept)
        .build();
    return element;
}

template <>
const Element& schema<IsaAddress>() {
    static const Element element = Declare<IsaAddress>()
        .attribute("iobase", &IsaAddress::iobase).hex(1, 16)
        .attribute("irq", &IsaAddress::irq).hex(1, 16)
        .kept(&IsaAddress::kept)
        .build();
    return element;
}

template <>
const Element& schema<CcwAddress>() {
    static const Element element = Declare<CcwAddress>()
        .attribute("cssid", &CcwAddress::cssid).hex(2).range(0, 0xfe)
        .attribute("ssid", &CcwAddress::ssid).hex(1).range(0, 3)
        .attribute("devno", &CcwAddress::devno).hex(4).range(0, 0xffff)
        .kept(&CcwAddress::kept)
        .build();
    return element;
}

}  // namespace vireo::model
