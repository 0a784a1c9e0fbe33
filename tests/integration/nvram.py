#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""A guest's UEFI variables from outside: what is set is what its firmware sees, and the other way round; reset, now and at
the next cold start; backups; whose a store is; the trash."""
import json
import os
import shutil
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
import case
import guests
from guests import TEMPLATE, needs_ovmf, read


OURS = "11111111-2222-3333-4444-555555555555"
SHELL_VARIABLE = f"-guid {OURS}"


class Case(case.Case):
    def setUp(self):
        self.daemon = self.start_daemon()

    def call(self, method, domain="one", **params):
        return self.daemon.client.call("Domain.Firmware." + method, domain=domain, **params)

    def one(self, method, domain="one", **params):
        """The call's only result."""
        (value,) = self.call(method, domain, **params).values()
        return value

    def refused_call(self, error, method, domain="one", **params):
        return self.refused(error, lambda: self.call(method, domain, **params))

    def put(self, variable, text, domain="one", **options):
        data = {"guid": OURS, "name": variable, "data": text.encode().hex()}
        return self.one("SetVariable", domain, variable=data, options={k.replace("_", "-"): v for k, v in options.items()})

    def timeout(self, seconds, domain="one"):
        return self.one("SetVariable", domain, variable={"guid": "global", "name": "Timeout", "decoded": {"seconds": seconds}})

    def text(self, variable, domain="one"):
        return bytes.fromhex(self.call("GetVariable", domain, name=variable, guid=OURS)["variable"]["data"]).decode()

    def names(self, domain="one"):
        return {v["name"] for v in self.call("ListVariables", domain)["variables"]}

    def backups(self, domain="one"):
        return self.one("GetHistory", domain)["backups"]

    def define(self, name="one", **more):
        return self.daemon.define(guests.uefi(name, **more))["uuid"]

    def watch(self):
        watcher = self.daemon.connect()
        self.addCleanup(watcher.close)
        watcher.call("Manager.Subscribe")
        return watcher

    def store_events(self, watcher, *expected):
        """The details of the next StoreChanged events, which are these."""
        told = [watcher.next_event("Domain.Firmware.StoreChanged")["params"] for _ in expected]
        self.assertEqual([t["event"] for t in told], list(expected))
        return [t["details"] for t in told]

    def same(self, left, right):
        self.assertEqual(len(left), len(right))
        self.assertTrue(left == right, [i for i in range(len(left)) if left[i] != right[i]][:20])


