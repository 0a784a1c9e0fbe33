#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""A domain's whole life: defined, found, started, paused, stopped, renamed, removed; refusals; several clients at once."""
import os
import re
import sys
import threading
import uuid as uuids
import xml.etree.ElementTree as etree

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
import case
import guests
from guests import read
from case import lifecycle_of
from vireo import RpcError, wait_for


class Defining(case.Case):
    def setUp(self):
        self.daemon = self.start_daemon()

    def test_define_and_dump(self):
        one = self.daemon.define(guests.bios("one", more="<title>First</title>"))
        self.assertTrue(one["created"])
        self.assertEqual(one["domain"], "/org/vireo1/domain/" + one["uuid"].replace("-", "_"))
        self.assertEqual(self.daemon.state("one"), ("shut-off", "unknown"))
        xml = self.daemon.rpc("Domain.GetXML", domain="one")
        root = etree.fromstring(xml)
        self.assertEqual(root.findtext("title"), "First")
        self.assertEqual(root.findtext("uuid"), one["uuid"])
        self.assertEqual(root.find("os/type").get("machine"), "pc-q35-7.2")   # what Vireo chose is said
        self.assertEqual(read(os.path.join(self.daemon.definitions, one["uuid"] + ".xml")).decode().count("<domain"), 1)
        # What was dumped defines the same thing.
        again = self.daemon.define(xml)
        self.assertFalse(again["created"])
        self.assertEqual(again["uuid"], one["uuid"])
        self.assertGreater(again["revision"], one["revision"])
        self.assertEqual(self.daemon.rpc("Domain.GetXML", domain="one"), xml)

    def test_define_from_json(self):
        self.daemon.define(guests.uefi("one"))
        definition = self.daemon.rpc("Domain.GetDefinition", domain="one")
        other = dict(definition, name="two", uuid=str(uuids.uuid4()))
        del other["os"]["nvram"]
        result = self.daemon.rpc("Manager.DefineDomain", definition=other, options={})
        self.assertEqual(result["uuid"], other["uuid"])
        one, two = (self.daemon.rpc("Domain.GetXML", domain=n) for n in ("one", "two"))
        self.assertEqual(one.replace(definition["uuid"], other["uuid"]).replace("<name>one<", "<name>two<"), two)
        self.refused("InvalidConfig", self.daemon.rpc, "Manager.DefineDomain", definition={"name": "three", "memmory": 1}, options={})

    def test_dry_run_stores_nothing(self):
        result = self.daemon.define(guests.uefi("one"), dry_run=True)
        self.assertIn("OVMF_CODE_4M.fd", result["xml"])
        self.assertTrue(result["created"])
        self.refused("NotFound", self.daemon.info, "one")
        self.assertEqual(self.daemon.rpc("Manager.ListDomains"), [])
        self.assertEqual([n for n in os.listdir(self.daemon.definitions) if n.endswith(".xml")], [])
        self.refused("InvalidConfig", self.daemon.define, "<domain type='qemu'><name>x</name></domain>", dry_run=True)

    def test_revision(self):
        first = self.daemon.define(guests.bios("one"))
        xml = guests.bios("one", uuid=first["uuid"], memory=192)
        second = self.daemon.define(xml, if_revision=first["revision"])
        error = self.refused("Conflict", self.daemon.define, xml, if_revision=first["revision"])
        self.assertIn(str(second["revision"]), error.message)
        self.assertEqual(self.daemon.info("one")["max-memory-bytes"], 192 << 20)
        self.refused("Conflict", self.daemon.rpc, "Domain.SetAutostart", domain="one", autostart=True,
                     options={"if-revision": first["revision"]})
        self.refused("Conflict", self.daemon.start, "one", if_revision=first["revision"])
        self.refused("Conflict", self.daemon.rpc, "Domain.Undefine", domain="one", options={"if-revision": first["revision"]})
        self.assertEqual(self.daemon.state("one")[0], "shut-off")
        # The revision is the definition's also after a restart of the daemon: it never goes back.
        self.daemon.stop()
        self.daemon.run()
        revision = self.daemon.rpc("Manager.ListDomains")[0]["revision"]
        self.assertEqual(revision, second["revision"])
        self.daemon.rpc("Domain.SetAutostart", domain="one", autostart=True, options={"if-revision": revision})
        later = self.daemon.rpc("Manager.ListDomains")[0]["revision"]
        self.assertGreater(later, revision)
        self.daemon.kill()
        self.daemon.run()
        self.assertEqual(self.daemon.rpc("Manager.ListDomains")[0]["revision"], later)

    def test_refused_definitions(self):
        one = self.daemon.define(guests.bios("one"))
        taken = self.refused("AlreadyExists", self.daemon.define, guests.bios("one", uuid=str(uuids.uuid4())))
        self.assertIn(one["uuid"], taken.message)
        self.refused("AlreadyExists", self.daemon.define, guests.bios("two", uuid=one["uuid"]))
        self.refused("InvalidConfig", self.daemon.define, "<domain")
        self.refused("InvalidConfig", self.daemon.define, guests.bios("a/b"))
        unknown = self.refused("InvalidConfig", self.daemon.define, guests.bios("two", devices="\n<teleporter mode='fast'/>"))
        self.assertIn("teleporter", unknown.message)
        self.assertRegex(unknown.message, r"line \d+")
        kept = self.daemon.define(guests.bios("two", more="<lifegroups/>"), lenient=True)
        self.assertIn("lifegroups", " ".join(kept["warnings"]))
        option = self.refused("InvalidArgument", self.daemon.define, guests.bios("three"), dry_runn=True)
        self.assertIn("dry-run", option.message + option.data.get("hint", ""))
        self.assertEqual([d["name"] for d in self.daemon.rpc("Manager.ListDomains")], ["one", "two"])

    def test_list_and_look_up(self):
        made = {n: self.daemon.define(guests.bios(n)) for n in ("web-2", "web-1", "db")}
        self.daemon.start("db", paused=True)
        self.daemon.rpc("Domain.SetAutostart", domain="web-1", autostart=True)

        def names(**filter):
            return [d["name"] for d in self.daemon.rpc("Manager.ListDomains", filter=filter)]
        self.assertEqual(names(), ["db", "web-1", "web-2"])
        self.assertEqual(names(active=True), ["db"])
        self.assertEqual(names(active=False, name="web-*"), ["web-1", "web-2"])
        self.assertEqual(names(autostart=True), ["web-1"])
        self.assertEqual(names(states=["paused", "running"]), ["db"])
        self.assertEqual(names(name="web-[2-9]"), ["web-2"])
        self.assertEqual(names(persistent=False), [])
        self.refused("InvalidArgument", names, states=["asleep"])
        self.refused("InvalidArgument", names, actve=True)
        for key in ("db", made["db"]["uuid"], made["db"]["uuid"].upper(), str(self.daemon.info("db")["id"])):
            self.assertEqual(self.daemon.rpc("Manager.LookupDomain", key=key), made["db"]["domain"], key)
        for key in ("nobody", "-1", "", str(uuids.uuid4())):
            self.refused("NotFound", self.daemon.rpc, "Manager.LookupDomain", key=key)

    def test_rename_keeps_the_variable_store(self):
        made = self.daemon.define(guests.uefi("one"))
        self.daemon.start("one", paused=True)
        store = self.daemon.nvram(made["uuid"])
        before = read(store)
        running = self.refused("InvalidState", self.daemon.rpc, "Domain.Rename", domain="one", new_name="two")
        self.assertIn("running", running.message)
        self.daemon.destroy("one")
        self.daemon.define(guests.bios("taken"))
        self.refused("AlreadyExists", self.daemon.rpc, "Domain.Rename", domain="one", new_name="taken")
        self.refused("InvalidArgument", self.daemon.rpc, "Domain.Rename", domain="one", new_name="a/b")
        self.daemon.rpc("Domain.Rename", domain="one", new_name="two")
        self.refused("NotFound", self.daemon.info, "one")
        self.assertEqual(self.daemon.rpc("Manager.LookupDomain", key="two"), made["domain"])
        self.assertEqual(read(store), before)
        self.daemon.start("two", paused=True)
        self.assertEqual(read(store), before)
        self.daemon.destroy("two")
        self.daemon.kill()
        self.daemon.run()
        self.assertEqual([d["name"] for d in self.daemon.rpc("Manager.ListDomains")], ["taken", "two"])

    def test_undefine_and_the_variable_store(self):
        for how in ("trash", "keep", "remove"):
            made = self.daemon.define(guests.uefi(how))
            self.daemon.start(how, paused=True)
            self.daemon.destroy(how)
            store = self.daemon.nvram(made["uuid"])
            before = read(store)
            self.daemon.rpc("Domain.Undefine", domain=how, options={"nvram": how} if how != "trash" else {})
            self.refused("NotFound", self.daemon.info, how)
            self.assertFalse(os.path.exists(os.path.join(self.daemon.definitions, made["uuid"] + ".xml")))
            self.assertEqual(os.path.exists(store), how == "keep", how)
            trash = os.path.join(self.daemon.data_folder, "trash")
            found = [n for n in os.listdir(trash) if made["uuid"] in n] if os.path.isdir(trash) else []
            self.assertEqual(len(found), int(how == "trash"), how)
            if found:
                self.assertEqual(read(os.path.join(trash, found[0], "VARS.fd")), before)
            self.nothing_left(self.daemon, made["uuid"])

    def test_undefine_of_a_running_domain(self):
        made = self.daemon.define(guests.uefi("one"))
        self.daemon.start("one", paused=True)
        self.daemon.rpc("Domain.Undefine", domain="one", options={"nvram": "trash"})
        self.assertFalse(self.daemon.rpc("Manager.ListDomains")[0]["persistent"])
        self.assertEqual(self.daemon.state("one"), ("paused", "user"))
        self.assertTrue(os.path.exists(self.daemon.nvram(made["uuid"])))
        self.refused("InvalidState", self.daemon.rpc, "Domain.GetXML", domain="one", options={"kind": "persistent"})
        self.daemon.destroy("one")
        self.refused("NotFound", self.daemon.info, "one")
        self.assertFalse(os.path.exists(self.daemon.nvram(made["uuid"])))
        self.assertEqual(len(os.listdir(os.path.join(self.daemon.data_folder, "trash"))), 1)
        self.nothing_left(self.daemon, made["uuid"])


