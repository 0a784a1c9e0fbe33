#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Devices whose other half a start makes or finds on the host: overlays of transient disks, shared memory, displays
without a port, the account of a label."""
import array
import json
import os
import pwd
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import unittest
import uuid as uuids

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
import case
import guests
from vireo import wait_for

UUID = str(uuids.uuid4())    # its own in each run: guests are found by it


def arguments_of(pid):
    with open(f"/proc/{pid}/cmdline", "rb") as file:
        return file.read().decode(errors="replace").rstrip("\0").split("\0")


def displays():
    return subprocess.run(["qemu-system-x86_64", "-display", "help"], capture_output=True, text=True).stdout.split()


class Devices(case.Case):
    def setUp(self):
        self.daemon = self.start_daemon()

    def started(self, devices="", **more):
        self.daemon.define(guests.bios("one", devices=devices, uuid=UUID, **more))
        self.daemon.start("one", paused=True)
        return self.daemon.info("one")["pid"]

    def off(self):
        self.daemon.destroy("one")
        self.nothing_left(self.daemon, UUID)

    # Transient disks
    def disk(self, path, kind="raw", inner="<transient/>", target="vda"):
        return f"<disk type='file' device='disk'><driver name='qemu' type='{kind}'/><source file='{path}'/><target dev='{target}' bus='virtio'/>{inner}</disk>"

    def test_transient_disks(self):
        raw, image = (os.path.join(self.daemon.folder, name) for name in ("disk.raw", "disk.qcow2"))
        with open(raw, "wb") as file:
            file.write(b"what was there" * 1000)
            file.truncate((3 << 30) + 1024)
        subprocess.run(["qemu-img", "create", "-q", "-f", "qcow2", image, "700M"], check=True)
        before = os.stat(raw).st_mtime_ns, os.stat(image).st_mtime_ns
        overlays = os.path.join(self.daemon.data_folder, "transient", UUID)
        pid = self.started(self.disk(raw) + self.disk(image, "qcow2", target="vdb"))
        self.assertEqual(sorted(os.listdir(overlays)), ["vda.qcow2", "vdb.qcow2"])
        for name, size in (("vda.qcow2", (3 << 30) + 1024), ("vdb.qcow2", 700 << 20)):
            info = json.loads(subprocess.run(["qemu-img", "info", "-U", "--output=json", os.path.join(overlays, name)], check=True, capture_output=True).stdout)
            self.assertEqual((info["format"], info["virtual-size"]), ("qcow2", size))
            subprocess.run(["qemu-img", "check", "-q", "-U", os.path.join(overlays, name)], check=True)
        # Only the overlays are open for writing.
        for fd in os.listdir(f"/proc/{pid}/fd"):
            target = os.readlink(f"/proc/{pid}/fd/{fd}")
            if target in (raw, image):
                with open(f"/proc/{pid}/fdinfo/{fd}") as info:
                    flags = int(next(line for line in info if line.startswith("flags:")).split()[1], 8)
                self.assertEqual(flags & os.O_ACCMODE, os.O_RDONLY)
        self.off()
        self.assertFalse(os.path.exists(overlays))
        self.assertEqual((os.stat(raw).st_mtime_ns, os.stat(image).st_mtime_ns), before)

    def test_a_guest_that_writes(self):
        """The firmware of a guest writes to its disk what is gone at the next start."""
        disk = os.path.join(self.daemon.folder, "efi.img")
        with open(disk, "wb") as file:
            file.truncate(64 << 20)
        subprocess.run(["mformat", "-i", disk, "-F", "::"], check=True)
        with open(disk, "rb") as file:
            before = file.read()
        self.daemon.define(guests.uefi("one", devices=self.disk(disk), uuid=UUID))
        for _ in range(2):
            self.daemon.start("one")
            console = self.daemon.console("one")
            self.addCleanup(console.close)
            shell = guests.Shell(console).ready()
            self.assertNotIn("was-here", shell.run("ls fs0:\\"))
            shell.run("mkdir fs0:\\was-here")
            self.assertIn("was-here", shell.run("ls fs0:\\"))
            self.daemon.destroy("one")
        self.nothing_left(self.daemon, UUID)
        with open(disk, "rb") as file:
            self.assertTrue(file.read() == before)

    # Shared memory
    def test_shared_memory(self):
        name = f"vireo-test-{os.getpid()}"
        path = f"/dev/shm/{name}"
        self.addCleanup(lambda: os.path.exists(path) and os.unlink(path))
        pid = self.started(f"<shmem name='{name}'><model type='ivshmem-plain'/><size unit='M'>4</size></shmem>")
        with open(f"/proc/{pid}/maps") as maps:
            self.assertIn(path, maps.read())
        self.off()

    def test_shared_memory_of_a_server(self):
        folder = tempfile.mkdtemp(prefix="vireo-test-")
        self.addCleanup(os.rmdir, folder)
        os.chmod(folder, 0o755)
        path = os.path.join(folder, "shmem.sock")
        server = socket.socket(socket.AF_UNIX)
        self.addCleanup(server.close)
        self.addCleanup(os.unlink, path)
        server.bind(path)
        os.chmod(path, 0o777)
        server.listen()
        memory = os.memfd_create("shmem")
        self.addCleanup(os.close, memory)
        os.ftruncate(memory, 4 << 20)
        peers = []

        def serve():
            """QEMU's docs/specs/ivshmem-spec.txt: version, the client's id, the memory, then the client's own bell."""
            peer, _ = server.accept()
            peers.append(peer)
            bell = os.eventfd(0)
            for number, fd in ((0, None), (7, None), (-1, memory), (7, bell)):
                control = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", [fd]))] if fd is not None else []
                peer.sendmsg([struct.pack("<q", number)], control)
            os.close(bell)
        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        pid = self.started(f"<shmem name='anything'><model type='ivshmem-doorbell'/><server path='{path}'/><msi vectors='1'/></shmem>")
        thread.join(10)
        wait_for(lambda: "memfd:shmem" in open(f"/proc/{pid}/maps").read(), "the memory to be mapped", 10)
        self.off()
        for peer in peers:
            peer.close()

    # Displays
    @unittest.skipUnless("dbus" in displays(), "a QEMU without this display")
    def test_display_on_a_bus(self):
        pid = self.started("<graphics type='dbus' p2p='yes'/><video><model type='vga'/></video>")
        self.assertIn("dbus,p2p=on", arguments_of(pid))
        self.off()
        self.daemon.define(guests.bios("one", devices="<graphics type='dbus'/>", uuid=UUID))
        error = self.refused("Unsupported", self.daemon.start, "one")
        self.assertIn("devices/graphics[1]", error.message)

    def test_display_without_a_place(self):
        """QEMU itself says what it lacks: a screen, or something that draws."""
        for kind, more in (("sdl", ""), ("egl-headless", "<graphics type='vnc'/>")):
            self.daemon.define(guests.bios("one", devices=f"<graphics type='{kind}'/>{more}", uuid=UUID))
            try:
                self.daemon.start("one", paused=True)
                self.assertIn(kind, arguments_of(self.daemon.info("one")["pid"]))
                self.daemon.destroy("one")
            except case.RpcError as error:
                self.assertEqual(error.name, "HypervisorFailed")
            self.nothing_left(self.daemon, UUID)

    # Accounts
    def labelled(self, label):
        return f"<seclabel type='static' model='dac' relabel='no'><label>{label}</label></seclabel>"

    @unittest.skipUnless(os.geteuid() == 0, "only root runs guests as others")
    def test_account_of_a_label(self):
        other = pwd.getpwnam("daemon")
        for label in (f"+{other.pw_uid}:+{other.pw_gid}", "daemon:daemon"):
            pid = self.started("<serial type='pty'/>", more=self.labelled(label))
            self.daemon.console("one").close()
            self.assertEqual((os.stat(f"/proc/{pid}").st_uid, os.stat(f"/proc/{pid}").st_gid), (other.pw_uid, other.pw_gid))
            self.off()
        for label, name in (("root:root", "InvalidConfig"), ("no-such-user:+1", "NotFound")):
            self.daemon.define(guests.bios("one", more=self.labelled(label), uuid=UUID))
            self.refused(name, self.daemon.start, "one")
        self.started(more="<seclabel type='dynamic' model='dac' relabel='yes'/><seclabel type='none' model='selinux'/>")
        self.off()

    def test_labels_of_a_module_that_is_not_there(self):
        self.daemon.define(guests.bios("one", more="<seclabel type='dynamic' model='smack' relabel='yes'/>", uuid=UUID))
        error = self.refused("Unsupported", self.daemon.start, "one")
        self.assertIn("seclabel[1]", error.message)
        self.assertIn("smack", error.message)

    # The host's TPM
    @unittest.skipIf(os.path.exists("/dev/tpm0"), "this host has one")
    def test_no_tpm(self):
        self.daemon.define(guests.bios("one", devices="<tpm model='tpm-tis'><backend type='passthrough'><device path='/dev/tpm0'/></backend></tpm>", uuid=UUID))
        error = self.refused("NotFound", self.daemon.start, "one")
        self.assertIn("/dev/tpm0", error.message)
        self.nothing_left(self.daemon, UUID)


if __name__ == "__main__":
    case.main()