@needs_ovmf
class Stopped(Case):
    def test_before_the_first_start(self):
        uuid = self.define()
        status = self.one("GetStatus")
        self.assertEqual((status["state"], status["path"]), ("absent", self.daemon.nvram(uuid)))
        self.assertFalse(status["moment"]["exists"])
        self.assertEqual(self.call("ListVariables")["variables"], [])
        self.assertTrue(self.one("Check")["usable"])
        self.assertEqual(self.one("GetHistory"), {"backups": [], "warnings": []})
        self.refused_call("NotFound", "BackUp")
        self.assertFalse(os.path.exists(self.daemon.nvram(uuid)))
        watcher = self.watch()
        self.assertTrue(self.put("Mine", "first")["changed"])  # makes it from the template
        created, changed = self.store_events(watcher, "created", "changed")
        self.assertTrue(created["template-sha256"])
        self.assertIn("uid", changed["who"])
        self.assertEqual(self.text("Mine"), "first")
        self.assertEqual(self.one("GetStatus")["state"], "valid")

    def test_what_has_no_store(self):
        self.daemon.define(guests.bios("bios"))
        status = self.one("GetStatus", "bios")
        self.assertEqual(status["state"], "not-applicable")
        self.assertIn("bios", status["sentence"])
        for method, params in (("Check", {}), ("ListVariables", {}), ("Reset", {}), ("PlanReset", {}), ("GetHistory", {}),
                               ("BackUp", {}), ("Compact", {}), ("CancelPendingReset", {}), ("GetSecureBoot", {}), ("Export", {})):
            self.refused_call("NotApplicable", method, "bios", **params)
        self.refused("NotApplicable", self.daemon.start, "bios", reset_nvram=True)
        self.daemon.start("bios", paused=True)

    def test_changes_are_kept_and_can_be_undone(self):
        uuid = self.define()
        self.put("Mine", "one")
        first = read(self.daemon.nvram(uuid))
        change = self.put("Mine", "two")
        self.assertEqual([(d["change"], d["name"]) for d in change["changes"]], [("changed", "Mine")])
        self.assertFalse(self.put("Mine", "two")["changed"])
        error = self.refused(
            "Conflict", self.put, "Mine", "three", if_sha256="0" * 64)
        self.assertIn(change["sha256"], error.message)
        self.assertEqual(self.backups()[0]["reason"], "before-change")
        self.one("Restore", backup=change["backup"])
        self.same(read(self.daemon.nvram(uuid)), first)
        newest = self.backups()[0]
        self.assertEqual(newest["reason"], "before-restore")
        self.one("Restore", backup=newest["id"])
        self.assertEqual(self.text("Mine"), "two")
        self.one("UnsetVariable", name="Mine", guid="")
        self.assertNotIn("Mine", self.names())
        self.refused_call("NotFound", "GetVariable", name="Mine", guid="")
        self.refused_call("NotFound", "Restore", backup="999")
        before = len(self.backups())
        self.assertEqual(self.one("Prune", options={"keep": 1}), before - 1)
        self.assertEqual(len(self.backups()), 1)
        self.refused_call("InvalidArgument", "Prune")
        self.assertEqual(case.strays(self.daemon), [])

    def test_export_import_diff(self):
        self.define()
        self.define("two")
        self.put("Mine", "one")
        self.timeout(7)
        exported = self.call("Export")["variables"]
        dry = self.one("Import", "two", variables=exported, options={"dry-run": True})
        self.assertEqual({d["name"] for d in dry["changes"]}, {"Mine", "Timeout"})
        self.assertEqual(self.names("two"), set())
        self.one("Import", "two", variables=exported)
        self.assertEqual(self.call("Export", "two")["variables"], exported)
        self.assertEqual(self.call("Diff", options={"other": "two"})["differences"], [])
        self.assertEqual({d["name"] for d in self.call("Diff")["differences"]}, {"Mine", "Timeout"})
        self.put("Other", "x", "two")
        gone = self.one("Import", "two", variables=exported, options={"replace": True})
        self.assertEqual([(d["change"], d["name"]) for d in gone["changes"]], [("removed", "Other")])
        self.refused_call("InvalidArgument", "Import", variables=[{"guid": "nonsense", "name": "X", "data": "00"}])
        self.refused_call("InvalidArgument", "Diff", options={"with": "backup"})

    def test_reset_by_classes_and_back(self):
        uuid = self.define()
        self.put("Mine", "keep me")
        self.timeout(7)
        entry = self.call("AddBootEntry", entry={"description": "Mine", "device-path": "\\EFI\\x.efi"})
        plan = self.one("PlanReset", options={"classes": ["settings"]})
        self.assertEqual([d["name"] for d in plan["changes"]], ["Timeout"])
        self.assertEqual((plan["needs"], plan["deferred"]), ([], False))
        watcher = self.watch()
        result = self.one("Reset", options={"classes": ["settings", "boot-entries"], "keep": ["boot-entries"]})
        (told,) = self.store_events(watcher, "reset")
        self.assertEqual(told["backup"], result["change"]["backup"])
        self.assertEqual(told["template-sha256"], result["change"]["template-sha256"])
        self.assertEqual(self.names(), {"Mine", entry["name"], "BootOrder"})
        before = read(self.daemon.nvram(uuid))
        everything = self.one("Reset")["change"]
        self.same(read(self.daemon.nvram(uuid)), TEMPLATE)
        self.assertTrue(self.one("GetStatus")["pristine"])
        self.one("Restore", backup=everything["backup"])
        self.same(read(self.daemon.nvram(uuid)), before)

    def test_damaged(self):
        uuid = self.define()
        self.put("Mine", "one")
        path = self.daemon.nvram(uuid)
        self.one("BackUp")
        with open(path, "r+b") as store:
            store.write(b"this is no variable store" * 100)
        watcher = self.watch()
        checked = self.one("Check")
        self.assertFalse(checked["usable"])
        (told,) = self.store_events(watcher, "unhealthy")
        self.assertEqual(told["state"], checked["state"])
        self.assertIn({"kind": "restore", "backup": self.backups()[0]["id"]}, checked["advice"])
        self.refused_call("InvalidState", "ListVariables")
        self.refused("InvalidState", self.put, "Mine", "two")
        error = self.refused("InvalidState", self.daemon.start, "one", paused=True)
        self.assertTrue(error.data.get("hint"), "it does not say what to do")
        self.assertEqual(error.data.get("stage"), "firmware")
        self.one("Restore", backup=self.backups()[0]["id"])
        self.assertEqual(self.text("Mine"), "one")
        self.daemon.start("one", paused=True)

    def test_secure_boot_keys(self):
        self.define()
        self.assertTrue(self.call("GetSecureBoot")["secure-boot"]["setup-mode"])
        self.refused_call("InvalidState", "SetSecureBootEnabled", enabled=True)
        change = self.one("EnrollKeys", options={"source": "microsoft"})
        self.assertIn("PK", {d["name"] for d in change["changes"]})
        self.assertTrue(change["warnings"], "plain OVMF does not know Secure Boot, which is not said")
        state = self.call("GetSecureBoot")["secure-boot"]
        self.assertTrue(state["enabled"])
        self.assertIn("Microsoft", " ".join(c["subject"] for d in state["databases"] if d["name"] == "db" for c in d["certificates"]))
        # What is enrolled goes only when that is accepted.
        for method, params in (("ClearKeys", {}), ("Reset", {}), ("EnrollKeys", {"options": {"db-hashes": ["ab" * 32], "add": True}})):
            error = self.refused_call("NeedsConfirmation", method, **params)
            self.assertEqual(error.data["needs"], ["secure-boot-keys"])
            self.assertIn("--confirm secure-boot-keys", error.data["hint"])
        self.assertEqual(self.one("PlanReset")["needs"], ["secure-boot-keys"])
        self.refused("NeedsConfirmation", self.daemon.start, "one", reset_nvram=True, paused=True)
        self.one("SetSecureBootEnabled", enabled=False, options={"confirm": ["secure-boot-keys"]})
        self.assertTrue(self.call("GetSecureBoot")["secure-boot"]["switched-off"])
        self.daemon.start("one", reset_nvram=True, paused=True, reset_keep=["secure-boot-keys"], confirm=["secure-boot-keys"])
        self.daemon.destroy("one")
        self.assertFalse(self.call("GetSecureBoot")["secure-boot"]["setup-mode"])
        self.one("ClearKeys", options={"confirm": ["secure-boot-keys"]})
        self.assertTrue(self.call("GetSecureBoot")["secure-boot"]["setup-mode"])

    def test_a_tpm(self):
        """What disks may be sealed to changes only when that is accepted by name."""
        uuid = self.define(devices="<tpm model='tpm-crb'><backend type='emulator' version='2.0'/></tpm>")
        self.assertTrue(self.one("GetStatus")["tpm"])
        error = self.refused_call("NeedsConfirmation", "AddBootEntry", entry={"description": "Mine", "device-path": "\\EFI\\x.efi"})
        self.assertEqual(error.data["needs"], ["tpm-pcr1"])
        yes = {"confirm": ["tpm-pcr7"]}     # covers it
        self.call("AddBootEntry", entry={"description": "Mine", "device-path": "\\EFI\\x.efi"}, options=yes)
        self.put("Mine", "one")             # nothing depends on it
        before = read(self.daemon.nvram(uuid))
        plan = self.one("PlanReset")
        self.assertIn("tpm-pcr7", plan["needs"])
        error = self.refused_call("NeedsConfirmation", "Reset")
        self.assertEqual(error.data["needs"], plan["needs"])
        self.assertEqual(error.code, -32016)
        self.refused("NeedsConfirmation", self.daemon.start, "one", reset_nvram=True)
        self.same(read(self.daemon.nvram(uuid)), before)
        self.one("Reset", options=yes)
        self.same(read(self.daemon.nvram(uuid)), TEMPLATE)

    def test_another_form(self):
        uuid = self.define()
        self.put("Mine", "one")
        result = self.one("Migrate", options={"form": "qcow2", "dry-run": True})
        self.assertTrue(os.path.exists(self.daemon.nvram(uuid)))
        result = self.one("Migrate", options={"form": "qcow2"})
        self.assertEqual((result["form"], result["left"]), ("qcow2", []))
        self.assertEqual(read(result["path"])[:4], b"QFI\xfb")
        self.assertFalse(os.path.exists(self.daemon.nvram(uuid)))
        self.assertEqual(self.text("Mine"), "one")
        self.assertIn("format='qcow2'", self.daemon.rpc("Domain.GetXML", domain="one"))
        self.daemon.start("one", paused=True)
        self.daemon.destroy("one")
        self.one("Migrate", options={"form": "raw"})
        self.assertEqual(self.text("Mine"), "one")
        self.assertEqual(self.one("GetStatus")["path"], self.daemon.nvram(uuid))


