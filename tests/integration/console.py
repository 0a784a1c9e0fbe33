#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""A guest's serial port: one reader at a time, nothing missed, across restarts of the daemon and to the guest's end."""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
import case
import guests
from vireo import wait_for


class OneGuest(case.Case):
    def setUp(self):
        self.daemon = self.start_daemon()
        self.uuid = self.daemon.define(guests.uefi("one"))["uuid"]

    def open(self, **options):
        console = self.daemon.console("one", **options)
        self.addCleanup(console.close)
        return console

    def test_one_at_a_time(self):
        self.daemon.start("one", paused=True)
        self.assertEqual([(c["device"], c["kind"]) for c in self.daemon.rpc("Domain.ListConsoles", domain="one")][0], ("serial0", "serial"))
        first = self.open()
        error = self.refused("Busy", self.daemon.console, "one")
        self.assertIn("force", error.data["hint"])
        second = self.open(force=True)
        first.wait_for_end()
        self.refused("Busy", self.daemon.console, "one", device="serial0")
        self.refused("NotFound", self.daemon.console, "one", device="serial7")
        os.close(os.dup(second.fd))                      # one of two descriptors: it is open still
        self.refused("Busy", self.daemon.console, "one")
        second.fd, old = os.open("/dev/null", os.O_RDWR), second.fd
        os.close(old)

        def free():
            try:
                return self.daemon.console("one")
            except case.RpcError:
                return None
        third = wait_for(free, "the console to be free")
        third.close()

    def test_before_at_and_after(self):
        """What was said before anybody looked, typing, taking over, the daemon's restart, the end."""
        self.daemon.start("one")
        first = self.open()
        shell = guests.Shell(first).ready()
        shell.run("echo said-early")
        second = self.open(force=True)                   # begins with what was said before
        second.wait_for("UEFI Interactive Shell")
        second.wait_for("said-early")
        shell.console = second
        self.assertIn("hello", shell.run("echo hello"))
        # Nobody reads for a while, and the guest does not wait for anybody.
        second.fd, old = os.open("/dev/null", os.O_RDWR), second.fd
        os.close(old)
        self.daemon.kill()
        self.daemon.run()
        wait_for(lambda: self.daemon.info("one")["health"] == "ok", "the guest to answer")
        third = wait_for(self.try_open, "the console")
        self.addCleanup(third.close)
        shell.console = third
        self.assertIn("after", shell.run("echo after"))
        self.daemon.destroy("one")
        third.wait_for_end()
        self.refused("InvalidState", self.daemon.console, "one")

    def try_open(self):
        try:
            return self.daemon.console("one")
        except case.RpcError:
            return None

    def test_a_reader_that_does_not_read(self):
        """The guest and the daemon go on, and who takes over gets what was said meanwhile, up to 64 KiB of it."""
        self.daemon.start("one")
        console = self.open()
        shell = guests.Shell(console).ready()
        shell.run("dmpstore -all")                       # more than 100 KB
        shell.type("dmpstore -all")                      # and nobody reads on here
        other = self.daemon.console("one", force=True)
        self.addCleanup(other.close)
        other.wait_for("Variable", guests.Shell.LIMIT)
        other.wait_for("dmpstore -all", guests.Shell.LIMIT)
        other.wait_for("Shell>", guests.Shell.LIMIT)
        self.assertEqual(self.daemon.info("one")["health"], "ok")

    def test_several_ports(self):
        uuid = self.daemon.define(guests.bios("two", devices="<serial type='pty'/><serial type='pty'/><parallel type='null'/>"))["uuid"]
        self.daemon.start("two", paused=True)
        listed = self.daemon.rpc("Domain.ListConsoles", domain="two")
        serial = [c for c in listed if c["kind"] == "serial"]
        self.assertEqual([c["device"] for c in serial], ["serial0", "serial1"])
        self.assertEqual(len({c["path"] for c in serial}), 2)
        for console in serial:
            self.assertTrue(os.path.exists(console["path"]))
            self.daemon.console("two", device=console["device"]).close()
        self.daemon.destroy("two")
        self.assertNotIn("path", self.daemon.rpc("Domain.ListConsoles", domain="two")[0])
        self.nothing_left(self.daemon, uuid)


if __name__ == "__main__":
    case.main()
