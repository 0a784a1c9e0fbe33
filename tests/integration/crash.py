#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The daemon dies at any instant, or stops and comes again: no guest is lost, nothing is left over."""
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
import unittest
import uuid as uuids

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
import case
import guests
from guests import read
from network import Network
from vireo import Console, wait_for


class Start(case.Case):
    """SIGKILL of the daemon at every stage of a start, at each of the stage's events and at many moments between."""

    def setUp(self):
        self.daemon = self.start_daemon()
        self.template = read(guests.OVMF_VARS)
        self.links_are_right = lambda: True

    def define(self, name, **more):
        self.uuid = self.daemon.define(guests.uefi(name, **more))["uuid"]
        self.store = self.daemon.nvram(self.uuid)
        self.definition = self.daemon.rpc("Domain.GetXML", domain=name)

    def run_again(self):
        """The daemon's next life, when it has put everything in order."""
        self.daemon.kill()
        self.daemon.run()
        wait_for(lambda: all(d["health"] in ("none", "ok") for d in self.daemon.rpc("Manager.ListDomains")), "every guest to answer")

    def check(self, name, store, persistent=True):
        """After a crash in a start: the guest runs and is whole, or it is off and nothing is left of the attempt."""
        listed = {d["name"]: d for d in self.daemon.rpc("Manager.ListDomains")}
        if not persistent and name not in listed:
            self.nothing_left(self.daemon, self.uuid)
            self.assertFalse(os.path.exists(self.store))
            return "off"
        if persistent:
            self.assertEqual(self.daemon.rpc("Domain.GetXML", domain=name, options={"kind": "persistent"}), self.definition)
        if listed[name]["state"] == "shut-off":
            self.nothing_left(self.daemon, self.uuid)
            if store is None:
                self.assertFalse(os.path.exists(self.store), "a store of a start that never was")
            else:
                self.assertTrue(read(self.store) == store, "the old variable store is not back")
            outcome = "off"
        else:
            self.assertEqual(case.strays(self.daemon), [])
            self.assertEqual(listed[name]["state"], "paused")
            pid = self.daemon.info(name)["pid"]
            self.assertEqual(self.daemon.guest_pids(), [pid])
            self.assertTrue(read(self.store) == self.template)
            self.assertEqual(self.daemon.destroy(name)["state"], "succeeded")
            outcome = "running"
        self.nothing_left(self.daemon, self.uuid)
        return outcome

    def crash(self, method, when, **parameters):
        """Asks for a start and kills the daemon: after so many seconds, or when(event) is true."""
        if callable(when):
            watcher = self.daemon.connect()
            watcher.call("Manager.Subscribe")
            self.daemon.client.call(method, **parameters)
            self.events_until(watcher, when)
            os.kill(self.daemon.process.pid, signal.SIGKILL)
            watcher.close()
        else:
            self.daemon.client.call(method, **parameters)
            time.sleep(when)
        self.run_again()

    def moments(self, method, count, **parameters):
        """The stages of a start that succeeds, and moments spread over its length."""
        begin = time.monotonic()
        result = self.daemon.client.call(method, **parameters)
        info = self.daemon.rpc("Job.Wait", job=result["job"])
        length = time.monotonic() - begin
        stages = [(s["name"], state) for s in info["stages"] for state in ("running", "done")]

        def at(stage):
            return lambda m, p: m == "Job.StageChanged" and (p["stage"]["name"], p["stage"]["state"]) == stage
        return [at(s) for s in stages] + [lambda m, p: m == "Job.Finished"] + [length * 1.2 * i / count for i in range(count)]

    def sweep(self, options, store, count):
        """Both outcomes must have been seen, else the moments were not spread over the start."""
        outcomes = []
        for when in self.moments("Domain.Start", count, domain="one", options=options):
            if self.daemon.state("one")[0] != "shut-off":
                self.daemon.destroy("one")
            if store is None:
                if os.path.exists(self.store):
                    os.unlink(self.store)
            else:
                with open(self.store, "r+b") as file:
                    file.write(store)
            self.crash("Domain.Start", when, domain="one", options=options)
            wait_for(self.links_are_right, "the links of the host to fit", 10)
            outcomes.append(self.check("one", store))
        self.assertEqual(set(outcomes), {"off", "running"}, outcomes)
        self.daemon.start("one", paused=True)
        self.assertEqual(self.daemon.state("one"), ("paused", "user"))

    def test_first_start(self):
        self.define("one")
        self.sweep({"paused": True}, None, 20)

    @unittest.skipUnless(shutil.which("swtpm_setup"), "no swtpm")
    def test_first_start_with_a_tpm(self):
        self.define("one", devices="<tpm model='tpm-crb'><backend type='emulator'/></tpm>")
        state = os.path.join(self.daemon.data_folder, "tpm", self.uuid)
        for when in self.moments("Domain.Start", 10, domain="one", options={"paused": True}):
            if self.daemon.state("one")[0] != "shut-off":
                self.daemon.destroy("one")
            shutil.rmtree(state, ignore_errors=True)
            if os.path.exists(self.store):
                os.unlink(self.store)
            self.crash("Domain.Start", when, domain="one", options={"paused": True})
            outcome = self.check("one", None)
            self.assertEqual(os.path.exists(state), outcome == "running")

    def test_start_that_resets_the_variable_store(self):
        self.define("one")
        self.daemon.start("one", paused=True)
        self.daemon.destroy("one")
        self.sweep({"paused": True, "reset-nvram": True}, guests.scribble(self.store), 20)

    def test_transient(self):
        self.uuid = str(uuids.uuid4())
        self.daemon.uuids.add(self.uuid)
        self.store = self.daemon.nvram(self.uuid)
        xml = guests.uefi("one", uuid=self.uuid)
        outcomes = []
        for when in self.moments("Manager.CreateDomainXML", 10, xml=xml, options={"paused": True}):
            if self.daemon.rpc("Manager.ListDomains"):
                self.daemon.destroy("one")
            self.crash("Manager.CreateDomainXML", when, xml=xml, options={"paused": True})
            outcomes.append(self.check("one", None, persistent=False))
        self.assertEqual(set(outcomes), {"off", "running"}, outcomes)

    def test_with_links_of_the_host(self):
        """A macvtap is there as long as its guest, and no longer; so is the address that it borrowed."""
        network = Network()
        self.addCleanup(network.close)
        self.daemon.close()
        self.daemon = self.start_daemon(wrapper=network.wrapper)
        network.make_bridge()
        network.run("ip", "link", "add", "lower", "type", "veth", "peer", "name", "upper")
        mac = network.links()["lower"]["address"]
        before = set(network.links())
        self.define("one", devices="<interface type='direct'><mac address='52:54:00:00:00:01'/><source dev='lower' mode='passthrough'/>"
                    "<model type='virtio'/></interface><interface type='bridge'><source bridge='br0'/><model type='virtio'/></interface>")

        def links_are_right():
            left = set(network.links()) - before
            if self.daemon.state("one")[0] == "shut-off":
                return not left and network.links()["lower"]["address"] == mac
            return left == {"macvtap0", "vnet0"} and network.links()["lower"]["address"] == "52:54:00:00:00:01"
        self.links_are_right = links_are_right
        self.sweep({"paused": True}, None, 20)

    def test_with_a_qemu_that_hangs(self):
        """Moments that a real QEMU passes too fast."""
        fake = case.Fake(self.daemon)
        self.define("one", emulator=fake.path)
        for where, stage in (("start", "launch"), ("greeting", "launch"), ("negotiate", "launch"), ("qmp_capabilities", "launch"), ("cont", "run")):
            with self.subTest(where):
                fake.behave(f"start.hang={where}", "start.ignore-sigterm=1")
                self.crash("Domain.Start", lambda m, p: m == "Job.StageChanged" and p["stage"]["name"] == stage, domain="one", options={})
                self.assertEqual(self.check("one", None), "off")
        fake.behave()
        self.daemon.start("one")
        self.assertEqual(self.daemon.state("one"), ("running", "booted"))

    def test_many_at_once(self):
        names = [f"guest-{i}" for i in range(6)]
        made = [self.daemon.define(guests.bios(n))["uuid"] for n in names]
        for delay in (0.02, 0.1, 0.3, 0.6, 1.0):
            for name in names:
                if self.daemon.state(name)[0] == "shut-off":
                    self.daemon.client.call("Domain.Start", domain=name, options={"paused": True})
            time.sleep(delay)
            self.run_again()
            for name, uuid in zip(names, made):
                if self.daemon.state(name)[0] == "shut-off":
                    self.assertEqual(case.left_of(self.daemon, uuid), [], name)
                else:
                    self.assertEqual(self.daemon.state(name)[0], "paused")
            self.assertEqual(len(self.daemon.guest_pids()), self.active())
            self.assertEqual(case.strays(self.daemon), [])
        for name in names:
            if self.daemon.state(name)[0] == "shut-off":
                self.daemon.start(name, paused=True)
        self.assertEqual(self.active(), len(names))

    def active(self):
        return len(self.daemon.rpc("Manager.ListDomains", filter={"active": True}))

    def test_destroy(self):
        self.define("one")
        for delay in (0, 0.002, 0.005, 0.01, 0.02, 0.04):
            self.daemon.start("one", paused=True)
            store = read(self.store)
            self.daemon.client.call("Domain.Destroy", domain="one")
            time.sleep(delay)
            self.daemon.kill()
            self.daemon.run()
            self.daemon.wait_state("one", "shut-off")   # what was begun is brought to its end
            self.nothing_left(self.daemon, self.uuid)
            self.assertTrue(read(self.store) == store)

    def test_definitions(self):
        """A definition is the old one or the new one, and what was answered is there."""
        known, stop = {}, False
        client = self.daemon.connect()

        def work():
            number = 0
            try:
                while not stop:
                    number += 1
                    name = f"d{number % 7}"
                    xml = guests.bios(name, memory=128 + number, uuid=known.get(name, (None,))[0])
                    result = client.call("Manager.DefineDomainXML", xml=xml, options={})["result"]
                    known[name] = (result["uuid"], (128 + number) << 20, result["revision"])
            except (ConnectionError, OSError):
                pass
        for delay in (0.05, 0.2, 0.35):
            client = self.daemon.connect()
            thread = threading.Thread(target=work)
            thread.start()
            time.sleep(delay)
            self.daemon.kill()
            thread.join()
            client.close()
            self.daemon.run()
            listed = {d["name"]: d for d in self.daemon.rpc("Manager.ListDomains")}
            for name, (uuid, memory, revision) in known.items():
                self.assertEqual(listed[name]["uuid"], uuid)
                if listed[name]["revision"] == revision:
                    self.assertEqual(self.daemon.info(name)["max-memory-bytes"], memory)
                else:                                   # the one that was under way
                    self.assertGreater(listed[name]["revision"], revision)
            self.assertLessEqual(len(set(listed) - set(known)), 1)
            for name in set(listed) - set(known):
                self.daemon.rpc("Domain.Undefine", domain=name)
            self.assertEqual(case.strays(self.daemon), [])