@needs_ovmf
class Owners(Case):
    """One store, one guest."""

    def test_refused_at_define(self):
        uuid = self.define()
        self.put("Mine", "one")
        path = self.daemon.nvram(uuid)
        link = os.path.join(self.daemon.folder, "link.fd")
        os.symlink(path, link)
        hard = os.path.join(self.daemon.folder, "hard.fd")
        os.link(path, hard)
        for name in (path, link, hard, os.path.dirname(path) + "/../" + uuid + "/VARS.fd"):
            with self.subTest(name):
                error = self.refused("InvalidConfig", self.daemon.define, guests.uefi("two", os=f"<nvram>{name}</nvram>"))
                self.assertRegex(error.message, "of one|another guest")
                disk = (f"<disk type='file' device='disk'><driver name='qemu' type='raw'/><source file='{name}'/>"
                        "<target dev='vda' bus='virtio'/></disk>")
                self.refused("InvalidConfig", self.daemon.define, guests.bios("three", devices=disk))
        own = self.daemon.rpc("Domain.GetXML", domain="one")
        clone = own.replace(uuid, "33333333-4444-4555-8666-777777777777", 1).replace("<name>one<", "<name>clone<")
        self.assertIn(path, clone)
        self.refused("InvalidConfig", self.daemon.define, clone)
        self.daemon.define(own)  # itself is no other

    def test_not_the_template_nor_a_disk(self):
        mine = os.path.join(self.daemon.folder, "VARS.fd")
        shutil.copy(guests.OVMF_VARS, mine)
        loader = (f"<loader readonly='yes' type='pflash'>{guests.OVMF_CODE}</loader>"
                  "<nvram template='{}'>{}</nvram>")
        plain = guests.domain("one", os=loader.format(mine, mine), memory=256)
        self.refused("InvalidConfig", self.daemon.define, plain)
        disk = (f"<disk type='file' device='disk'><driver name='qemu' type='raw'/><source file='{mine}'/>"
                "<target dev='vda' bus='virtio'/></disk>")
        self.daemon.define(guests.bios("disk", devices=disk))
        error = self.refused("InvalidConfig", self.daemon.define, guests.domain("two", os=loader.format(guests.OVMF_VARS, mine), memory=256))
        self.assertIn("disk", error.message)

    def test_trash(self):
        uuid = self.define()
        self.put("Mine", "one")
        self.put("Mine", "two")
        watcher = self.watch()
        self.daemon.rpc("Domain.Undefine", domain="one")
        self.store_events(watcher, "trashed")
        (thrown,) = self.daemon.rpc("Manager.ListNvramTrash")
        self.assertEqual(thrown["uuid"], uuid)
        self.assertGreater(thrown["expires-usec"], thrown["time-usec"])
        self.assertFalse(os.path.exists(os.path.dirname(self.daemon.nvram(uuid))))
        self.define("again")
        self.one("TakeBack", "again", trash=thrown["id"])
        self.assertEqual(self.text("Mine", "again"), "two")
        self.assertTrue(self.backups("again"), "its backups did not come back")
        self.assertEqual(self.daemon.rpc("Manager.ListNvramTrash"), [])
        for hostile in ("..", "nvram-../../etc", "", "nvram-" + uuid + "-1/.."):
            self.refused_call("NotFound", "TakeBack", "again", trash=hostile)
            self.refused("NotFound", self.daemon.rpc, "Manager.RemoveNvramTrash", ids=[hostile])
        self.daemon.rpc("Domain.Undefine", domain="again")
        (thrown,) = self.daemon.rpc("Manager.ListNvramTrash")
        self.daemon.client.call("Manager.RemoveNvramTrash", ids=[thrown["id"]])
        self.assertEqual(self.daemon.rpc("Manager.ListNvramTrash"), [])

    def test_trash_expires(self):
        self.define()
        self.put("Mine", "one")
        self.daemon.rpc("Domain.Undefine", domain="one")
        (thrown,) = self.daemon.rpc("Manager.ListNvramTrash")
        trash = os.path.join(self.daemon.data_folder, "trash")
        old = thrown["id"].rsplit("-", 1)[0] + "-1000"
        os.rename(os.path.join(trash, thrown["id"]), os.path.join(trash, old))
        self.daemon.stop()
        self.daemon.run()
        case.wait_for(lambda: self.daemon.rpc("Manager.ListNvramTrash") == [], "the trash to be emptied")

    def test_an_undefine_that_was_cut_off(self):
        uuid = self.define()
        self.put("Mine", "one")
        path, trash = self.daemon.nvram(uuid), os.path.join(self.daemon.data_folder, "trash")
        note = os.path.join(trash, f"undefine-{uuid}.json")

        def cut_off(definition_is_gone):
            self.daemon.kill()
            os.makedirs(trash, exist_ok=True)
            with open(note, "w") as file:
                json.dump({"version": 1, "path": path, "format": "raw", "own": True, "block": False, "how": "trash"}, file)
            if definition_is_gone:
                os.unlink(os.path.join(self.daemon.definitions, uuid + ".xml"))
            self.daemon.run()
            self.assertFalse(os.path.exists(note))
        cut_off(False)
        self.assertEqual(self.text("Mine"), "one")
        cut_off(True)
        self.assertFalse(os.path.exists(path))
        self.assertEqual([s["uuid"] for s in self.daemon.rpc("Manager.ListNvramTrash")], [uuid])

    def test_removed_wholly(self):
        uuid = self.define()
        self.put("Mine", "one")
        self.put("Mine", "two")
        self.daemon.rpc("Domain.Undefine", domain="one", options={"nvram": "remove"})
        self.assertFalse(os.path.exists(os.path.dirname(self.daemon.nvram(uuid))))

    def test_transient(self):
        for disposal, left in ((None, False), ("keep", True), ("trash", False)):
            with self.subTest(disposal):
                uuid = "44444444-4444-4444-8444-444444444444"
                self.daemon.uuids.add(uuid)
                options = {"paused": True, **({"nvram": disposal} if disposal else {})}
                self.daemon.job("Manager.CreateDomainXML", xml=guests.uefi("one", uuid=uuid), options=options)
                self.assertTrue(os.path.exists(self.daemon.nvram(uuid)))
                self.daemon.destroy("one")
                self.assertEqual(os.path.exists(self.daemon.nvram(uuid)), left)
                self.assertEqual(len(self.daemon.rpc("Manager.ListNvramTrash")), 1 if disposal == "trash" else 0)
                shutil.rmtree(os.path.dirname(self.daemon.nvram(uuid)), ignore_errors=True)


