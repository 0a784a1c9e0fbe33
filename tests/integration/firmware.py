#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The guest's own firmware runs, keeps its variables, and gets its pristine template back, byte for byte, when asked."""
import os
import stat
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
import case
import guests
from guests import TEMPLATE, needs_ovmf, read


VALUE = "vireo"
VARIABLE = "V -guid 11111111-2222-3333-4444-555555555555"  # with the prompt shorter than a line


class Case(case.Case):
    def same(self, left, right):
        """Byte for byte, without half a megabyte of text when not."""
        self.assertEqual(len(left), len(right))
        self.assertTrue(left == right, [i for i in range(len(left)) if left[i] != right[i]][:20])


@needs_ovmf
class Guest(Case):
    def test_firmware_variables_reboot_and_shutdown(self):
        daemon = self.start_daemon()
        watcher = daemon.connect()
        self.addCleanup(watcher.close)
        watcher.call("Manager.Subscribe")
        made = daemon.define(guests.uefi("one"))
        store = daemon.nvram(made["uuid"])
        self.assertFalse(os.path.exists(store))
        daemon.start("one")
        console = daemon.console("one")
        self.addCleanup(console.close)
        console.wait_for("UEFI Interactive Shell", guests.Shell.LIMIT)
        shell = guests.Shell(console).ready()
        self.assertIn("echoed-by-the-guest", shell.run("echo echoed-by-the-guest"))
        shell.run(f'setvar {VARIABLE} -bs -nv ="{VALUE}"')
        self.assertTrue(read(store) != TEMPLATE, "the firmware wrote nothing into its variable store")
        self.assertTrue(VALUE.encode() in read(store), "the variable is not in the variable store")

        pid = daemon.info("one")["pid"]
        shell.type("reset")
        watcher.next_event("Domain.Rebooted")
        self.assertEqual(daemon.state("one")[0], "running")
        self.assertEqual(daemon.info("one")["pid"], pid)
        shell.ready()

        # The variable outlives the machine's power.
        daemon.destroy("one")
        self.assertTrue(VALUE.encode() in read(store), "the variable went with the power")
        self.assertEqual(stat.S_IMODE(os.stat(store).st_mode), 0o600)
        daemon.start("one")
        console = daemon.console("one")
        self.addCleanup(console.close)
        shell = guests.Shell(console).ready()
        said = shell.run(f"setvar {VARIABLE}")
        self.assertIn(VALUE.encode().hex(" ").upper(), " ".join(said.upper().split()))

        position = watcher.call("Manager.Subscribe")["subscription"]["position"]
        shell.type("reset -s")
        daemon.wait_state("one", "shut-off")
        self.assertEqual(daemon.state("one"), ("shut-off", "shutdown"))
        console.wait_for_end()
        missed = watcher.call("Manager.Subscribe", options={"since": position})["subscription"]["missed"]
        self.assertEqual([(e["arguments"]["event"], e["arguments"]["detail"]) for e in missed if e["signal"] == "Lifecycle"],
                         [("shutdown", "guest"), ("stopped", "shutdown")])
        self.nothing_left(daemon, made["uuid"])

        daemon.start("one", reset_nvram=True, paused=True)
        self.same(read(store), TEMPLATE)
        daemon.destroy("one")
        self.same(read(store), TEMPLATE)


