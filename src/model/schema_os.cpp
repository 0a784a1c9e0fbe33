// SPDX-License-Identifier: LGPL-2.1-or-later
#include "model/schemas.hpp"

// clang-format off: one line, one element or attribute
namespace vireo::model {

template <>
const Element& schema<Os>() {
    static const Element element = Declare<Os>()
        .attribute("firmware", &Os::firmware).decides()
        .child("type", &Os::type).required()
        .wrapped("firmware", "feature", &Os::firmware_features).key("firmwareFeatures")
        .child("loader", &Os::loader)
        .child("nvram", &Os::nvram)
        .child("varstore", &Os::varstore)
        .child("kernel", &Os::kernel)
        .child("initrd", &Os::initrd)
        .child("cmdline", &Os::cmdline)
        .child("dtb", &Os::dtb)
        .child("shim", &Os::shim)
        .wrapped("acpi", "table", &Os::acpi_tables)
        .child_attribute("boot", "dev", &Os::boot)
        .child("bootmenu", &Os::boot_menu)
        .child("bios", &Os::bios)
        .child_attribute("smbios", "mode", &Os::smbios)
        .kept(&Os::kept)
        .refuse("init", "it is for containers")
        .refuse("initarg", "it is for containers")
        .refuse("initenv", "it is for containers")
        .refuse("initdir", "it is for containers")
        .refuse("inituser", "it is for containers")
        .refuse("initgroup", "it is for containers")
        .refuse("root", "it is for Xen's paravirtual guests")
        .build();
    return element;
}

template <>
const Element& schema<OsType>() {
    static const Element element = Declare<OsType>()
        .attribute("arch", &OsType::arch)
        .attribute("machine", &OsType::machine)
        .text("kind", &OsType::kind).required()
        .kept(&OsType::kept)
        .build();
    return element;
}

template <>
const Element& schema<AcpiTable>() {
    static const Element element = Declare<AcpiTable>()
        .attribute("type", &AcpiTable::type).required()
        .text("path", &AcpiTable::path).required()
        .kept(&AcpiTable::kept)
        .build();
    return element;
}

template <>
const Element& schema<BootMenu>() {
    static const Element element = Declare<BootMenu>()
        .attribute("enable", &BootMenu::enable).required()
        .attribute("timeout", &BootMenu::timeout).range(0, 65535)
        .kept(&BootMenu::kept)
        .build();
    return element;
}

template <>
const Element& schema<Bios>() {
    static const Element element = Declare<Bios>()
        .attribute("useserial", &Bios::use_serial)
        .attribute("rebootTimeout", &Bios::reboot_timeout).range(-1, 65535)
        .kept(&Bios::kept)
        .build();
    return element;
}

}  // namespace vireo::model
