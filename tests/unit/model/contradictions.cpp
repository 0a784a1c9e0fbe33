// SPDX-License-Identifier: LGPL-2.1-or-later
// Definitions that are well-formed and make no sense: each with its own sentence.
#include "documents.hpp"
#include "model/validate.hpp"

#include <boost/test/unit_test.hpp>

using namespace vireo;
using namespace vireo::model;
using namespace vireo::model::test;

namespace {
// The contradiction of a small guest with this in place of its <os> and <features>.
std::string with_os(std::string_view os, std::string_view features = "<acpi/>", std::string_view machine = "q35") {
    auto xml = changed(small_guest, "<os>\n    <type arch='x86_64' machine='q35'>hvm</type>\n  </os>", os);
    xml = changed(xml, "<TYPE/>", "<type arch='x86_64' machine='" + std::string(machine) + "'>hvm</type>");
    return refusal(changed(xml, "<acpi/>", features));
}
void expect(const std::string& message, std::string_view part) {
    BOOST_TEST(message.contains(part), "'" << message << "' says nothing of '" << part << "'");
}
void good(const std::string& message) {
    BOOST_TEST(message.empty(), message);
}
}  // namespace

BOOST_AUTO_TEST_SUITE(contradictions)

BOOST_AUTO_TEST_CASE(names) {
    BOOST_TEST(validate_name("Windows 11 (test), ü").has_value());
    BOOST_TEST(validate_name(std::string(255, 'x')).has_value());
    for (const std::string name : {"", "  ", "a/b", "a\nb", ".", "..", "a\x7f"})
        BOOST_TEST(!validate_name(name).has_value());
    BOOST_TEST(!validate_name(std::string(256, 'x')).has_value());
    expect(refusal(changed(small_guest, "small<", "a/b<")), "the name 'a/b' must not contain '/'");
}

BOOST_AUTO_TEST_CASE(basics) {
    good(refusal(changed(small_guest, "</memory>", "</memory><currentMemory unit='GiB'>1</currentMemory>")));
    expect(refusal(changed(small_guest, "<vcpu>", "<vcpu current='2'>")), "current (2) is more than the maximum (1)");
    expect(refusal(changed(small_guest, "<memory", "<title>a\nb</title><memory")), "the title must be one line");
    expect(refusal(changed(small_guest, "<memory", "<uuid>00000000-0000-0000-0000-000000000000</uuid><memory")),
           "identifies nothing");
    expect(refusal(changed(small_guest, "/usr/bin", "usr/bin")),
           "devices/emulator: 'usr/bin/qemu-system-x86_64' must be an absolute path");
    expect(refusal(changed(small_guest, "<devices>", "<on_reboot>rename-restart</on_reboot><devices>")),
           "rename-restart");
}

BOOST_AUTO_TEST_CASE(firmware_that_is_chosen) {
    good(with_os("<os firmware='efi'><TYPE/></os>"));
    good(with_os("<os firmware='bios'><TYPE/></os>"));
    good(with_os("<os firmware='efi'><TYPE/><loader secure='yes'/></os>"));
    good(with_os("<os firmware='efi'><TYPE/><loader stateless='yes'/></os>"));
    good(with_os("<os firmware='efi'><TYPE/><nvram>/n</nvram></os>"));
    // as a dump records what was chosen
    good(
        with_os("<os firmware='efi'><TYPE/><loader readonly='yes' type='pflash'>/f</loader><nvram "
                "template='/t'>/n</nvram></os>"));
    expect(with_os("<os firmware='efi'><TYPE/><loader>/f</loader></os>"), "a loader's path cannot be given");
    expect(with_os("<os firmware='efi'><TYPE/><loader type='pflash'/></os>"), "attribute 'type' cannot be given");
    expect(with_os("<os firmware='efi'><TYPE/><loader readonly='yes'/></os>"), "attribute 'readonly' cannot be given");
    expect(with_os("<os firmware='efi'><TYPE/><loader secure='no'/></os>"), "attribute 'secure' cannot be given");
    expect(with_os("<os firmware='efi'><TYPE/><nvram template='/t'/></os>"),
           "template is chosen together with the firmware");
    expect(with_os("<os firmware='bios'><TYPE/><nvram>/n</nvram></os>"), "firmware='bios' has no NVRAM");
    expect(with_os("<os firmware='bios'><TYPE/><loader stateless='no'/></os>"), "only EFI firmware has NVRAM");
    expect(with_os("<os firmware='uboot'><TYPE/></os>"), "'uboot' is not supported (supported: bios, efi)");
}

