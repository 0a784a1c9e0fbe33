// SPDX-License-Identifier: LGPL-2.1-or-later
// A QEMU made up for tests, definitions, and where their devices went.
#pragma once
#include "model/domain_xml.hpp"
#include "qemu/aliases.hpp"
#include "qemu/assign.hpp"

#include <fmt/format.h>
#include <map>
#include <string>

namespace vireo::qemu::test {

inline Capabilities made_up_qemu() {
    Capabilities c;
    c.binary = "/usr/bin/qemu-system-x86_64";
    c.arch = "x86_64";
    c.version = {7, 2, 0};
    c.tcg = c.sandbox = true;
    auto machine = [&](const char* name, const char* alias, bool is_default) {
        MachineType m;
        m.name = name;
        m.alias = alias;
        m.default_cpu = "qemu64";
        m.is_default = is_default;
        m.cpu_max = 255;
        c.machines.push_back(m);
    };
    machine("isapc", "", false);
    machine("pc-i440fx-7.2", "pc", true);
    machine("pc-q35-7.2", "q35", false);
    for (const char* name : {"Haswell", "max", "qemu64"}) c.cpus.push_back({name, true, false});
    c.types = NameSet({"virtio-blk-pci",
                       "virtio-net-pci",
                       "virtio-scsi-pci",
                       "virtio-serial-pci",
                       "virtio-balloon-pci",
                       "virtio-rng-pci",
                       "virtio-vga",
                       "virtio-gpu-pci",
                       "virtio-tablet-pci",
                       "pcie-root-port",
                       "pci-bridge",
                       "pcie-pci-bridge",
                       "qemu-xhci",
                       "piix3-usb-uhci",
                       "ich9-usb-ehci1",
                       "ich9-usb-uhci1",
                       "ich9-usb-uhci2",
                       "ich9-usb-uhci3",
                       "ide-hd",
                       "ide-cd",
                       "scsi-hd",
                       "scsi-cd",
                       "usb-storage",
                       "usb-bot",
                       "floppy",
                       "isa-serial",
                       "isa-parallel",
                       "virtserialport",
                       "virtconsole",
                       "usb-tablet",
                       "usb-kbd",
                       "usb-mouse",
                       "VGA",
                       "e1000",
                       "e1000e",
                       "rtl8139",
                       "i6300esb",
                       "pvpanic",
                       "ich9-ahci",
                       "usb-serial",
                       "pci-serial"});
    return c;
}

inline constexpr std::string_view test_uuid = "c7a5fdbd-edaf-9455-926a-d65c16db1809";

// A document with these elements in <devices>, and others before it.
inline std::string document(std::string_view machine, std::string_view devices,
                            std::string_view others = "<features><acpi/></features>") {
    return fmt::format(
        "<domain type='qemu'><name>guest</name><uuid>{}</uuid><memory unit='MiB'>512</memory><vcpu>2</vcpu>"
        "<os><type arch='x86_64' machine='{}'>hvm</type></os>{}<devices>{}</devices></domain>",
        test_uuid, machine, others, devices);
}

inline model::Domain parse(const std::string& xml) {
    return take(model::parse_domain_xml(xml)).domain;
}

inline model::Domain completed(const std::string& xml, const Capabilities& capabilities = made_up_qemu()) {
    auto domain = parse(xml);
    take(complete(domain, capabilities));
    return domain;
}
inline model::Domain completed(std::string_view machine, std::string_view devices) {
    return completed(document(machine, devices));
}

inline std::string text(const std::optional<model::Address>& address) {
    if (!address) return "";
    if (const auto* a = std::get_if<model::PciAddress>(&*address))
        return fmt::format(
            "{:02x}:{:02x}.{:x}{}{}", a->bus, a->slot, a->function, a->multifunction == true ? " multifunction" : "",
            a->zpci ? fmt::format(" uid {} fid {}", a->zpci->uid.value_or(0), a->zpci->fid.value_or(99)) : "");
    if (const auto* a = std::get_if<model::DriveAddress>(&*address))
        return fmt::format("drive {}-{}-{}-{}", a->controller, a->bus, a->target, a->unit);
    if (const auto* a = std::get_if<model::UsbAddress>(&*address)) return fmt::format("usb {}-{}", a->bus, a->port);
    if (const auto* a = std::get_if<model::VirtioSerialAddress>(&*address))
        return fmt::format("port {}-{}", a->controller, a->port.value_or(999));
    if (const auto* a = std::get_if<model::CcwAddress>(&*address); a && a->complete())
        return fmt::format("ccw {:x}.{:x}.{:04x}", *a->cssid, *a->ssid, *a->devno);
    if (const auto* a = std::get_if<model::SpaprVioAddress>(&*address))
        return fmt::format("spapr-vio {:x}", a->reg.value_or(0));
    if (std::holds_alternative<model::VirtioMmioAddress>(*address)) return "virtio-mmio";
    return "another";
}

// Alias → place, of all devices that have one.
inline std::map<std::string, std::string> places(model::Domain domain) {
    take(assign_aliases(domain));
    std::map<std::string, std::string> all;
    auto add = [&](const model::DeviceInfo& info) {
        if (info.address) all.emplace(info.alias, text(info.address));  // companions come after their controller
    };
    auto& d = domain.devices;
    auto each = [&](const auto& devices) {
        for (const auto& device : devices) add(device.info);
    };
    each(d.disks), each(d.controllers), each(d.interfaces), each(d.serials), each(d.channels), each(d.consoles),
        each(d.inputs);
    each(d.videos), each(d.watchdogs), each(d.rngs);
    if (d.memballoon) add(d.memballoon->info);
    return all;
}

inline std::string error_of(model::Domain domain, const Capabilities& capabilities = made_up_qemu()) {
    auto done = complete(domain, capabilities);
    return done ? "accepted" : done.error().message();
}
inline std::string error_of(const std::string& xml, const Capabilities& capabilities = made_up_qemu()) {
    return error_of(parse(xml), capabilities);
}

inline std::string disk(std::string_view name, std::string_view bus, std::string_view address = "",
                        std::string_view device = "disk") {
    return fmt::format("<disk type='file' device='{}'><source file='/{}'/><target dev='{}' bus='{}'/>{}</disk>", device,
                       name, name, bus, address);
}

// Definitions as people write them.
inline constexpr std::string_view q35_devices = R"(
  <disk type='file' device='disk'><driver name='qemu' type='qcow2' discard='unmap'/><source file='/images/root.qcow2'/>
    <target dev='vda' bus='virtio'/></disk>
  <disk type='file' device='cdrom'><source file='/images/install.iso'/><target dev='sda' bus='sata'/></disk>
  <interface type='user'><mac address='52:54:00:12:34:56'/><model type='virtio'/></interface>
  <serial type='pty'/>
  <channel type='unix'><target type='virtio' name='org.qemu.guest_agent.0'/></channel>
  <input type='tablet' bus='usb'/>
  <graphics type='vnc' port='-1'/>
  <video><model type='vga'/></video>
  <rng model='virtio'><backend model='random'>/dev/urandom</backend></rng>)";

inline constexpr std::string_view pc_devices = R"(
  <disk type='file' device='disk'><source file='/images/a.img'/><target dev='hda' bus='ide'/></disk>
  <disk type='file' device='disk'><source file='/images/b.img'/><target dev='sda' bus='scsi'/></disk>
  <disk type='file' device='disk'><source file='/images/c.img'/><target dev='sdb' bus='usb'/></disk>
  <disk type='file' device='floppy'><source file='/images/d.img'/><target dev='fda'/></disk>
  <interface type='user'><mac address='52:54:00:12:34:56'/><model type='e1000'/></interface>
  <serial type='pty'/><graphics type='vnc'/>)";

}  // namespace vireo::qemu::test