@needs_ovmf
class Store(Case):
    def setUp(self):
        self.daemon = self.start_daemon()

    def made(self, name="one", **more):
        """A domain whose variable store a guest has used; its uuid, the store's path and bytes."""
        uuid = self.daemon.define(guests.uefi(name, **more))["uuid"]
        self.daemon.start(name, paused=True)
        self.daemon.destroy(name)
        path = self.daemon.nvram(uuid)
        self.same(read(path), TEMPLATE)
        return uuid, path, guests.scribble(path)

    def test_made_from_its_template_once(self):
        uuid, path, mine = self.made()
        self.assertEqual(os.listdir(os.path.dirname(path)), ["VARS.fd"])
        mode = os.stat(path)
        self.assertEqual(stat.S_IMODE(mode.st_mode), 0o600)
        self.daemon.start("one", paused=True)
        self.same(read(path), mine)      # kept, not made anew
        self.assertEqual(os.stat(path).st_ino, mode.st_ino)
        self.daemon.destroy("one")
        self.same(read(path), mine)

    def test_made_again_when_it_was_removed(self):
        uuid, path, _ = self.made()
        os.unlink(path)
        self.daemon.start("one", paused=True)
        self.same(read(path), TEMPLATE)

    def test_reset(self):
        uuid, path, mine = self.made()
        os.chmod(path, 0o644)
        self.daemon.start("one", paused=True, reset_nvram=True)
        self.same(read(path), TEMPLATE)
        self.assertEqual(stat.S_IMODE(os.stat(path).st_mode), 0o600)
        self.assertEqual(case.strays(self.daemon), [])      # the old one is gone once the start has succeeded
        self.daemon.destroy("one")
        self.same(read(path), TEMPLATE)
        self.nothing_left(self.daemon, uuid)

    def test_reset_of_what_has_no_store(self):
        uuid = self.daemon.define(guests.uefi("one"))["uuid"]
        self.daemon.start("one", paused=True, reset_nvram=True)
        self.same(read(self.daemon.nvram(uuid)), TEMPLATE)
        self.daemon.define(guests.bios("two"))
        self.refused("NotApplicable", self.daemon.start, "two", reset_nvram=True)

    def test_reset_then_failing_disk(self):
        disk = os.path.join(self.daemon.folder, "disk.img")
        with open(disk, "wb") as image:
            image.truncate(1 << 20)
        uuid, path, mine = self.made(devices="<disk type='file' device='disk'><driver name='qemu' type='raw'/>"
                                             f"<source file='{disk}'/><target dev='vda' bus='virtio'/></disk>")
        os.unlink(disk)
        error = self.refused("NotFound", self.daemon.start, "one", reset_nvram=True)
        self.assertIn(disk, error.message)
        self.assertEqual(error.data.get("stage"), "disks")
        self.same(read(path), mine)
        self.nothing_left(self.daemon, uuid)

    def test_reset_then_failing_qemu(self):
        fake = case.Fake(self.daemon)
        uuid, path, mine = self.made(emulator=fake.path)
        for control in ("start.exit=1\nstart.message=no luck today", "start.crash-after=1", "start.crash-on=cont", "start.error-on=cont",
                        "start.garbage=greeting"):
            with self.subTest(control):
                fake.behave(control)
                self.refused("HypervisorFailed", self.daemon.start, "one", reset_nvram=True)
                self.same(read(path), mine)
                self.assertEqual(self.daemon.state("one"), ("shut-off", "failed"))
                self.nothing_left(self.daemon, uuid)
        # And a first start that fails leaves none at all.
        other = self.daemon.define(guests.uefi("two", emulator=fake.path))["uuid"]
        self.refused("HypervisorFailed", self.daemon.start, "two")
        self.assertFalse(os.path.exists(self.daemon.nvram(other)))
        fake.behave()
        self.daemon.start("two", paused=True)
        self.same(read(self.daemon.nvram(other)), TEMPLATE)

    def test_reset_then_cancelled(self):
        fake = case.Fake(self.daemon)
        uuid, path, mine = self.made(emulator=fake.path)
        for control in ("start.hang=greeting", "start.hang=negotiate", "start.hang=cont", "start.hang=start"):
            with self.subTest(control):
                fake.behave(control)
                watcher = self.daemon.connect()
                watcher.call("Manager.Subscribe")
                job = self.daemon.client.call("Domain.Start", domain="one", options={"reset-nvram": True})["job"]
                stage = "run" if control.endswith("cont") else "launch"
                self.events_until(watcher, lambda m, p: m == "Job.StageChanged" and p["stage"]["name"] == stage)
                watcher.close()
                self.same(read(path), TEMPLATE)
                self.daemon.rpc("Job.Cancel", job=job)
                self.refused("Cancelled", self.daemon.rpc, "Job.Wait", job=job)
                self.same(read(path), mine)
                self.nothing_left(self.daemon, uuid)

    def test_reset_on_create(self):
        uuid, path, mine = self.made()
        xml = self.daemon.rpc("Domain.GetXML", domain="one")
        self.daemon.rpc("Domain.Undefine", domain="one", options={"nvram": "keep"})
        self.same(read(path), mine)
        broken = xml.replace("</devices>", "<disk type='file' device='disk'><driver name='qemu' type='raw'/>"
                             "<source file='/nonexistent/disk'/><target dev='vda' bus='virtio'/></disk></devices>")
        job = self.daemon.client.call("Manager.CreateDomainXML", xml=broken, options={"reset-nvram": True})["job"]
        self.refused("NotFound", self.daemon.rpc, "Job.Wait", job=job)
        self.same(read(path), mine)
        job = self.daemon.client.call("Manager.CreateDomainXML", xml=xml, options={"reset-nvram": True, "paused": True})["job"]
        self.daemon.rpc("Job.Wait", job=job)
        self.same(read(path), TEMPLATE)
        self.daemon.destroy("one")
        self.assertTrue(os.path.exists(path), "a store that was there before a transient domain stays after it")

    def test_undefined_while_it_runs(self):
        """What was asked for its store is done when it stops, also by another run of the daemon."""
        for disposal, stays in (("keep", True), ("trash", False), ("remove", False)):
            with self.subTest(disposal):
                uuid, path, mine = self.made()
                self.daemon.start("one", paused=True)
                self.daemon.rpc("Domain.Undefine", domain="one", options={"nvram": disposal})
                self.assertTrue(os.path.exists(path))
                self.daemon.kill()
                self.daemon.run()
                self.assertTrue(os.path.exists(path))
                self.daemon.destroy("one")
                self.assertEqual(os.path.exists(path), stays)
                trash = os.path.join(self.daemon.data_folder, "trash")
                kept = [name for name in os.listdir(trash) if uuid in name] if os.path.isdir(trash) else []
                self.assertEqual(len(kept), 1 if disposal == "trash" else 0)

    def test_reset_while_running_is_refused(self):
        uuid, path, mine = self.made()
        self.daemon.start("one", paused=True)
        self.refused("InvalidState", self.daemon.start, "one", reset_nvram=True)
        self.same(read(path), mine)

    def test_two_domains_never_share_a_store(self):
        uuid, path, mine = self.made()
        shared = guests.uefi("two", os=f"<nvram>{path}</nvram>")
        try:
            self.daemon.define(shared)
        except case.RpcError as error:
            self.assertIn(error.name, ("InvalidConfig", "AlreadyExists", "Conflict"))
            return
        self.daemon.start("one", paused=True)
        for more in ({}, {"reset_nvram": True}):
            self.refused("Busy", self.daemon.start, "two", **more)
            self.same(read(path), mine)
        self.assertEqual(self.daemon.state("one"), ("paused", "user"))


if __name__ == "__main__":
    case.main()
