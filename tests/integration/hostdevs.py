#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Devices of the host for guests. A test machine has few that could be given away: what is missing is said, by the
device's place in the definition and with what to do, and nothing was changed."""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
import case
import guests

UUID = "0d1f3c5a-60f2-4f7c-9c53-07a1b1f6c003"
MDEV = "53764d0e-85a0-42b4-af5c-2046b460b1dc"
NO_USB = "<hostdev mode='subsystem' type='usb'><source{}><vendor id='0xfffe'/><product id='0xfffe'/></source></hostdev>"


def address(place):
    """The attributes of an <address> for "0000:01:00.0"."""
    domain, bus, slot, function = place[:4], place[5:7], place[8:10], place[11:]
    return f"domain='0x{domain}' bus='0x{bus}' slot='0x{slot}' function='0x{function}'"


def pci(place, managed="yes"):
    return f"<hostdev mode='subsystem' type='pci' managed='{managed}'><source><address {address(place)}/></source></hostdev>"


def driver_of(place):
    try:
        return os.path.basename(os.readlink(f"/sys/bus/pci/devices/{place}/driver"))
    except OSError:
        return None


class HostDevices(case.Case):
    def setUp(self):
        self.daemon = self.start_daemon()

    def start_fails(self, devices, *words):
        made = self.daemon.define(guests.domain("one", devices=devices, uuid=UUID))
        with self.assertRaises(case.RpcError) as caught:
            self.daemon.start("one", paused=True)
        error = caught.exception
        text = f"{error.message} {error.data}"
        for word in words:
            self.assertIn(word, text)
        self.assertTrue(error.data.get("hint"), text)
        self.assertEqual(self.daemon.state("one")[0], "shut-off")
        self.nothing_left(self.daemon, made["uuid"])

    def test_pci_that_is_not_there(self):
        self.start_fails(NO_USB.format(" startupPolicy='optional'") + pci("00ff:1f:1f.7"), "devices/hostdev[2]",
                         "PCI device 00ff:1f:1f.7 is not on this host", "lspci")

    def test_pci_without_iommu(self):
        devices = sorted(os.listdir("/sys/bus/pci/devices")) if os.path.isdir("/sys/bus/pci/devices") else []
        kinds = {place: open(f"/sys/bus/pci/devices/{place}/class").read() for place in devices}
        device = next((p for p in devices if not kinds[p].startswith(("0x0604", "0x0609")) and
                       not os.path.exists(f"/sys/bus/pci/devices/{p}/iommu_group")), None)
        if device is None:
            self.skipTest("this host has no PCI device outside of IOMMU groups")
        before = {place: driver_of(place) for place in devices}
        self.start_fails(pci(device), "devices/hostdev[1]", f"PCI device {device}", "IOMMU")
        self.start_fails(f"<interface type='hostdev' managed='yes'><source><address type='pci' {address(device)}/></source></interface>",
                         "devices/interface[1]", device, "IOMMU")
        self.start_fails("<disk type='nvme' device='disk'><driver name='qemu' type='raw'/><source type='pci' managed='yes' "
                         f"namespace='1'><address {address(device)}/></source><target dev='vda' bus='virtio'/></disk>",
                         "devices/disk[1]", device, "IOMMU")
        self.assertEqual({place: driver_of(place) for place in devices}, before)

    def test_usb(self):
        self.start_fails(NO_USB.format(""), "devices/hostdev[1]", "USB device fffe:fffe is not on this host")
        self.start_fails(NO_USB.format(" startupPolicy='requisite'"), "USB device fffe:fffe is not on this host")

    def test_optional_usb_that_is_missing(self):
        made = self.daemon.define(guests.domain("one", devices=NO_USB.format(" startupPolicy='optional'"), uuid=UUID))
        self.assertEqual(self.daemon.start("one", paused=True)["state"], "succeeded")
        live = self.daemon.rpc("Domain.GetXML", domain="one", options={"kind": "live"})
        self.assertIn("missing='yes'", live)
        self.assertNotIn("missing", self.daemon.rpc("Domain.GetXML", domain="one", options={"kind": "persistent"}))
        with open(f"/proc/{self.daemon.info('one')['pid']}/cmdline") as line:
            self.assertNotIn("usb-host", line.read())
        self.daemon.destroy("one")
        self.nothing_left(self.daemon, made["uuid"])

    def test_the_others(self):
        self.start_fails("<hostdev mode='subsystem' type='scsi'><source><adapter name='scsi_host99'/>"
                         "<address bus='0' target='1' unit='5'/></source></hostdev>", "devices/hostdev[1]",
                         "SCSI device 99:0:1:5 is not on this host")
        self.start_fails(f"<hostdev mode='subsystem' type='mdev' model='vfio-pci'><source><address uuid='{MDEV}'/></source></hostdev>",
                         "devices/hostdev[1]", f"mediated device {MDEV} is not on this host")
        self.start_fails("<interface type='vdpa'><source dev='/dev/vhost-vdpa-99'/></interface>", "devices/interface[1]",
                         "/dev/vhost-vdpa-99")
        for node, devices, words in (
                ("/dev/vhost-scsi", "<hostdev mode='subsystem' type='scsi_host'><source protocol='vhost' "
                 "wwpn='naa.5001405376e34ea1'/></hostdev>", ("devices/hostdev[1]", "modprobe vhost_scsi")),
                ("/dev/vhost-vsock", "<vsock><cid auto='yes'/></vsock>", ("devices/vsock", "modprobe vhost_vsock"))):
            if not os.path.exists(node):
                self.start_fails(devices, node, *words)

    def test_vsock(self):
        if not os.access("/dev/vhost-vsock", os.R_OK | os.W_OK):
            self.skipTest("no /dev/vhost-vsock for us")
        cids = set()
        for name in ("one", "two"):
            self.daemon.define(guests.domain(name, devices="<vsock><cid auto='yes'/></vsock>"))
            self.assertEqual(self.daemon.start(name, paused=True)["state"], "succeeded")
            live = self.daemon.rpc("Domain.GetXML", domain=name, options={"kind": "live"})
            cids.add(live.split("<cid", 1)[1].split("address='", 1)[1].split("'", 1)[0])
        self.assertEqual(len(cids), 2)


if __name__ == "__main__":
    case.main()