BOOST_AUTO_TEST_CASE(firmware_wishes) {
    const auto feature = [](std::string_view name, std::string_view enabled) {
        return "<feature enabled='" + std::string(enabled) + "' name='" + std::string(name) + "'/>";
    };
    good(with_os("<os firmware='efi'><TYPE/><firmware>" + feature("enrolled-keys", "yes") + "</firmware></os>"));
    expect(with_os("<os><TYPE/><firmware>" + feature("secure-boot", "no") + "</firmware></os>"),
           "the automatic choice, which is off");
    expect(with_os("<os firmware='efi'><TYPE/><firmware>" + feature("enrolled-keys", "yes") +
                   feature("secure-boot", "no") + "</firmware></os>"),
           "'enrolled-keys' cannot be enabled when 'secure-boot' is disabled");
    expect(with_os("<os firmware='efi'><TYPE/><firmware>" + feature("secure-boot", "no") +
                   feature("secure-boot", "no") + "</firmware></os>"),
           "'secure-boot' is given twice");
    expect(
        with_os("<os firmware='efi'><TYPE/><firmware>" + feature("foo", "no") + "</firmware></os>"),
        "/domain/os/firmware/feature/@name: 'foo' is not supported (supported: enrolled-keys, secure-boot, acpi-s3,");
}

BOOST_AUTO_TEST_CASE(firmware_of_ones_own) {
    const std::string pflash = "<loader readonly='yes' type='pflash'>/f</loader>";
    good(with_os("<os><TYPE/>" + pflash + "</os>"));
    good(with_os("<os><TYPE/>" + pflash + "<nvram template='/t'>/n</nvram></os>"));
    good(with_os("<os><TYPE/><loader>/bios.bin</loader></os>", ""));
    expect(with_os("<os><TYPE/><nvram>/n</nvram></os>"), "NVRAM without firmware");
    expect(with_os("<os><TYPE/><loader type='pflash'/></os>"), "the loader has no path");
    expect(with_os("<os><TYPE/><loader type='rom'>/f</loader><nvram>/n</nvram></os>"),
           "only a loader of type pflash has NVRAM");
    expect(with_os("<os><TYPE/><loader stateless='no'>/f</loader></os>"), "only a loader of type pflash has NVRAM");
    expect(with_os("<os><TYPE/><loader type='pflash' stateless='yes'>/f</loader><nvram>/n</nvram></os>"),
           "NVRAM is not possible");
    expect(with_os("<os><TYPE/><loader type='pflash' stateless='yes'>/f</loader><nvram template='/t'/></os>"),
           "an NVRAM template is not possible");
    expect(with_os("<os><TYPE/><loader type='pflash'>f</loader></os>"), "'f' must be an absolute path");
    expect(with_os("<os><TYPE/>" + pflash + "</os>", ""), "UEFI needs ACPI");
    const std::string secure = "<os><TYPE/><loader readonly='yes' secure='yes' type='pflash'>/f</loader></os>";
    good(with_os(secure, "<acpi/><smm state='on'/>"));
    expect(with_os(secure), "secure='yes' needs the SMM feature");
    expect(with_os(secure, "<acpi/><smm state='off'/>"), "secure='yes' needs the SMM feature");
    expect(with_os(secure, "<acpi/><smm state='on'/>", "pc"), "secure='yes' needs a q35 machine, not 'pc'");
    expect(with_os("<os firmware='efi'><TYPE/><loader secure='yes'/></os>", "<acpi/><smm state='off'/>"),
           "needs the SMM feature");
    expect(with_os("<os><TYPE/></os>", "<smm state='on'/>", "pc-i440fx-7.2"), "SMM is for q35 machines only");
}

BOOST_AUTO_TEST_CASE(kernels_and_boot_order) {
    good(with_os("<os><TYPE/><kernel>/k</kernel><initrd>/i</initrd><cmdline>console=ttyS0</cmdline></os>"));
    expect(with_os("<os><TYPE/><initrd>/i</initrd></os>"), "an initrd needs a kernel");
    expect(with_os("<os><TYPE/><cmdline>quiet</cmdline></os>"), "command line needs a kernel");
    const auto nic = with_device(
        "<interface type='user'><boot order='1'/></interface><interface type='user'><boot order='1'/></interface>");
    expect(refusal(nic), "two devices have the boot order 1");
    expect(refusal(changed(nic, "</os>", "<boot dev='hd'/></os>")), "cannot be used together with <boot> in <os>");
}

