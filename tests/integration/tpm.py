#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""A guest with an emulated TPM: its swtpm comes and goes with it, what the TPM keeps stays, and nobody is left behind."""
import os
import pwd
import shutil
import signal
import sys
import time
import unittest
import uuid as uuids

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
import case
import guests
from vireo import wait_for

UUID = str(uuids.uuid4())    # its own in each run: guests are found by it


def tpm(attributes="", inner="", model="tpm-crb"):
    return f"<tpm model='{model}'><backend type='emulator' {attributes}>{inner}</backend></tpm>"


def read(path):
    with open(path, "rb") as file:
        return file.read()


def programs(name):
    """pid → arguments of the running programs of this name."""
    found = {}
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            arguments = read(f"/proc/{pid}/cmdline").decode(errors="replace").split("\0")
        except OSError:
            continue
        if os.path.basename(arguments[0]) == name and case.alive(int(pid)):
            found[int(pid)] = arguments
    return found


@unittest.skipUnless(shutil.which("swtpm") and shutil.which("swtpm_setup"), "no swtpm")
class Tpm(case.Case):
    def setUp(self):
        self.daemon = self.start_daemon()
        self.states = os.path.join(self.daemon.data_folder, "tpm")
        self.trash = os.path.join(self.daemon.data_folder, "trash")

    def define(self, device, **more):
        self.daemon.define(guests.bios("one", devices=device, uuid=UUID, **more))

    def swtpms(self):
        """Those that work in this daemon's folders: pid → arguments."""
        def at(pid):
            try:
                return os.readlink(f"/proc/{pid}/cwd")
            except OSError:
                return ""
        return {pid: arguments for pid, arguments in programs("swtpm").items() if at(pid).startswith(self.daemon.folder)}

    def off(self):
        self.nothing_left(self.daemon, UUID)
        self.assertEqual(self.swtpms(), {})

    def state(self, version="tpm2", file="tpm2-00.permall"):
        return os.path.join(self.states, UUID, version, file)

    def test_made_once_and_kept(self):
        self.define(tpm())
        self.daemon.start("one", paused=True)
        (pid, arguments), = self.swtpms().items()
        self.assertIn("--tpm2", arguments)
        self.assertEqual(self.daemon.statuses()[UUID]["auxiliaries"][0]["pid"], pid)
        qemu = self.daemon.info("one")["pid"]
        self.assertEqual(os.stat(f"/proc/{pid}").st_uid, os.stat(f"/proc/{qemu}").st_uid)
        for parent in self.daemon.cgroup_folders():
            if os.path.exists(os.path.join(parent, UUID, "cgroup.procs")):
                self.assertIn(str(pid), read(os.path.join(parent, UUID, "cgroup.procs")).decode().split())
        made = read(self.state())
        self.assertGreater(len(made), 1000)
        self.daemon.destroy("one")
        self.off()
        for _ in range(2):
            self.daemon.start("one")
            self.assertEqual(len(self.swtpms()), 1)
            self.daemon.destroy("one")
            self.off()
        keys = [entry for entry in os.listdir(os.path.join(self.states, UUID))]
        self.assertEqual(keys, ["tpm2"])

    @unittest.skipUnless(os.geteuid() == 0, "only root runs guests as others")
    def test_guests_run_as_another_account_now(self):
        other = pwd.getpwnam("daemon").pw_uid
        for label, uid in (("", None), ("<seclabel type='static' model='dac' relabel='no'><label>daemon:daemon</label></seclabel>", other)):
            self.define(tpm(), more=label)
            self.daemon.start("one", paused=True)
            pid, = self.swtpms()
            if uid is not None:
                self.assertEqual(os.stat(f"/proc/{pid}").st_uid, uid)
                self.assertEqual(os.stat(self.state()).st_uid, uid)
            self.daemon.destroy("one")
            self.off()

    def test_kinds(self):
        kinds = [(tpm("version='2.0'", model="tpm-tis"), "tpm2"), (tpm("version='1.2'", model="tpm-tis"), "tpm1.2")]
        for device, folder in kinds:
            with self.subTest(folder):
                self.define(device)
                self.daemon.start("one", paused=True)
                self.assertTrue(os.path.exists(os.path.join(self.states, UUID, folder)))
                self.daemon.destroy("one")
                self.off()

    def test_banks(self):
        self.define(tpm("debug='3'", "<active_pcr_banks><sha256/><sha384/></active_pcr_banks>"))
        self.daemon.start("one", paused=True)
        self.daemon.destroy("one")
        before = read(self.state())
        self.define(tpm("", "<active_pcr_banks><sha512/></active_pcr_banks>"))
        self.daemon.start("one", paused=True)
        self.daemon.destroy("one")
        self.assertNotEqual(read(self.state()), before)
        self.off()

    def test_where_the_definition_says(self):
        for kind in ("file", "dir"):
            with self.subTest(kind):
                folder = os.path.join(self.daemon.folder, "tpm-" + kind)
                os.mkdir(folder, 0o777)
                os.chmod(folder, 0o777)
                path = os.path.join(folder, "state")
                self.define(tpm("", f"<source type='{kind}' path='{path}'/>"))
                self.daemon.start("one", paused=True)
                made = path if kind == "file" else os.path.join(path, "tpm2-00.permall")
                size = os.path.getsize(made)
                self.assertGreater(size, 1000)
                self.daemon.destroy("one")
                self.off()
                self.daemon.start("one", paused=True)
                self.daemon.destroy("one")
                self.daemon.rpc("Domain.Undefine", domain="one")
                self.assertTrue(os.path.exists(made))
                self.assertFalse(os.path.exists(os.path.join(self.states, UUID)))

    def test_the_daemon_dies_and_finds_it(self):
        self.define(tpm())
        self.daemon.start("one")
        (pid, _), = self.swtpms().items()
        self.daemon.kill()
        self.assertTrue(case.alive(pid))
        self.daemon.run()
        wait_for(lambda: self.daemon.info("one")["health"] == "ok", "the guest to answer")
        self.assertEqual(list(self.swtpms()), [pid])
        self.daemon.destroy("one")
        self.off()
        # And one whose QEMU is gone by then.
        self.daemon.start("one")
        (pid, _), = self.swtpms().items()
        os.kill(pid, signal.SIGSTOP)                    # so that it does not end with its connection
        self.daemon.kill()
        qemu, = self.daemon.guest_pids()
        os.kill(qemu, signal.SIGKILL)
        self.daemon.run()
        self.daemon.wait_state("one", "shut-off")
        wait_for(lambda: not case.alive(pid), "swtpm's end")
        self.off()

    def test_its_end_is_told(self):
        self.define(tpm())
        self.daemon.start("one")
        for again in (False, True):
            if again:                                   # the same for one that was found running
                self.daemon.destroy("one")
                self.daemon.start("one")
                self.daemon.kill()
                self.daemon.run()
                wait_for(lambda: self.daemon.info("one")["health"] == "ok", "the guest to answer")
            told = self.daemon.log().count("without one of its devices")
            (pid, _), = self.swtpms().items()
            os.kill(pid, signal.SIGKILL)
            wait_for(lambda: self.daemon.log().count("without one of its devices: swtpm of device tpm0") > told, "the log")
            self.assertEqual(self.daemon.state("one")[0], "running")
        self.daemon.destroy("one")
        self.off()

    def test_undefined(self):
        options = (({}, True, False), ({"tpm": "keep"}, False, True), ({"tpm": "remove"}, False, False), ({"nvram": "keep"}, False, True))
        for chosen, in_trash, stays in options:
            for running in (False, True):
                with self.subTest(chosen, running=running):
                    shutil.rmtree(self.trash, ignore_errors=True)
                    self.define(tpm())
                    self.daemon.start("one", paused=True)
                    made = read(self.state())
                    if not running:
                        self.daemon.destroy("one")
                    self.daemon.rpc("Domain.Undefine", domain="one", options=chosen)
                    if running:
                        self.assertTrue(os.path.exists(self.state()))
                        self.daemon.destroy("one")
                    trashed = os.listdir(self.trash) if os.path.isdir(self.trash) else []
                    self.assertEqual(len(trashed), int(in_trash), trashed)
                    if in_trash:
                        self.assertTrue(trashed[0].startswith(f"tpm-{UUID}-"))
                        self.assertEqual(os.listdir(os.path.join(self.trash, trashed[0])), ["tpm2"])
                        self.assertEqual(len(read(os.path.join(self.trash, trashed[0], "tpm2", "tpm2-00.permall"))), len(made))
                    self.assertEqual(os.path.exists(self.state()), stays)
                    self.off()

    def test_an_undefine_that_was_cut_off(self):
        self.define(tpm())
        self.daemon.start("one", paused=True)
        self.daemon.destroy("one")
        note = os.path.join(self.states, UUID, "undefine")
        with open(note, "w") as file:
            file.write("trash\n")
        self.daemon.kill()
        self.daemon.run()                               # the definition is there: it did not happen
        self.assertFalse(os.path.exists(note))
        self.assertTrue(os.path.exists(self.state()))
        with open(note, "w") as file:
            file.write("trash\n")
        self.daemon.kill()
        os.unlink(os.path.join(self.daemon.definitions, UUID + ".xml"))
        self.daemon.run()
        self.assertFalse(os.path.exists(os.path.join(self.states, UUID)))
        self.assertTrue(os.listdir(self.trash)[0].startswith(f"tpm-{UUID}-"))

    def transient(self, device):
        xml = guests.bios("one", devices=device, uuid=UUID)
        self.daemon.uuids.add(UUID)
        self.assertEqual(self.daemon.job("Manager.CreateDomainXML", xml=xml, options={"paused": True})["state"], "succeeded")
        self.daemon.destroy("one")
        self.off()

    def test_transient(self):
        self.transient(tpm())
        self.assertFalse(os.path.exists(os.path.join(self.states, UUID)))
        self.transient(tpm("persistent_state='yes'"))
        self.assertTrue(os.path.exists(self.state()))
        self.transient(tpm())                           # that it did not make
        self.assertTrue(os.path.exists(self.state()))

    def test_a_start_that_fails(self):
        fake = case.Fake(self.daemon, control="start.exit=1")
        self.define(tpm(), emulator=fake.path)
        error = self.refused("HypervisorFailed", self.daemon.start, "one")
        self.assertIn("QEMU exited with status 1", error.message)
        self.off()
        self.assertFalse(os.path.exists(os.path.join(self.states, UUID)))
        # QEMU never comes up, and a person who does not wait.
        fake.behave("start.hang=start")
        self.daemon.client.call("Domain.Start", domain="one", options={})
        wait_for(self.swtpms, "swtpm")
        wait_for(self.daemon.guest_pids, "QEMU")
        self.daemon.destroy("one")
        self.off()
        self.assertFalse(os.path.exists(os.path.join(self.states, UUID)))

    def test_swtpm_that_fails(self):
        self.define(tpm())
        self.daemon.start("one", paused=True)
        self.daemon.destroy("one")
        with open(self.state(), "r+b") as file:
            file.write(b"this is no state of a TPM")
        before = time.monotonic()
        error = self.refused("HypervisorFailed", self.daemon.start, "one")
        self.assertLess(time.monotonic() - before, 30)
        self.assertIn("tpm-emulator", error.message)
        self.off()
        self.assertTrue(read(self.state()).startswith(b"this is"))      # it is not this start's to remove

    def test_the_daemon_dies_while_it_is_made(self):
        self.define(tpm())
        for delay in (0.02, 0.1, 0.2, 0.3, 0.5, 0.8):
            self.daemon.client.call("Domain.Start", domain="one", options={"paused": True})
            time.sleep(delay)
            self.daemon.kill()
            self.daemon.run()
            wait_for(lambda: all(d["health"] in ("none", "ok") for d in self.daemon.rpc("Manager.ListDomains")), "every guest to answer")
            if self.daemon.state("one")[0] == "shut-off":
                self.assertFalse(os.path.exists(os.path.join(self.states, UUID)))
            else:
                self.daemon.destroy("one")
                shutil.rmtree(os.path.join(self.states, UUID))
            self.off()


@unittest.skipUnless(os.geteuid() == 0, "hides a program in a mount namespace")
@unittest.skipUnless(shutil.which("swtpm"), "no swtpm")
class NoProgram(case.Case):
    def test_missing(self):
        hide = f"mount --bind /dev/null {os.path.realpath(shutil.which('swtpm'))} && exec \"$@\""
        daemon = self.start_daemon(wrapper=["unshare", "--mount", "sh", "-c", hide, "sh"])
        uuid = daemon.define(guests.bios("one", devices=tpm()))["uuid"]
        error = self.refused("Unsupported", daemon.start, "one")
        self.assertIn("swtpm", error.message)
        self.assertIn("package swtpm", error.data["hint"])
        self.nothing_left(daemon, uuid)


if __name__ == "__main__":
    case.main()