class Running(case.Case):
    def setUp(self):
        self.daemon = self.start_daemon()
        self.watcher = self.daemon.connect()
        self.addCleanup(self.watcher.close)
        self.watcher.call("Manager.Subscribe")

    def until_stopped(self):
        return lifecycle_of(self.events_until(self.watcher, lambda m, p: m == "Domain.Lifecycle" and p["event"] == "stopped"))

    def test_states_reasons_and_events(self):
        made = self.daemon.define(guests.bios("one"))
        job = self.daemon.start("one")
        self.assertEqual((job["operation"], job["state"], job["domain"], job["progress"]), ("start", "succeeded", made["domain"], 1.0))
        self.assertEqual({s["state"] for s in job["stages"]}, {"done"})
        self.assertLessEqual({"prepare", "firmware", "disks", "runtime", "cgroup", "launch", "run"}, {s["name"] for s in job["stages"]})
        self.assertEqual(self.daemon.state("one"), ("running", "booted"))
        info = self.daemon.info("one")
        self.assertEqual((info["health"], info["vcpus"], info["max-memory-bytes"]), ("ok", 1, 128 << 20))
        self.assertTrue(case.alive(info["pid"]))
        self.daemon.rpc("Domain.Suspend", domain="one")
        self.assertEqual(self.daemon.state("one"), ("paused", "user"))
        self.daemon.rpc("Domain.Resume", domain="one")
        self.assertEqual(self.daemon.state("one"), ("running", "unpaused"))
        self.daemon.rpc("Domain.Reset", domain="one")
        self.assertEqual(self.daemon.destroy("one")["state"], "succeeded")
        self.assertEqual(self.daemon.state("one"), ("shut-off", "destroyed"))
        self.assertEqual(self.daemon.info("one")["id"], -1)
        self.assertFalse(case.alive(info["pid"]))
        events = self.events_until(self.watcher, lambda m, p: m == "Domain.Lifecycle" and p["event"] == "stopped")
        self.assertEqual(lifecycle_of(events), [("defined", "added"), ("started", "booted"), ("suspended", "paused"),
                                                ("resumed", "unpaused"), ("stopped", "destroyed")])
        self.assertEqual([m for m, _ in events].count("Domain.Rebooted"), 1)
        # What the properties said on the way was always true.
        for method, params in events:
            if method == "Domain.PropertiesChanged":
                self.assertEqual(params["properties"].get("MaxMemoryBytes", 128 << 20), 128 << 20)
        jobs = [p["properties"]["Job"] for m, p in events if m == "Domain.PropertiesChanged" and "Job" in p["properties"]]
        self.assertEqual(jobs[:4], ["/", job["job"], "/", "/org/vireo1/job/2"])
        self.nothing_left(self.daemon, made["uuid"])

    def test_start_paused_then_resume(self):
        self.daemon.define(guests.bios("one"))
        self.daemon.start("one", paused=True)
        self.assertEqual(self.daemon.state("one"), ("paused", "user"))
        self.daemon.rpc("Domain.Resume", domain="one")
        self.assertEqual(self.daemon.state("one"), ("running", "unpaused"))
        self.daemon.destroy("one")
        self.assertEqual(self.until_stopped(), [("defined", "added"), ("started", "booted"), ("suspended", "paused"),
                                                ("resumed", "unpaused"), ("stopped", "destroyed")])

    def test_graceful_destroy(self):
        made = self.daemon.define(guests.bios("one"))
        self.daemon.start("one", paused=True)
        self.daemon.job("Domain.Destroy", domain="one", options={"graceful": True})
        self.assertEqual(self.daemon.state("one"), ("shut-off", "destroyed"))
        self.nothing_left(self.daemon, made["uuid"])

    def test_transient(self):
        xml = guests.uefi("passing")
        result = self.daemon.client.call("Manager.CreateDomainXML", xml=xml, options={"paused": True})
        job = self.daemon.rpc("Job.Wait", job=result["job"])
        self.assertEqual((job["operation"], job["state"]), ("create", "succeeded"))
        uuid = result["domain"].rsplit("/", 1)[1].replace("_", "-")
        self.daemon.uuids.add(uuid)
        self.assertEqual(self.daemon.state("passing"), ("paused", "user"))
        self.assertFalse(self.daemon.rpc("Manager.ListDomains")[0]["persistent"])
        self.assertFalse(os.path.exists(os.path.join(self.daemon.definitions, uuid + ".xml")))
        self.refused("AlreadyExists", self.daemon.client.call, "Manager.CreateDomainXML", xml=xml)
        for method, more in (("Domain.Undefine", {}), ("Domain.SetAutostart", {"autostart": True}), ("Domain.Rename", {"new_name": "x"}),
                             ("Domain.GetXML", {"options": {"kind": "persistent"}})):
            self.refused("InvalidState", self.daemon.rpc, method, domain="passing", **more)
        self.daemon.destroy("passing")
        self.refused("NotFound", self.daemon.info, "passing")
        self.assertFalse(os.path.exists(self.daemon.nvram(uuid)))
        self.nothing_left(self.daemon, uuid)
        events = self.events_until(self.watcher, lambda m, p: m == "Manager.DomainRemoved")
        self.assertEqual(events[0][0], "Manager.DomainAdded")
        self.assertEqual(lifecycle_of(events), [("started", "booted"), ("suspended", "paused"), ("stopped", "destroyed")])

    def test_transient_becomes_persistent(self):
        result = self.daemon.client.call("Manager.CreateDomainXML", xml=guests.bios("one"), options={"paused": True})
        self.daemon.rpc("Job.Wait", job=result["job"])
        made = self.daemon.define(self.daemon.rpc("Domain.GetXML", domain="one"))
        self.assertEqual(made["domain"], result["domain"])
        self.daemon.destroy("one")
        self.assertEqual(self.daemon.state("one"), ("shut-off", "destroyed"))
        self.daemon.start("one", paused=True)

    def test_transient_that_cannot_start_is_gone(self):
        xml = guests.bios("one", devices="<disk type='file' device='disk'><driver name='qemu' type='raw'/>"
                                         "<source file='/nonexistent/disk.img'/><target dev='vda' bus='virtio'/></disk>")
        result = self.daemon.client.call("Manager.CreateDomainXML", xml=xml, options={})
        self.refused("NotFound", self.daemon.rpc, "Job.Wait", job=result["job"])
        self.refused("NotFound", self.daemon.info, "one")
        self.nothing_left(self.daemon, result["domain"].rsplit("/", 1)[1].replace("_", "-"))

    def test_autodestroy(self):
        made = self.daemon.define(guests.bios("one"))
        owner = self.daemon.connect()
        job = owner.call("Domain.Start", domain="one", options={"autodestroy": True, "paused": True})["job"]
        self.daemon.rpc("Job.Wait", job=job)
        self.assertEqual(self.daemon.state("one")[0], "paused")
        owner.close()
        self.daemon.wait_state("one", "shut-off")
        self.assertEqual(self.daemon.state("one"), ("shut-off", "destroyed"))
        self.nothing_left(self.daemon, made["uuid"])
        # Only the run that asked for it, not the next one.
        owner = self.daemon.connect()
        job = owner.call("Domain.Start", domain="one", options={"autodestroy": True, "paused": True})["job"]
        self.daemon.rpc("Job.Wait", job=job)
        self.daemon.destroy("one")
        self.daemon.start("one", paused=True)
        owner.close()
        self.daemon.define(guests.bios("two"))   # answered after the connection's end was seen
        self.assertEqual(self.daemon.state("one"), ("paused", "user"))

    def test_autostart(self):
        self.daemon.define(guests.bios("one"))
        self.daemon.define(guests.bios("two"))
        self.daemon.rpc("Domain.SetAutostart", domain="one", autostart=True)
        self.daemon.stop()
        self.daemon.run()
        self.assertTrue(next(d for d in self.daemon.rpc("Manager.ListDomains") if d["name"] == "one")["autostart"])
        self.daemon.stop()
        for base, _, names in os.walk(self.daemon.run_folder, topdown=False):   # as a boot of the host leaves it
            for name in names:
                os.unlink(os.path.join(base, name))
        self.daemon.run()
        self.daemon.wait_state("one", "running")
        self.assertEqual(self.daemon.state("two")[0], "shut-off")
        # Who is turned off stays off when only the daemon is started again.
        self.daemon.destroy("one")
        self.daemon.stop()
        self.daemon.run()
        self.daemon.rpc("Domain.SetAutostart", domain="one", autostart=False)
        self.assertEqual(self.daemon.state("one")[0], "shut-off")
        self.assertEqual(os.listdir(os.path.join(self.daemon.definitions, "autostart")), [])

    def test_taints(self):
        plain = guests.bios("one", uuid=str(uuids.uuid4()))
        self.daemon.define(plain)
        self.assertNotIn("taints", self.daemon.info("one"))
        xml = plain.replace("<domain ", "<domain xmlns:qemu='http://libvirt.org/schemas/domain/qemu/1.0' ", 1).replace(
            "</domain>", "<qemu:commandline><qemu:arg value='-name'/><qemu:arg value='other'/></qemu:commandline></domain>")
        self.daemon.define(xml)
        self.daemon.start("one", paused=True)
        self.assertEqual(self.daemon.info("one")["taints"], ["custom-argv"])
        self.daemon.destroy("one")

    def test_refused_operations(self):
        self.daemon.define(guests.bios("one"))
        for method in ("Domain.Suspend", "Domain.Resume", "Domain.Reset", "Domain.OpenConsole"):
            self.refused("InvalidState", self.daemon.rpc, method, domain="one")
            self.refused("NotFound", self.daemon.rpc, method, domain="nobody")
        for method in ("Domain.Destroy", "Domain.Shutdown", "Domain.Reboot"):
            error = self.refused("InvalidState", self.daemon.job, method, domain="one")
            self.assertEqual(error.data.get("object"), "one")
        self.refused("InvalidState", self.daemon.rpc, "Domain.GetXML", domain="one", options={"kind": "live"})
        self.daemon.start("one", paused=True)
        error = self.refused("InvalidState", self.daemon.start, "one")
        self.assertIn("running already", error.message)
        hint = self.refused("InvalidState", self.daemon.job, "Domain.Shutdown", domain="one")
        self.assertIn("resume", hint.data["hint"])
        self.daemon.rpc("Domain.Suspend", domain="one")   # as libvirt: it is paused already, fine
        self.daemon.rpc("Domain.Resume", domain="one")
        self.refused("InvalidState", self.daemon.rpc, "Domain.Resume", domain="one")
        self.refused("NotFound", self.daemon.rpc, "Domain.OpenConsole", domain="one")
        self.refused("NotFound", self.daemon.rpc, "Job.GetInfo", job="/org/vireo1/job/999999")

    def test_confinement(self):
        self.daemon.define(guests.uefi("one"))
        self.daemon.start("one", paused=True)
        pid = self.daemon.info("one")["pid"]
        status = dict(line.split(":\t", 1) for line in read(f"/proc/{pid}/status").decode().splitlines())
        self.assertEqual(status["Seccomp"], "2")
        if os.geteuid() == 0:
            self.assertNotIn("0", status["Uid"].split() + status["Gid"].split())
            self.assertEqual(int(status["CapEff"], 16), 0)
        arguments = read(f"/proc/{pid}/cmdline").decode().split("\0")
        self.assertLessEqual({"-nodefaults", "-no-user-config", "-sandbox"}, set(arguments))
        open_files = [os.readlink(f"/proc/{pid}/fd/{n}") for n in os.listdir(f"/proc/{pid}/fd")]
        for path in open_files:
            self.assertNotRegex(path, r"vireod\.log|vireod\.lock|vireo\.sock|/config/")
        if self.daemon.rpc("Manager.GetHostInfo")["cgroups"] != "none":
            self.assertIn(self.daemon.cgroup, read(f"/proc/{pid}/cgroup").decode())

    def test_same_hardware_at_each_start(self):
        disk = os.path.join(self.daemon.folder, "disk.img")
        with open(disk, "wb") as image:
            image.truncate(1 << 20)
        drive = f"<disk type='file' device='disk'><driver name='qemu' type='raw'/><source file='{disk}'/><target dev='vda' bus='virtio'/></disk>"
        self.daemon.define(guests.uefi("one", devices=drive + "<video><model type='virtio'/></video><graphics type='vnc'/>"))
        stored = self.daemon.rpc("Domain.GetXML", domain="one")

        def live():
            self.daemon.start("one", paused=True)
            text = self.daemon.rpc("Domain.GetXML", domain="one", options={"kind": "live"})
            arguments = read(f"/proc/{self.daemon.info('one')['pid']}/cmdline").decode().split("\0")
            devices = [a for o, a in zip(arguments, arguments[1:]) if o == "-device"]
            self.daemon.destroy("one")
            text = re.sub(r"(<domain [^>]*)id='\d+'", r"\1", text)
            return re.sub(r"/dev/pts/\d+|(?<=port=')\d+(?=' autoport)", "", text), devices
        first = live()
        self.daemon.stop()
        self.daemon.run()
        self.assertEqual(live(), first)
        self.assertEqual(self.daemon.rpc("Domain.GetXML", domain="one"), stored)

        def addresses(xml):
            devices = etree.fromstring(xml).find("devices")
            return {etree.tostring(d).strip(): d.find("address").attrib for d in devices if d.find("address") is not None}
        more = stored.replace("</devices>", "<rng model='virtio'><backend model='random'>/dev/urandom</backend></rng></devices>")
        self.daemon.define(more)
        before, after = addresses(stored), addresses(self.daemon.rpc("Domain.GetXML", domain="one"))
        for device, address in before.items():
            self.assertEqual(after.get(device), address, device)
        self.daemon.start("one", paused=True)

    def test_redefined_while_running(self):
        made = self.daemon.define(guests.bios("one"))
        self.daemon.start("one", paused=True)
        self.daemon.define(guests.bios("one", uuid=made["uuid"], memory=192))
        self.assertEqual(self.daemon.info("one")["max-memory-bytes"], 128 << 20)
        kinds = [etree.fromstring(self.daemon.rpc("Domain.GetXML", domain="one", options=o)).findtext("memory")
                 for o in ({}, {"kind": "live"}, {"kind": "persistent"})]
        self.assertEqual(kinds, [str(128 << 10), str(128 << 10), str(192 << 10)])
        self.daemon.destroy("one")
        self.daemon.start("one", paused=True)
        self.assertEqual(self.daemon.info("one")["max-memory-bytes"], 192 << 20)