BOOST_AUTO_TEST_CASE(cpus_and_clocks) {
    const auto cpu = [](std::string_view xml) {
        return refusal(changed(small_guest, "<devices>", std::string(xml) + "<devices>"));
    };
    good(cpu("<cpu mode='maximum' migratable='on'/>"));
    good(cpu("<cpu><topology sockets='1' cores='1' threads='1'/></cpu>"));
    expect(cpu("<cpu mode='custom'/>"), "needs a model");
    expect(cpu("<cpu mode='maximum'><model>qemu64</model></cpu>"), "contradicts mode='maximum'");
    expect(cpu("<cpu mode='host-passthrough'/>"), "needs type='kvm'");
    expect(cpu("<cpu mode='maximum' match='exact'/>"), "match is for mode='custom'");
    expect(cpu("<cpu mode='custom' migratable='on'><model>qemu64</model></cpu>"), "migratable is for");
    expect(cpu("<cpu><topology sockets='2' cores='1' threads='1'/></cpu>"), "the topology has 2 CPUs, vcpu says 1");
    expect(cpu("<cpu mode='custom'><model>qemu64</model><feature name='a'/><feature name='a'/></cpu>"),
           "'a' is given twice");
    good(cpu("<clock offset='utc' adjustment='reset'/>"));
    good(cpu("<clock offset='absolute' start='0'/>"));
    expect(cpu("<clock offset='utc' basis='utc'/>"), "for offset='variable'");
    expect(cpu("<clock offset='timezone' timezone='UTC' adjustment='5'/>"), "variable, utc and localtime");
    expect(cpu("<clock offset='variable' adjustment='reset'/>"), "adjustment='reset' is for");
    expect(cpu("<clock offset='absolute'/>"), "belong together");
    expect(cpu("<clock offset='timezone'/>"), "belong together");
    expect(cpu("<clock offset='utc'><timer name='rtc'/><timer name='rtc'/></clock>"), "the timer rtc is given twice");
    expect(cpu("<clock offset='utc'><timer name='rtc' tickpolicy='merge'/></clock>"), "cannot have tickpolicy='merge'");
    expect(cpu("<clock offset='utc'><timer name='pit' track='guest'/></clock>"), "has no track");
}

BOOST_AUTO_TEST_CASE(disks) {
    const auto disk = [](std::string_view device, std::string_view inside) {
        return refusal(
            with_device("<disk type='file' device='" + std::string(device) + "'>" + std::string(inside) + "</disk>"));
    };
    const std::string source = "<source file='/d'/>";
    good(disk("disk", source + "<target dev='vda'/>"));
    good(disk("floppy", "<target dev='fda'/>"));
    expect(disk("disk", "<target dev='vda'/>"), "disk 'vda' has no source file");
    expect(disk("disk", source + "<target dev='vda1'/>"), "disk 'vda1' is not a possible target name");
    expect(disk("cdrom", "<target dev='vda' bus='virtio'/>"), "CD-ROM drive on the bus virtio");
    expect(disk("floppy", "<target dev='sda' bus='usb'/>"), "fdc is for floppy drives");
    expect(disk("disk", source + "<target dev='sda' bus='sata'/><readonly/>"), "is read-only");
    expect(disk("disk", source + "<target dev='vda' tray='open'/>"), "has a tray");
    expect(disk("disk", "<source file='d'/><target dev='vda'/>"), "'d' must be an absolute path");
    expect(disk("disk", "<driver io='native'/>" + source + "<target dev='vda'/>"), "io='native', which needs cache");
    expect(disk("disk", "<driver type='qcow2'/>" + source + "<target dev='vda'/><shareable/>"), "needs the format raw");
    expect(disk("disk", source + "<target dev='vda'/><serial>a,b</serial>"), "has a serial with characters");
    expect(disk("disk", source + "<target dev='sda'/><wwn>12</wwn>"), "16 hexadecimal digits");
    expect(disk("disk", source + "<target dev='vda'/></disk><disk>" + source + "<target dev='vda'/>"),
           "two disks have the target 'vda'");
    expect(disk("disk", source + "<target dev='sda' bus='sata'/><address type='pci'/>"),
           "cannot have an address of type 'pci'");
}

