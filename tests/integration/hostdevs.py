#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Devices of the host for guests. A test machine has few that could be given away: what is missing is said, by the
device's place in the definition and with what to do, and nothing was changed."""
import json
import os
import subprocess
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


class MadeUp(case.Case):
    """A machine that has it all, as far as files show it: trees of /sys and /dev in a mount namespace of the daemon's
    own, and a QEMU that tells what it was given."""
    PCI, USB_NODE = "0000:01:00.0", "bus/usb/001/004"

    def setUp(self):
        self.daemon = self.start_daemon(run=False)
        self.tree = os.path.join(self.daemon.folder, "machine")
        device = self.folder("sys/bus/pci/devices", self.PCI)
        self.file("0x020000", device, "class")
        self.file("(null)", device, "driver_override")
        self.folder("sys/bus/pci/drivers/vfio-pci")
        os.symlink("../../../../bus/pci/drivers/vfio-pci", os.path.join(device, "driver"))
        os.symlink("../../../../kernel/iommu_groups/7", os.path.join(device, "iommu_group"))
        self.folder("sys/kernel/iommu_groups/7/devices", self.PCI)
        usb = self.folder("sys/bus/usb/devices/1-2")
        for name, value in (("busnum", 1), ("devnum", 4), ("idVendor", "046d"), ("idProduct", "c52b"), ("devpath", 2)):
            self.file(value, usb, name)
        self.folder("sys/bus/scsi/devices/2:0:1:5/scsi_generic/sg3")
        mdev = self.folder("sys/bus/mdev/devices", MDEV)
        os.symlink("../../../../kernel/iommu_groups/12", os.path.join(mdev, "iommu_group"))
        for node in ("vfio/vfio", "vfio/7", "vfio/12", "sg3", self.USB_NODE, "vhost-scsi", "vhost-vdpa-0"):
            self.file("", self.folder("dev", os.path.dirname(node)), os.path.basename(node))
        script = ["set -e"]
        for node in ("null", "zero", "full", "random", "urandom", "tty", "ptmx", "kvm", "net/tun"):
            if os.path.exists("/dev/" + node):
                self.file("", self.folder("dev", os.path.dirname(node)), os.path.basename(node))
                script.append(f"mount --bind /dev/{node} {self.tree}/dev/{node}")
        self.folder("dev/pts")
        os.symlink("/proc/self/fd", self.tree + "/dev/fd")
        script += [f"mount --bind /dev/pts {self.tree}/dev/pts", f"mount --bind {self.tree}/sys/bus /sys/bus",
                   f"mount --bind {self.tree}/sys/kernel/iommu_groups /sys/kernel/iommu_groups",
                   f"mount --bind {self.tree}/dev /dev", 'exec "$@"']
        self.daemon.wrapper = ["unshare", "--mount", "--propagation", "private", "sh", "-c", "; ".join(script), "sh"]
        try:
            self.daemon.run()
        except AssertionError:
            if "mount" in self.daemon.log() or "unshare" in self.daemon.log():
                self.skipTest("no mount namespace for us: " + self.daemon.log()[-200:])
            raise
        self.fake = case.Fake(self.daemon, control="start.record=1")
        self.file("", self.fake.path + ".record")
        os.chmod(self.fake.path + ".record", 0o666)     # a QEMU of a user of its own writes there

    def folder(self, *parts):
        path = os.path.join(self.tree, *parts)
        os.makedirs(path, exist_ok=True)
        return path

    @staticmethod
    def file(text, *parts):
        with open(os.path.join(*parts), "w") as file:
            file.write(f"{text}\n" if text != "" else "")

    def define(self, name, devices):
        return self.daemon.define(guests.domain(name, devices=devices, emulator=self.fake.path))["uuid"]

    def given(self):
        """The command line of the last guest that was started, and what its descriptors are."""
        with open(self.fake.path + ".record") as record:
            last = json.loads(record.read().splitlines()[-1])
        pid = last["pid"]
        return last["argv"], {fd: os.readlink(f"/proc/{pid}/fd/{fd}") for fd in os.listdir(f"/proc/{pid}/fd")}

    USB = "<hostdev mode='subsystem' type='usb'><source><vendor id='0x046d'/><product id='0xc52b'/></source></hostdev>"
    SCSI = ("<hostdev mode='subsystem' type='scsi'><source><adapter name='scsi_host2'/><address bus='0' target='1' unit='5'/>"
            "</source></hostdev>")
    MEDIATED = f"<hostdev mode='subsystem' type='mdev' model='vfio-pci'><source><address uuid='{MDEV}'/></source></hostdev>"
    TARGET = "<hostdev mode='subsystem' type='scsi_host'><source protocol='vhost' wwpn='naa.5001405376e34ea1'/></hostdev>"
    VDPA = "<interface type='vdpa'><source dev='/dev/vhost-vdpa-0'/></interface>"

    @staticmethod
    def can_lock():
        """May QEMU's memory be locked, as devices that write to it need?"""
        return subprocess.run(["prlimit", f"--memlock={2 << 30}", "true"], stderr=subprocess.DEVNULL).returncode == 0

    def run_with(self, devices):
        uuid = self.define("one", devices)
        self.assertEqual(self.daemon.start("one", paused=True)["state"], "succeeded")
        argv, fds = self.given()
        opened = sorted(os.path.relpath(path, "/dev") for path in fds.values() if path.startswith("/dev/"))
        live = self.daemon.rpc("Domain.GetXML", domain="one", options={"kind": "live"})
        self.owners = {node: os.stat(os.path.join(self.tree, "dev", node)).st_uid for node in ("sg3", "vfio/7", "vfio/12")}
        self.daemon.destroy("one")
        self.nothing_left(self.daemon, uuid)
        for node in self.owners:
            self.assertEqual(os.stat(os.path.join(self.tree, "dev", node)).st_uid, 0, node)
        return " ".join(argv), [node for node in opened if node not in ("null", "kvm")], live

    def test_handed_over(self):
        line, opened, live = self.run_with(self.USB + self.SCSI + self.TARGET)
        self.assertIn('"filename":"/dev/sg3"', line)
        self.assertEqual(opened, [self.USB_NODE, "vhost-scsi"])
        self.assertRegex(live, r"<product id='0xc52b'/>\s*<address bus='1' device='4'/>")
        if os.geteuid() == 0:
            self.assertNotEqual(self.owners["sg3"], 0)      # QEMU opens that itself, as a user of its own

    def test_devices_that_write_to_memory(self):
        if not self.can_lock():
            self.define("one", pci(self.PCI))
            error = self.refused("AccessDenied", self.daemon.start, "one", paused=True)
            self.assertIn("has to lock 1152 MiB of memory", error.message)
            self.assertIn("LimitMEMLOCK", error.data["hint"])
            self.assertEqual(os.stat(os.path.join(self.tree, "dev/vfio/7")).st_uid, 0)
            self.skipTest("memory cannot be locked here: as far as that only")
        line, opened, _ = self.run_with(pci(self.PCI) + self.MEDIATED + self.VDPA)
        self.assertIn(f'"host":"{self.PCI}"', line)
        self.assertIn(f'"sysfsdev":"/sys/bus/mdev/devices/{MDEV}"', line)
        self.assertEqual(opened, ["vhost-vdpa-0"])
        if os.geteuid() == 0:
            self.assertNotEqual(self.owners["vfio/7"], 0)
            self.assertNotEqual(self.owners["vfio/12"], 0)

    def test_one_device_is_one_guests(self):
        rivals = {"two": (self.USB, "USB device 001/004"), "four": (self.SCSI, "SCSI device 2:0:1:5")}
        mine = self.USB + self.SCSI
        if self.can_lock():
            rivals["three"] = pci(self.PCI), f"PCI device {self.PCI}"
            mine += pci(self.PCI)
        uuids = [self.define("one", mine)] + [self.define(name, devices) for name, (devices, _) in rivals.items()]
        self.daemon.start("one", paused=True)
        for again in (False, True):
            for name, (_, words) in rivals.items():
                error = self.refused("InvalidState", self.daemon.start, name)
                self.assertIn(f"{words} is in use by the domain one", error.message)
            if not again:
                self.daemon.kill()
                self.daemon.run()
        self.daemon.destroy("one")
        for name in rivals:
            self.assertEqual(self.daemon.start(name, paused=True)["state"], "succeeded")
            self.daemon.destroy(name)
        for uuid in uuids:
            self.nothing_left(self.daemon, uuid)

    def test_binding_that_fails_is_undone(self):
        """This made-up kernel binds nothing: the device's own driver is to have it again."""
        device = os.path.join(self.tree, "sys/bus/pci/devices", self.PCI)
        os.unlink(os.path.join(device, "driver"))
        self.file("", self.tree, "sys/bus/pci/drivers_probe")
        uuid = self.define("one", pci(self.PCI))
        error = self.refused("SystemFailed", self.daemon.start, "one")
        self.assertIn(f"PCI device {self.PCI} was not taken by the driver vfio-pci", error.message)
        with open(os.path.join(device, "driver_override")) as override:
            self.assertEqual(override.read()[:1], "\n")     # a file keeps what is behind; the kernel would not
        self.nothing_left(self.daemon, uuid)
        self.define("two", pci(self.PCI, managed="no"))
        error = self.refused("InvalidState", self.daemon.start, "two")
        self.assertIn("is bound to no driver", error.message)


if __name__ == "__main__":
    case.main()