@needs_ovmf
class Pending(Case):
    def test_waits_for_the_next_cold_start(self):
        uuid = self.define()
        self.put("Mine", "one")
        self.daemon.start("one", paused=True)
        watcher = self.watch()
        self.refused("InvalidState", self.put, "Mine", "two")
        self.assertTrue(self.call("ListVariables")["moment"]["live"])
        self.assertEqual(self.text("Mine"), "one")
        self.assertTrue(self.one("PlanReset")["deferred"])
        self.assertTrue(self.one("Reset")["deferred"])
        self.store_events(watcher, "reset-pending")
        self.assertIn("uid", self.one("GetStatus")["pending-reset"]["who"])
        self.daemon.kill()
        self.daemon.run()      # it is remembered
        self.assertTrue(self.one("GetStatus").get("pending-reset"))
        self.assertTrue(self.one("CancelPendingReset"))
        self.assertFalse(self.one("CancelPendingReset"))
        self.assertNotIn("pending-reset", self.one("GetStatus"))
        self.one("Reset", options={"classes": ["other"]})
        self.assertEqual(self.text("Mine"), "one")
        self.daemon.destroy("one")
        self.assertEqual(self.text("Mine"), "one")
        watcher = self.watch()
        self.daemon.start("one", paused=True)
        self.store_events(watcher, "reset")
        self.assertNotIn("Mine", self.names())
        self.assertNotIn("pending-reset", self.one("GetStatus"))
        self.daemon.destroy("one")
        self.nothing_left(self.daemon, uuid)

    def test_a_start_that_fails_leaves_it_pending(self):
        disk = os.path.join(self.daemon.folder, "disk.img")
        with open(disk, "wb") as image:
            image.truncate(1 << 20)
        uuid = self.define(devices="<disk type='file' device='disk'><driver name='qemu' type='raw'/>"
                                   f"<source file='{disk}'/><target dev='vda' bus='virtio'/></disk>")
        self.put("Mine", "one")
        self.daemon.start("one", paused=True)
        self.one("Reset")
        self.daemon.destroy("one")
        before = read(self.daemon.nvram(uuid))
        os.rename(disk, disk + ".away")
        self.refused("NotFound", self.daemon.start, "one", paused=True)
        self.same(read(self.daemon.nvram(uuid)), before)
        self.assertTrue(self.one("GetStatus").get("pending-reset"))
        os.rename(disk + ".away", disk)
        self.daemon.start("one", paused=True)
        self.assertNotIn("Mine", self.names())
        self.daemon.destroy("one")
        self.assertNotIn("pending-reset", self.one("GetStatus"))