BOOST_AUTO_TEST_CASE(places) {
    const auto nic = [](std::string_view inside) {
        return "<interface type='user'>" + std::string(inside) + "</interface>";
    };
    const std::string there = "<address type='pci' bus='1' slot='0'/>";
    expect(refusal(with_device(nic(there) + nic(there))), "its address of type 'pci' (0000:01:00.0) is already taken");
    good(refusal(with_device(nic("<address type='pci'/>") + nic("<address type='pci'/>"))));  // both to be chosen
    expect(refusal(with_device(nic("<alias name='ua-x'/>") + nic("<alias name='ua-x'/>"))),
           "two devices have the alias 'ua-x'");
    good(refusal(with_device(nic("<alias name='net0'/>") + nic("<alias name='net0'/>"))));  // a running domain's own
    expect(refusal(with_device(nic("<alias name='a,b'/>"))), "the alias 'a,b' has characters");
    expect(refusal(with_device(nic("<mac address='53:54:00:00:00:01'/>"))), "the address of a group");
    const auto drive = [](std::string_view dev, std::string_view bus) {
        return "<disk device='cdrom'><target dev='" + std::string(dev) + "' bus='" + std::string(bus) +
               "'/><address type='drive'/></disk>";
    };
    expect(refusal(with_device(drive("sda", "sata") + drive("sdb", "sata"))),
           "its address of type 'drive' (controller 0, bus 0, target 0, unit 0) is already taken");
    good(refusal(with_device(drive("sda", "sata") + drive("sdb", "scsi"))));
    // the first console is the first serial under another name: one alias, one address
    const std::string same = "<alias name='serial0'/><address type='isa' iobase='0x3f8'/>";
    good(refusal(with_device("<serial type='pty'>" + same + "</serial><console type='pty'>" + same + "</console>")));
}

BOOST_AUTO_TEST_CASE(controllers) {
    const auto devices = [](std::string_view xml) { return refusal(with_device(xml)); };
    expect(devices("<controller type='sata' index='0'/><controller type='sata' index='0'/>"),
           "two controllers of type sata have the index 0");
    expect(devices("<controller type='usb' model='pcie-root'/>"), "it cannot have the model 'pcie-root'");
    expect(devices("<controller type='usb' model='qemu-xhci' ports='16'/>"), "at most 15 ports");
    expect(devices("<controller type='pci' index='0' model='pcie-root-port'/>"), "must be pci-root or pcie-root");
    expect(devices("<controller type='pci' index='1'/>"), "it needs a model");
    expect(devices("<controller type='usb' model='none'/><input type='tablet' bus='usb'/>"), "an input needs USB");
    expect(devices("<controller type='sata' vectors='3'/>"), "only virtio-serial has vectors");
}

BOOST_AUTO_TEST_CASE(the_other_devices) {
    const auto devices = [](std::string_view xml) { return refusal(with_device(xml)); };
    good(devices("<channel type='unix'><target type='virtio' name='org.qemu.guest_agent.0'/></channel>"));
    expect(devices("<serial type='unix'/>"), "serial of type unix: it needs a source with a path");
    expect(devices("<serial type='file'/>"), "serial of type file: it needs a source with a path");
    expect(devices("<serial type='tcp'><source mode='connect' service='1'/></serial>"),
           "it needs a source with a host");
    expect(devices("<serial type='pty'><source host='h'/></serial>"), "serial of type pty: it has no host");
    expect(devices("<serial type='null'><source path='/x'/></serial>"), "serial of type null: it has no path");
    expect(devices("<console type='pty'/><console type='pty'><target type='serial'/></console>"),
           "only the first console");
    expect(devices("<input type='tablet' bus='ps2'/>"), "a tablet cannot be on the bus ps2");
    expect(devices("<graphics type='vnc' port='80'/>"), "is below 5900");
    expect(devices("<graphics type='vnc' listen='::1'><listen type='address' address='127.0.0.1'/></graphics>"),
           "contradicts the element <listen>");
    expect(devices("<graphics type='vnc'/><graphics type='vnc'/>"), "only one of each type");
    expect(devices("<video><model type='none'/></video><video><model type='vga'/></video>"),
           "'none' must be the only one");
    expect(devices("<video><model type='vga' ram='1'/></video>"), "ram and vgamem are for qxl");
    expect(devices("<video><model type='vga' heads='2'/></video>"), "vga has one head");
    expect(devices("<rng model='virtio'><backend model='builtin'>/dev/random</backend></rng>"),
           "holds text where only elements belong");
}

BOOST_AUTO_TEST_SUITE_END()