class Restart(case.Case):
    """Guests outlive the daemon."""

    def setUp(self):
        self.daemon = self.start_daemon()

    def test_guest_goes_on(self):
        made = self.daemon.define(guests.uefi("one"))
        self.daemon.start("one")
        before = self.daemon.info("one")
        live = self.daemon.rpc("Domain.GetXML", domain="one", options={"kind": "live"})
        console = self.daemon.console("one")
        shell = guests.Shell(console).ready()
        epoch = self.daemon.rpc("Manager.GetSnapshot")["position"]["epoch"]
        for end in (self.daemon.kill, self.daemon.stop):
            end()
            console.wait_for_end()
            console.close()
            self.assertTrue(case.alive(before["pid"]))
            self.daemon.run()
            wait_for(lambda: self.daemon.info("one")["health"] == "ok", "the guest to answer")
            after = self.daemon.info("one")
            for key in ("state", "id", "pid", "start-usec", "vcpus", "max-memory-bytes"):
                self.assertEqual(after[key], before[key], key)
            self.assertEqual(self.daemon.rpc("Domain.GetXML", domain="one", options={"kind": "live"}), live)
            self.assertNotEqual(self.daemon.rpc("Manager.GetSnapshot")["position"]["epoch"], epoch)
            console = wait_for(self.opened, "the console")
            shell.console = console
            self.assertIn("still-here", shell.run("echo still-here"))
        # Its end is noticed as ever.
        watcher = self.daemon.connect()
        watcher.call("Manager.Subscribe")
        shell.type("reset -s")
        events = self.events_until(watcher, lambda m, p: m == "Domain.Lifecycle" and p["event"] == "stopped", 120)
        self.assertEqual(case.lifecycle_of(events), [("shutdown", "guest"), ("stopped", "shutdown")])
        watcher.close()
        console.close()
        self.nothing_left(self.daemon, made["uuid"])

    def opened(self):
        try:
            return self.daemon.console("one")
        except case.RpcError:
            return None

    def test_guest_shut_down_meanwhile(self):
        made = self.daemon.define(guests.uefi("one"))
        self.daemon.start("one")
        pid = self.daemon.info("one")["pid"]
        console = self.daemon.console("one")
        shell = guests.Shell(console).ready()
        path = self.daemon.rpc("Domain.ListConsoles", domain="one")[0]["path"]
        self.daemon.kill()
        console.close()
        terminal = os.open(path, os.O_RDWR | os.O_NOCTTY)       # nobody else reads it now
        self.addCleanup(os.close, terminal)
        shell.console = Console(terminal)
        shell.type("reset -s")
        # QEMU waits for the daemon's word: its processors stop, the process stays.
        wait_for(lambda: idle(pid), "the guest to be off", 120)
        self.assertTrue(case.alive(pid))
        self.daemon.run()
        self.daemon.wait_state("one", "shut-off")
        self.assertEqual(self.daemon.state("one"), ("shut-off", "shutdown"))
        self.nothing_left(self.daemon, made["uuid"])

    def test_qemu_killed_meanwhile(self):
        made = self.daemon.define(guests.uefi("one"))
        self.daemon.define(guests.bios("two"))
        for name in ("one", "two"):
            self.daemon.start(name, paused=True)
        store = read(self.daemon.nvram(made["uuid"]))
        pid = self.daemon.info("one")["pid"]
        self.daemon.kill()
        os.kill(pid, signal.SIGKILL)
        wait_for(lambda: not case.alive(pid), "the guest's end")
        self.daemon.run()
        self.daemon.wait_state("one", "shut-off")
        self.assertEqual(self.daemon.state("one"), ("shut-off", "crashed"))
        self.assertEqual(self.daemon.state("two"), ("paused", "user"))
        self.nothing_left(self.daemon, made["uuid"])
        self.assertTrue(read(self.daemon.nvram(made["uuid"])) == store)
        self.daemon.start("one", paused=True)

    def test_transient_goes_on(self):
        job = self.daemon.client.call("Manager.CreateDomainXML", xml=guests.uefi("one"), options={"paused": True})["job"]
        self.daemon.rpc("Job.Wait", job=job)
        uuid = self.daemon.rpc("Manager.ListDomains")[0]["uuid"]
        self.daemon.uuids.add(uuid)
        self.daemon.kill()
        self.daemon.run()
        listed = self.daemon.rpc("Manager.ListDomains")
        self.assertEqual([(d["name"], d["persistent"], d["state"]) for d in listed], [("one", False, "paused")])
        wait_for(lambda: self.daemon.info("one")["health"] == "ok", "the guest to answer")
        self.daemon.destroy("one")
        self.assertEqual(self.daemon.rpc("Manager.ListDomains"), [])
        self.nothing_left(self.daemon, uuid)

    def test_paused_and_resumed(self):
        self.daemon.define(guests.bios("one"))
        self.daemon.start("one")
        self.daemon.rpc("Domain.Suspend", domain="one")
        self.daemon.kill()
        self.daemon.run()
        wait_for(lambda: self.daemon.info("one")["health"] == "ok", "the guest to answer")
        self.assertEqual(self.daemon.state("one"), ("paused", "user"))
        self.daemon.rpc("Domain.Resume", domain="one")
        self.assertEqual(self.daemon.state("one"), ("running", "unpaused"))

    def test_unresponsive(self):
        made = self.daemon.define(guests.bios("one"))
        self.daemon.start("one")
        pid = self.daemon.info("one")["pid"]
        os.kill(pid, signal.SIGSTOP)
        self.addCleanup(self.carry_on, pid)
        error = self.refused("Timeout", self.daemon.rpc, "Domain.Reset", domain="one")
        self.assertIn("destroy", error.data["hint"])
        self.assertEqual(self.daemon.info("one")["health"], "unresponsive")
        self.assertEqual(self.daemon.state("one")[0], "running")
        self.assertTrue(case.alive(pid))
        os.kill(pid, signal.SIGCONT)
        wait_for(lambda: self.daemon.info("one")["health"] == "ok", "the guest to answer again")
        # The same for a daemon that finds it so.
        os.kill(pid, signal.SIGSTOP)
        self.daemon.kill()
        self.daemon.run()
        self.assertEqual(self.daemon.info("one")["health"], "connecting")
        wait_for(lambda: self.daemon.info("one")["health"] == "unresponsive", "the daemon to notice")
        self.assertEqual(self.daemon.info("one")["pid"], pid)
        os.kill(pid, signal.SIGCONT)
        wait_for(lambda: self.daemon.info("one")["health"] == "ok", "the guest to answer again")
        self.daemon.rpc("Domain.Suspend", domain="one")
        # And it can be ended when nothing else helps.
        os.kill(pid, signal.SIGSTOP)
        self.refused("Timeout", self.daemon.rpc, "Domain.Resume", domain="one")
        self.daemon.destroy("one")
        self.assertFalse(case.alive(pid))
        self.assertEqual(self.daemon.state("one"), ("shut-off", "destroyed"))
        self.nothing_left(self.daemon, made["uuid"])

    @staticmethod
    def carry_on(pid):
        try:
            os.kill(pid, signal.SIGCONT)
        except ProcessLookupError:
            pass

    def test_destroyed_while_it_is_being_reached(self):
        made = self.daemon.define(guests.bios("one"))
        self.daemon.start("one", paused=True)
        pid = self.daemon.info("one")["pid"]
        os.kill(pid, signal.SIGSTOP)
        self.addCleanup(self.carry_on, pid)
        self.daemon.kill()
        self.daemon.run()
        self.daemon.destroy("one")
        self.assertFalse(case.alive(pid))
        self.nothing_left(self.daemon, made["uuid"])

    def test_foreign_process_is_left_alone(self):
        """A status document whose process is another one by now: the guest is gone, the other is not ours to touch."""
        made = self.daemon.define(guests.bios("one"))
        self.daemon.start("one", paused=True)
        pid = self.daemon.info("one")["pid"]
        self.daemon.kill()
        os.kill(pid, signal.SIGKILL)
        other = subprocess.Popen(["sleep", "1000"])
        self.addCleanup(other.wait)
        self.addCleanup(other.kill)
        path = os.path.join(self.daemon.run_folder, "status", made["uuid"] + ".json")
        text = read(path).decode()
        with open(path, "w") as file:
            file.write(text.replace(str(pid), str(other.pid)))
        self.daemon.run()
        self.daemon.wait_state("one", "shut-off")
        self.assertIsNone(other.poll())

    def test_second_daemon_is_refused(self):
        self.daemon.define(guests.bios("one"))
        done = subprocess.run(self.daemon.command(), env=self.daemon.environment, capture_output=True, text=True, timeout=60)
        self.assertNotEqual(done.returncode, 0)
        self.assertIn("vireod", done.stderr)
        self.assertRegex(done.stderr, "another|already")
        self.assertEqual(self.daemon.state("one")[0], "shut-off")
        self.assertTrue(os.path.exists(self.daemon.socket_path))

    def test_stopped_in_a_start(self):
        fake = case.Fake(self.daemon, control="start.hang=greeting")
        made = self.daemon.define(guests.uefi("one", emulator=fake.path))
        self.daemon.client.call("Domain.Start", domain="one", options={})
        self.assertEqual(self.daemon.stop(), 0)          # SIGTERM: undoes it, then ends
        self.assertEqual(case.left_of(self.daemon, made["uuid"]), [])
        self.assertEqual(case.strays(self.daemon), [])
        self.assertFalse(os.path.exists(self.daemon.nvram(made["uuid"])))


def idle(pid):
    """Has this process used no processor time for a second?"""
    def used():
        with open(f"/proc/{pid}/stat") as stat:
            return stat.read().rsplit(")", 1)[1].split()[11:13]
    before = used()
    time.sleep(1)
    return used() == before


if __name__ == "__main__":
    case.main()
