// SPDX-License-Identifier: LGPL-2.1-or-later
#include "model/schemas.hpp"

// clang-format off: one line, one element or attribute
namespace vireo::model {
namespace {
bool placed(const PciAddress& address) { return !address.empty(); }
}  // namespace

template <>
const Element& schema<Address>() {
    static const Element element = DeclareChoice<Address>("type")
        .when<PciAddress>("pci")
        .when<DriveAddress>("drive")
        .when<VirtioSerialAddress>("virtio-serial")
        .when<UsbAddress>("usb")
        .when<IsaAddress>("isa")
        .when<CcwAddress>("ccw")
        .when<CcidAddress>("ccid")
        .when<SpaprVioAddress>("spapr-vio")
        .when<VirtioS390Address>("virtio-s390")
        .when<VirtioMmioAddress>("virtio-mmio")
        .when<DimmAddress>("dimm")
        .when<UnassignedAddress>("unassigned")
        .build();
    return element;
}

template <>
const Element& schema<DeviceInfo>() {
    static const Element element = Declare<DeviceInfo>()
        .child_attribute("alias", "name", &DeviceInfo::alias)
        .child("rom", &DeviceInfo::rom)
        .child_attribute("acpi", "index", &DeviceInfo::acpi_index)
        .child_attribute("acpi", "nodeset", &DeviceInfo::acpi_nodes)
        .child("address", &DeviceInfo::address)
        .build();
    return element;
}

template <>
const Element& schema<PciAddress>() {
    static const Element element = Declare<PciAddress>()
        .attribute("domain", &PciAddress::domain).hex(4).range(0, 0xffff).only_if<placed>()
        .attribute("bus", &PciAddress::bus).hex(2).range(0, 0xff).only_if<placed>()
        .attribute("slot", &PciAddress::slot).hex(2).range(0, 0x1f).only_if<placed>()
        .attribute("function", &PciAddress::function).hex(1).range(0, 7).only_if<placed>()
        .attribute("multifunction", &PciAddress::multifunction).on_off()
        .child("zpci", &PciAddress::zpci)
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
        .attribute("cssid", &CcwAddress::cssid).hex(1).range(0, 0xfe)
        .attribute("ssid", &CcwAddress::ssid).hex(1).range(0, 3)
        .attribute("devno", &CcwAddress::devno).hex(4).range(0, 0xffff)
        .kept(&CcwAddress::kept)
        .build();
    return element;
}

template <>
const Element& schema<ZpciAddress>() {
    static const Element element = Declare<ZpciAddress>()
        .attribute("uid", &ZpciAddress::uid).hex(4)
        .attribute("fid", &ZpciAddress::fid).hex(8)
        .kept(&ZpciAddress::kept)
        .build();
    return element;
}

template <>
const Element& schema<CcidAddress>() {
    static const Element element = Declare<CcidAddress>()
        .attribute("controller", &CcidAddress::controller)
        .attribute("slot", &CcidAddress::slot)
        .kept(&CcidAddress::kept)
        .build();
    return element;
}

template <>
const Element& schema<SpaprVioAddress>() {
    static const Element element = Declare<SpaprVioAddress>()
        .attribute("reg", &SpaprVioAddress::reg).hex(8, 16)
        .kept(&SpaprVioAddress::kept)
        .build();
    return element;
}

template <>
const Element& schema<VirtioS390Address>() {
    static const Element element = Declare<VirtioS390Address>().kept(&VirtioS390Address::kept).build();
    return element;
}

template <>
const Element& schema<VirtioMmioAddress>() {
    static const Element element = Declare<VirtioMmioAddress>().kept(&VirtioMmioAddress::kept).build();
    return element;
}

template <>
const Element& schema<DimmAddress>() {
    static const Element element = Declare<DimmAddress>()
        .attribute("slot", &DimmAddress::slot)
        .attribute("base", &DimmAddress::base).hex(1, 16)
        .kept(&DimmAddress::kept)
        .build();
    return element;
}

template <>
const Element& schema<UnassignedAddress>() {
    static const Element element = Declare<UnassignedAddress>().kept(&UnassignedAddress::kept).build();
    return element;
}

template <>
const Element& schema<Rom>() {
    static const Element element = Declare<Rom>()
        .attribute("enabled", &Rom::enabled)
        .attribute("bar", &Rom::bar).on_off()
        .attribute("file", &Rom::file)
        .kept(&Rom::kept)
        .build();
    return element;
}

}  // namespace vireo::model
