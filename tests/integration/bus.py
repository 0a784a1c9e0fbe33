#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The same domains over D-Bus, on a bus of the test's own that comes and goes."""
import json
import os
import shutil
import subprocess
import sys
import threading
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
import case
import guests
from vireo import wait_for

NAME, ROOT = "org.vireo1", "/org/vireo1"


def plain(value):
    """What busctl --json prints, without its types."""
    if isinstance(value, dict):
        if set(value) == {"type", "data"}:
            return plain(value["data"])
        return {k: plain(v) for k, v in value.items()}
    if isinstance(value, list):
        return [plain(v) for v in value]
    return value


class Watch:
    """Signals of the daemon, as they come over the bus."""

    def __init__(self, daemon):
        self.process = subprocess.Popen(["busctl", f"--address={daemon.environment['DBUS_SESSION_BUS_ADDRESS']}", "--json=short", "monitor", NAME],
                                        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.messages = []
        self.process.stderr.readline()                   # "Monitoring bus message stream."
        self.reader = threading.Thread(target=self.read)
        self.reader.start()

    def read(self):
        for line in self.process.stdout:
            self.messages.append(json.loads(line))

    def signals(self, member, path=None):
        return [plain(m["payload"]["data"]) for m in list(self.messages)
                if m.get("type") == "signal" and m.get("member") == member and path in (None, m.get("path"))]

    def close(self):
        self.process.kill()
        self.process.wait()
        self.reader.join()
        self.process.stdout.close()
        self.process.stderr.close()


@unittest.skipUnless(shutil.which("dbus-daemon") and shutil.which("busctl"), "dbus-daemon or busctl is not installed")
class Bus(case.Case):
    def setUp(self):
        self.daemon = self.start_daemon(bus=True)
        wait_for(self.named, "the daemon's name on the bus")

    def named(self):
        return self.daemon.busctl("status", NAME, check=False).returncode == 0

    def call(self, path, interface, method, *arguments):
        answer = self.daemon.busctl("call", NAME, path, f"{NAME}.{interface}", method, *arguments)
        return plain(answer["data"])[0] if answer else None

    def property(self, path, name):
        return plain(self.daemon.busctl("get-property", NAME, path, f"{NAME}.Domain", name))

    def job(self, path, method, *arguments):
        return self.call(self.call(path, "Domain", method, *arguments), "Job", "Wait", "a{sv}", "0")

    def test_the_same_domain(self):
        made = self.call(ROOT, "Manager", "DefineDomainXML", "sa{sv}", guests.bios("one"), "0")
        path = made["domain"]
        self.daemon.uuids.add(made["uuid"])
        self.assertEqual(self.daemon.rpc("Manager.LookupDomain", key="one"), path)
        self.assertEqual(self.property(path, "State"), "shut-off")
        info = self.job(path, "Start", "a{sv}", "1", "paused", "b", "true")
        self.assertEqual(info["state"], "succeeded")
        over_rpc, over_bus = self.daemon.info("one"), self.call(path, "Domain", "GetInfo")
        over_rpc.pop("as-of-usec"), over_bus.pop("as-of-usec")
        self.assertEqual(over_rpc, over_bus)
        self.assertEqual(self.daemon.rpc("Domain.GetXML", domain="one"), self.call(path, "Domain", "GetXML", "a{sv}", "0"))
        self.assertEqual((self.property(path, "State"), self.property(path, "Reason"), self.property(path, "Id")), ("paused", "user", 1))
        self.call(path, "Domain", "Resume", "a{sv}", "0")
        self.assertEqual(self.daemon.state("one"), ("running", "unpaused"))
        refused = self.daemon.busctl("call", NAME, path, f"{NAME}.Domain", "Resume", "a{sv}", "0", check=False)
        self.assertIn("running already", refused.stderr)
        self.job(path, "Destroy", "a{sv}", "0")
        self.assertEqual(self.daemon.state("one"), ("shut-off", "destroyed"))
        self.call(path, "Domain", "Undefine", "a{sv}", "0")
        gone = self.daemon.busctl("call", NAME, path, f"{NAME}.Domain", "GetInfo", check=False)
        self.assertNotEqual(gone.returncode, 0)
        self.nothing_left(self.daemon, made["uuid"])

    def test_signals(self):
        watch = Watch(self.daemon)
        self.addCleanup(watch.close)
        made = self.daemon.define(guests.bios("one"))
        path = made["domain"]
        self.daemon.start("one", paused=True)
        self.daemon.destroy("one")
        self.daemon.rpc("Domain.Undefine", domain="one")
        wait_for(lambda: watch.signals("DomainRemoved"), "the last signal")
        self.assertEqual([s[:2] for s in watch.signals("Lifecycle", path)],
                         [["defined", "added"], ["started", "booted"], ["suspended", "paused"], ["stopped", "destroyed"], ["undefined", "removed"]])
        changes = [s[1] for s in watch.signals("PropertiesChanged", path)]
        states = [c["State"] for c in changes if "State" in c]
        self.assertEqual(states, [s for s, before in zip(states, [None] + states) if s != before])   # only what changed
        self.assertEqual(states[-2:], ["paused", "shut-off"])
        jobs = [c["Job"] for c in changes if "Job" in c]
        self.assertEqual(jobs[-1], "/")
        self.assertIn(path, [s[0] for s in watch.signals("InterfacesAdded")])
        self.assertIn(path, [s[0] for s in watch.signals("InterfacesRemoved")])
        numbers = [s[-1]["sequence"] for m in ("DomainAdded", "Lifecycle", "DomainRemoved") for s in watch.signals(m)]
        self.assertEqual(numbers, sorted(numbers))

    def test_managed_objects(self):
        one, two = (self.daemon.define(guests.bios(n)) for n in ("one", "two"))
        objects = plain(self.daemon.busctl("call", NAME, ROOT, "org.freedesktop.DBus.ObjectManager", "GetManagedObjects")["data"])[0]
        for made in (one, two):
            properties = objects[made["domain"]][f"{NAME}.Domain"]
            self.assertEqual((properties["UUID"], properties["State"]), (made["uuid"], "shut-off"))

    def test_the_bus_goes_and_comes_back(self):
        made = self.daemon.define(guests.bios("one"))
        self.daemon.start("one", paused=True)
        for _ in range(2):
            self.daemon.stop_bus()
            self.daemon.rpc("Domain.Resume", domain="one")   # JSON-RPC is served meanwhile
            self.assertEqual(self.daemon.state("one")[0], "running")
            self.daemon.rpc("Domain.Suspend", domain="one")
            self.daemon.start_bus()
            wait_for(self.named, "the daemon's name to come back")
            self.assertEqual(self.property(made["domain"], "State"), "paused")
            self.call(made["domain"], "Domain", "Resume", "a{sv}", "0")
            self.assertEqual(self.daemon.state("one")[0], "running")
            self.daemon.rpc("Domain.Suspend", domain="one")
        self.assertIsNone(self.daemon.process.poll())

    def test_no_bus_at_first(self):
        daemon = self.start_daemon(bus=True)
        daemon.stop()
        daemon.stop_bus()
        daemon.run()
        daemon.define(guests.bios("one"))
        daemon.start_bus()
        wait_for(lambda: daemon.busctl("status", NAME, check=False).returncode == 0, "the name on the bus")

    def test_autodestroy_with_the_caller(self):
        """busctl's connection ends with its call, and with it the guest that it asked to be so."""
        made = self.daemon.define(guests.bios("one"))
        job = self.call(made["domain"], "Domain", "Start", "a{sv}", "2", "paused", "b", "true", "autodestroy", "b", "true")
        self.daemon.rpc("Job.Wait", job=job)
        self.daemon.wait_state("one", "shut-off")
        self.assertEqual(self.daemon.state("one"), ("shut-off", "destroyed"))
        self.nothing_left(self.daemon, made["uuid"])


if __name__ == "__main__":
    case.main()