class Together(case.Case):
    """Several clients at once."""

    def setUp(self):
        self.daemon = self.start_daemon()

    def at_once(self, *works):
        """Runs each work(client) with a connection of its own; the results, errors among them."""
        results, barrier = [None] * len(works), threading.Barrier(len(works))

        def run(i):
            client = self.daemon.connect()
            try:
                barrier.wait()
                results[i] = works[i](client)
            except RpcError as error:
                results[i] = error
            finally:
                client.close()
        threads = [threading.Thread(target=run, args=(i,)) for i in range(len(works))]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return results

    @staticmethod
    def job(method, **params):
        def work(client):
            return client.call("Job.Wait", job=client.call(method, **params)["job"])["info"]["state"]
        return work

    def test_start_and_destroy_twice(self):
        made = self.daemon.define(guests.bios("one"))
        for method in ("Domain.Start", "Domain.Destroy"):
            for _ in range(3):
                work = self.job(method, domain="one", **({"options": {"paused": True}} if method == "Domain.Start" else {}))
                results = self.at_once(work, work, work)
                self.assertEqual(results.count("succeeded"), 1, results)
                for error in results:
                    if error != "succeeded":
                        self.assertEqual(error.name, "InvalidState", error)
                if method == "Domain.Start":
                    if _ < 2:
                        self.daemon.destroy("one")
                elif _ < 2:
                    self.daemon.start("one", paused=True)
        self.nothing_left(self.daemon, made["uuid"])

    def test_destroy_cancels_a_start(self):
        made = self.daemon.define(guests.uefi("one"))
        for _ in range(5):
            start = self.daemon.client.call("Domain.Start", domain="one", options={})["job"]
            self.daemon.destroy("one")
            info = self.daemon.rpc("Job.GetInfo", job=start)
            self.assertIn(info["state"], ("cancelled", "succeeded"))
            self.assertEqual(self.daemon.state("one")[0], "shut-off")
            self.nothing_left(self.daemon, made["uuid"])

    def test_cancelled_start(self):
        made = self.daemon.define(guests.uefi("one"))
        job = self.daemon.client.call("Domain.Start", domain="one", options={})["job"]
        self.daemon.rpc("Job.Cancel", job=job)
        self.refused("Cancelled", self.daemon.rpc, "Job.Wait", job=job)
        self.assertEqual(self.daemon.state("one"), ("shut-off", "failed"))
        self.assertFalse(os.path.exists(self.daemon.nvram(made["uuid"])))
        self.nothing_left(self.daemon, made["uuid"])
        self.daemon.start("one", paused=True)

    def test_define_the_same_name_twice(self):
        for round in range(5):
            name = f"guest-{round}"
            results = self.at_once(*[lambda c: c.call("Manager.DefineDomainXML", xml=guests.bios(name), options={})] * 4)
            made = [r for r in results if isinstance(r, dict)]
            self.assertEqual(len(made), 1, results)
            for error in results:
                if error not in made:
                    self.assertEqual(error.name, "AlreadyExists", error)
        self.assertEqual(len(self.daemon.rpc("Manager.ListDomains")), 5)

    def test_undefine_against_start(self):
        for _ in range(4):
            made = self.daemon.define(guests.bios("one"))
            results = self.at_once(self.job("Domain.Start", domain="one", options={"paused": True}),
                                   lambda c: c.call("Domain.Undefine", domain="one"))
            if results[0] == "succeeded":
                self.daemon.destroy("one")
            wait_for(lambda: self.daemon.rpc("Manager.ListDomains") == [], "the domain to be gone", 10)
            self.nothing_left(self.daemon, made["uuid"])


if __name__ == "__main__":
    case.main()
