#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Folders of the host behind virtiofs: each has a virtiofsd that QEMU has connected to and that ends with it."""
import os
import sys
import unittest
import uuid as uuids

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
import case
import guests
from vireo import wait_for

UUID = str(uuids.uuid4())    # its own in each run: guests are found by it
PROGRAM = next((p for p in ("/usr/libexec/virtiofsd", "/usr/lib/qemu/virtiofsd") if os.path.exists(p)), None)
SHARED = "<memoryBacking><source type='memfd'/><access mode='shared'/></memoryBacking>"


def arguments_of(pid):
    with open(f"/proc/{pid}/cmdline", "rb") as file:
        return file.read().decode(errors="replace").rstrip("\0").split("\0")


@unittest.skipUnless(PROGRAM, "no virtiofsd")
@unittest.skipUnless(os.geteuid() == 0, "virtiofsd shuts itself in, which only root can")
class Virtiofs(case.Case):
    def setUp(self):
        self.daemon = self.start_daemon()
        self.folder = os.path.join(self.daemon.folder, "shared")
        os.mkdir(self.folder)

    def filesystem(self, target="share", binary="<binary><sandbox mode='chroot'/></binary>"):
        return f"<filesystem type='mount'><driver type='virtiofs' queue='512'/>{binary}<source dir='{self.folder}'/><target dir='{target}'/></filesystem>"

    def define(self, *filesystems, memory=SHARED, **more):
        return self.daemon.define(guests.bios("one", devices="".join(filesystems), more=memory, uuid=UUID, **more))

    def servers(self):
        """pid → arguments of the servers that the daemon has noted and that run."""
        noted = self.daemon.statuses().get(UUID, {}).get("auxiliaries", [])
        return {entry["pid"]: arguments_of(entry["pid"]) for entry in noted if case.alive(entry["pid"])}

    def off(self, *pids):
        self.nothing_left(self.daemon, UUID)
        for pid in pids:
            self.assertFalse(case.alive(pid))

    def test_two(self):
        cached = "<binary xattr='on'><cache mode='always'/><sandbox mode='chroot'/><thread_pool size='4'/><openfiles max='2048'/></binary>"
        self.define(self.filesystem(), self.filesystem("more", cached))
        self.daemon.start("one")
        servers = self.servers()
        self.assertEqual(len(servers), 2)
        second = list(servers.values())[1]
        self.assertIn(self.folder, " ".join(second))
        for part in ("cache=always", "sandbox=chroot", "xattr", "--thread-pool-size=4", "--rlimit-nofile=2048"):
            self.assertIn(part, " ".join(second))
        for pid in servers:
            wait_for(lambda p=pid: self.connected(p), "QEMU's connection")
        self.daemon.destroy("one")
        self.off(*servers)

    @staticmethod
    def connected(pid):
        """Has the server, or the child in which it works, something that only QEMU sends: the bells of its queues?"""
        with open(f"/proc/{pid}/task/{pid}/children") as children:
            family = [str(pid), *children.read().split()]
        return any("eventfd" in os.readlink(f"/proc/{member}/fd/{fd}") for member in family for fd in os.listdir(f"/proc/{member}/fd"))

    def test_the_daemon_dies(self):
        self.define(self.filesystem())
        self.daemon.start("one")
        pid, = self.servers()
        self.daemon.kill()
        self.daemon.run()
        wait_for(lambda: self.daemon.info("one")["health"] == "ok", "the guest to answer")
        self.assertEqual(list(self.servers()), [pid])
        self.daemon.destroy("one")
        self.off(pid)

    def test_what_fails(self):
        self.define(self.filesystem(binary="<binary path='/usr/bin/no-such-virtiofsd'/>"))
        error = self.refused("NotFound", self.daemon.start, "one")
        self.assertIn("no-such-virtiofsd", error.message)
        self.off()
        self.define(self.filesystem())
        os.rmdir(self.folder)
        error = self.refused("HypervisorFailed", self.daemon.start, "one")
        self.assertIn("virtiofsd of device fs0", error.message)
        self.off()
        # Its server must see the guest's memory.
        error = self.refused("InvalidConfig", self.define, self.filesystem(), memory="")
        self.assertIn("virtiofs", error.message)

    def test_a_start_that_fails(self):
        fake = case.Fake(self.daemon, control="start.exit=1")
        self.define(self.filesystem(), emulator=fake.path)
        self.refused("HypervisorFailed", self.daemon.start, "one")
        self.off()


if __name__ == "__main__":
    case.main()
