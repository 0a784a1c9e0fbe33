#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Machines with many kinds of devices, started for real and paused: QEMU takes all of it, each start is the same
hardware, and a device that is added moves no other."""
import os
import re
import sys
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
import case

UUID = "5d0b4f4e-7a43-4c36-8c5d-1f0a3d6b9a10"
Q35 = """
<iothreads>1</iothreads><os><type arch='x86_64' machine='q35'>hvm</type></os><features><acpi/><apic/></features>
<cpu mode='custom'><model>Nehalem</model><topology sockets='1' cores='2' threads='1'/></cpu><devices>
<disk type='file' device='disk'><driver name='qemu' type='raw' iothread='1'/><source file='{disk}'/><target dev='vda' bus='virtio'/>
  <iotune><total_iops_sec>100</total_iops_sec></iotune></disk>
<disk type='file' device='cdrom'><target dev='sda' bus='sata'/></disk>
<disk type='file' device='disk'><driver name='qemu' type='raw'/><source file='{other}'/><target dev='sdb' bus='scsi'/></disk>
<controller type='scsi' model='virtio-scsi'/><controller type='usb' model='qemu-xhci'/>
<interface type='user'><model type='virtio'/></interface><interface type='user'><model type='e1000e'/></interface>
<serial type='pty'/><channel type='unix'><target type='virtio' name='org.qemu.guest_agent.0'/></channel>
<channel type='spicevmc'><target type='virtio' name='com.redhat.spice.0'/></channel>
<input type='tablet' bus='usb'/><input type='keyboard' bus='virtio'/><graphics type='spice' autoport='yes'/>
<sound model='ich9'/><video><model type='qxl'/></video><video><model type='virtio'/></video><redirdev bus='usb' type='spicevmc'/>
<watchdog model='i6300esb' action='reset'/><memballoon model='virtio'/>
<rng model='virtio'><backend model='random'>/dev/urandom</backend></rng><panic model='isa'/><iommu model='intel'/>{more}</devices>"""
PC = """
<os><type arch='x86_64' machine='pc'>hvm</type><bootmenu enable='yes'/></os><features><acpi/><apic/><pae/></features><devices>
<disk type='file' device='disk'><driver name='qemu' type='raw'/><source file='{disk}'/><target dev='hda' bus='ide'/></disk>
<disk type='file' device='floppy'><driver name='qemu' type='raw'/><source file='{other}'/><target dev='fda' bus='fdc'/><readonly/></disk>
<controller type='scsi' model='lsilogic'/><controller type='usb' model='ich9-ehci1'/>
<controller type='usb' model='ich9-uhci1'><master startport='0'/></controller>
<interface type='user'><model type='rtl8139'/></interface><serial type='pty'/><console type='pty'><target type='virtio'/></console>
<input type='tablet' bus='usb'/><hub type='usb'/><graphics type='vnc'/><graphics type='spice'/><sound model='ac97'/><sound model='es1370'/>
<video><model type='cirrus'/></video><smartcard mode='passthrough' type='spicevmc'/><watchdog model='ib700' action='poweroff'/>
<memballoon model='virtio-transitional'/><rng model='virtio-non-transitional'><backend model='builtin'/></rng><panic model='isa'/>{more}</devices>"""
MICROVM = """
<os><type arch='x86_64' machine='microvm'>hvm</type></os><devices>
<disk type='file' device='disk'><driver name='qemu' type='raw'/><source file='{disk}'/><target dev='vda' bus='virtio'/></disk>
<interface type='user'><model type='virtio'/></interface><serial type='pty'/>
<rng model='virtio'><backend model='random'>/dev/urandom</backend></rng>{more}</devices>"""
ARM = """
<os firmware='efi'><type arch='aarch64' machine='virt'>hvm</type><firmware><feature enabled='no' name='secure-boot'/></firmware></os>
<features><acpi/><gic version='3'/></features><cpu mode='custom'><model>cortex-a57</model></cpu><devices>
<disk type='file' device='disk'><driver name='qemu' type='raw'/><source file='{disk}'/><target dev='vda' bus='virtio'/></disk>
<disk type='file' device='cdrom'><target dev='sda' bus='scsi'/></disk>
<controller type='scsi' model='virtio-scsi'/><controller type='usb' model='qemu-xhci'/>
<interface type='user'><model type='virtio'/></interface><serial type='pty'/>
<channel type='unix'><target type='virtio' name='org.qemu.guest_agent.0'/></channel>
<input type='tablet' bus='usb'/><input type='keyboard' bus='usb'/><graphics type='vnc'/><video><model type='virtio'/></video>
<rng model='virtio'><backend model='random'>/dev/urandom</backend></rng><memballoon model='virtio'/><iommu model='smmuv3'/>{more}</devices>"""
ADDED = "<rng model='virtio'><backend model='builtin'/></rng>"


def places(xml):
    """By alias or order of appearance: each element that has an address, with it."""
    return re.findall(r"<address type='(?:pci|drive|usb|virtio-serial|ccid|virtio-mmio)'[^>]*>", xml)


class Hardware(case.Case):
    def setUp(self):
        self.daemon = self.start_daemon()
        self.files = {}
        for name in ("disk", "other"):
            self.files[name] = os.path.join(self.daemon.folder, name + ".img")
            with open(self.files[name], "wb") as image:
                image.truncate(4 << 20)

    def started(self, xml):
        """Starts it paused; the definition as it runs."""
        made = self.daemon.define(xml)
        self.daemon.start("one", paused=True)
        live = self.daemon.rpc("Domain.GetXML", domain="one", options={"kind": "live"})
        self.assertEqual(self.daemon.state("one"), ("paused", "user"))
        self.daemon.destroy("one")
        return made, live

    def same_hardware(self, template, vcpus=1):
        head = f"<domain type='qemu'><name>one</name><uuid>{UUID}</uuid><memory unit='MiB'>256</memory><vcpu>{vcpus}</vcpu>"
        made, first = self.started(head + template.format(more="", **self.files) + "</domain>")
        self.assertGreater(len(places(first)), 3)
        stored = self.daemon.rpc("Domain.GetXML", domain="one")
        _, second = self.started(stored)
        self.assertEqual(places(first), places(second))
        _, third = self.started(stored.replace("</devices>", ADDED + "</devices>"))
        before = places(first)
        after = places(third)
        self.assertGreaterEqual(len(after), len(before))
        self.assertEqual([place for place in before if place not in after], [])
        self.nothing_left(self.daemon, made["uuid"])

    def test_q35(self):
        self.same_hardware(Q35, vcpus=2)

    def test_pc(self):
        self.same_hardware(PC)

    def test_microvm(self):
        self.same_hardware(MICROVM)

    @unittest.skipUnless(os.path.exists("/usr/bin/qemu-system-aarch64") and os.path.exists("/usr/share/AAVMF/AAVMF_CODE.fd"),
                         "no aarch64 QEMU and firmware")
    def test_arm_virt(self):
        self.same_hardware(ARM, vcpus=2)


if __name__ == "__main__":
    case.main()