@needs_ovmf
class Guest(Case):
    """The guest's own firmware is the judge."""

    def boot(self):
        self.daemon.start("one")
        console = self.daemon.console("one")
        self.addCleanup(console.close)
        return guests.Shell(console)

    def test_both_ways(self):
        uuid = self.define()
        self.put("Outside", "set from outside")
        shell = self.boot().ready()
        said = shell.run(f"setvar Outside {SHELL_VARIABLE}")
        self.assertIn(b"set from outside".hex(" ").upper()[:20], " ".join(said.upper().split()))
        shell.run(f"setvar Inside {SHELL_VARIABLE} -bs -rt -nv =\"within\"")
        self.assertEqual(self.text("Inside"), "within")      # while it runs
        self.daemon.destroy("one")
        self.assertEqual(self.text("Inside"), "within")
        self.assertEqual(self.one("Check")["state"], "valid")
        self.one("Compact")
        boot = self.call("ListBootEntries")["boot"]
        path = next(e["device-path"] for e in boot["entries"] if "Shell" in e["description"])
        name = self.call("AddBootEntry", entry={"description": "Chosen by Vireo", "device-path": path, "active": False})["name"]
        self.one("SetBootNext", entry=name)
        self.timeout(0)
        shell = self.boot()
        shell.console.wait_for(f'starting {name} "Chosen by Vireo"', shell.LIMIT)
        shell.console.wait_for("Press ESC", shell.LIMIT)
        shell.console.type("\x1b")
        shell.console.wait_for("Shell>", shell.LIMIT)
        said = shell.run(f"setvar Inside {SHELL_VARIABLE}")
        self.assertIn(b"within".hex(" ").upper()[:15], " ".join(said.upper().split()))   # compaction lost nothing
        self.assertNotIn("next", self.call("ListBootEntries")["boot"])
        self.one("Reset")
        self.daemon.destroy("one")
        shell = self.boot().ready()
        said = shell.run(f"setvar Outside {SHELL_VARIABLE}")
        self.assertNotIn("Chosen by Vireo", [e["description"] for e in self.call("ListBootEntries")["boot"]["entries"]])
        self.assertIn("unable to get", said.lower(), "the variable outlived the reset")
        self.daemon.destroy("one")
        # And back: the backup that the start took before it reset
        reset = next(b for b in self.backups() if b["reason"] == "before-reset")
        self.one("Restore", backup=reset["id"])
        shell = self.boot().ready()
        said = shell.run(f"setvar Inside {SHELL_VARIABLE}")
        self.assertIn(b"within".hex(" ").upper()[:15], " ".join(said.upper().split()))


if __name__ == "__main__":
    case.main()
