#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""What can go wrong with QEMU, with files and with the host: each is said clearly, and all that was done is undone."""
import os
import shutil
import signal
import subprocess
import sys
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
import case
import guests
from vireo import wait_for


def namespaces_work():
    return shutil.which("unshare") and subprocess.run(["unshare", "-m", "mount", "-t", "tmpfs", "t", "/mnt"], capture_output=True).returncode == 0


def disk(path, format="raw"):
    return (f"<disk type='file' device='disk'><driver name='qemu' type='{format}'/><source file='{path}'/>"
            "<target dev='vda' bus='virtio'/></disk>")


class Case(case.Case):
    def setUp(self):
        self.daemon = self.start_daemon()

    def cannot_start(self, name, error, *words, **options):
        """That a start is refused so, with these words, and leaves the domain off and nothing behind."""
        uuid = self.daemon.rpc("Manager.LookupDomain", key=name).rsplit("/", 1)[1].replace("_", "-")
        had_store = os.path.exists(self.daemon.nvram(uuid))
        refused = self.refused(error, self.daemon.start, name, **options)
        for word in words:
            self.assertIn(word, refused.message)
        self.assertTrue(refused.message.startswith(f"cannot start domain {name}: "), refused.message)
        self.assertRegex(refused.data.get("object", ""), f"^({name}|/.*)$")   # the domain, or the file that it is about
        self.assertTrue(refused.data.get("stage"), refused.message)
        self.assertEqual(self.daemon.state(name), ("shut-off", "failed"))
        self.assertEqual(os.path.exists(self.daemon.nvram(uuid)), had_store)
        self.nothing_left(self.daemon, uuid)
        return refused


class Qemu(Case):
    def test_missing(self):
        error = self.refused("NotFound", self.daemon.define, guests.bios("one", emulator="/nonexistent/qemu"))
        self.assertIn("/nonexistent/qemu", error.message)
        self.assertEqual(self.daemon.rpc("Manager.ListDomains"), [])
        self.daemon.define(guests.bios("one"))   # the name is free

    def test_removed_after_the_definition(self):
        fake = case.Fake(self.daemon)
        self.daemon.define(guests.uefi("one", emulator=fake.path))
        os.rename(fake.path, fake.path + ".away")
        self.cannot_start("one", "NotFound", fake.path)
        os.rename(fake.path + ".away", fake.path)
        self.daemon.start("one", paused=True)

    def test_not_executable(self):
        fake = case.Fake(self.daemon)
        os.chmod(fake.path, 0o644)
        error = self.refused("AccessDenied", self.daemon.define, guests.bios("one", emulator=fake.path))
        self.assertIn(fake.path, error.message)
        folder = self.refused("InvalidConfig", self.daemon.define, guests.bios("one", emulator=self.daemon.folder))
        self.assertIn(self.daemon.folder, folder.message)

    def test_another_program(self):
        for program in ("/bin/true", "/bin/cat"):
            error = self.refused("HypervisorFailed", self.daemon.define, guests.bios("one", emulator=program))
            self.assertIn(program, error.message)
        self.assertEqual(case.zombies(self.daemon), [])

    def test_replaced_by_another_program(self):
        fake = case.Fake(self.daemon)
        self.daemon.define(guests.bios("one", emulator=fake.path))
        shutil.copy("/bin/true", fake.path + ".new")
        os.rename(fake.path + ".new", fake.path)
        self.cannot_start("one", "HypervisorFailed", fake.path)

    def test_its_last_words(self):
        fake = case.Fake(self.daemon)
        self.daemon.define(guests.uefi("one", emulator=fake.path))
        fake.behave("start.message=fake: the moon is in the wrong phase", "start.exit=3")
        error = self.cannot_start("one", "HypervisorFailed", "the moon is in the wrong phase")
        self.assertEqual(error.data["stage"], "launch")
        self.assertIn("3", error.message)

    def test_dies_at_each_moment(self):
        fake = case.Fake(self.daemon)
        uuid = self.daemon.define(guests.uefi("one", emulator=fake.path))["uuid"]
        answers = 0
        while True:                              # until it dies so late that the start has succeeded
            answers += 1
            fake.behave(f"start.crash-after={answers}")
            with self.subTest(answers=answers):
                try:
                    self.daemon.start("one")
                except case.RpcError as error:
                    self.assertEqual(error.name, "HypervisorFailed", error.message)
                    self.assertEqual(self.daemon.state("one"), ("shut-off", "failed"))
                    self.assertFalse(os.path.exists(self.daemon.nvram(uuid)))
                    self.nothing_left(self.daemon, uuid)
                    self.assertLess(answers, 20)
                    continue
                self.assertGreater(answers, 2)
                break
        if self.daemon.state("one")[0] == "running" and answers < 20:
            self.daemon.wait_state("one", "shut-off", 5) if not case.alive(self.daemon.info("one").get("pid", 0)) else self.daemon.destroy("one")
        self.nothing_left(self.daemon, uuid)

    def test_nonsense(self):
        fake = case.Fake(self.daemon)
        self.daemon.define(guests.uefi("one", emulator=fake.path))
        for control in ("garbage=greeting", "garbage=qmp_capabilities", "garbage=cont", "endless=greeting", "unknown-id=qmp_capabilities",
                        "error-on=qmp_capabilities", "wrong-types=1\nstart.error-on=cont", "error-on=cont\nstart.error-text=out of coffee"):
            with self.subTest(control):
                fake.behave("start." + control)
                job = self.daemon.client.call("Domain.Start", domain="one", options={})["job"]
                try:
                    self.daemon.rpc("Job.Wait", job=job, options={"timeout-usec": 5_000_000})
                    self.fail("it started")
                except case.RpcError as error:
                    if error.name == "Timeout":  # an answer that never comes: the deadline is far, so it is cancelled
                        self.assertIn("unknown-id", control)
                        self.daemon.rpc("Job.Cancel", job=job)
                        self.refused("Cancelled", self.daemon.rpc, "Job.Wait", job=job)
                    else:
                        self.assertEqual(error.name, "HypervisorFailed", error.message)
                    if "coffee" in control:
                        self.assertIn("out of coffee", error.message)
                self.assertEqual(self.daemon.state("one"), ("shut-off", "failed"))
                self.nothing_left(self.daemon, self.daemon.rpc("Manager.ListDomains")[0]["uuid"])

    def test_nonsense_when_it_is_asked_what_it_can(self):
        for i, control in enumerate(("exit=1", "garbage=greeting", "crash-after=2", "wrong-types=1", "endless=query-machines",
                                     "error-on=query-machines", "message=no such luck\nexit=1")):
            with self.subTest(control):
                fake = case.Fake(self.daemon, f"qemu-{i}", "probe." + control.replace("\n", "\nprobe."))
                error = self.refused("HypervisorFailed", self.daemon.define, guests.bios("one", emulator=fake.path))
                self.assertIn(fake.path, error.message)
                if "luck" in control:
                    self.assertIn("no such luck", error.message)
                fake.behave()                    # a failure is not kept for good
                self.daemon.define(guests.bios("one", emulator=fake.path))
                self.daemon.rpc("Domain.Undefine", domain="one")
        self.assertEqual(case.zombies(self.daemon), [])

    def test_hangs(self):
        fake = case.Fake(self.daemon)
        uuid = self.daemon.define(guests.uefi("one", emulator=fake.path))["uuid"]
        for when in ("start", "greeting", "negotiate", "cont"):
            for how in ("cancel", "destroy"):
                with self.subTest(when=when, how=how):
                    fake.behave(f"start.hang={when}", "start.ignore-sigterm=1")
                    watcher = self.daemon.connect()
                    watcher.call("Manager.Subscribe")
                    job = self.daemon.client.call("Domain.Start", domain="one", options={})["job"]
                    stage = "run" if when == "cont" else "launch"
                    self.events_until(watcher, lambda m, p: m == "Job.StageChanged" and p["stage"]["name"] == stage)
                    watcher.close()
                    # Meanwhile the daemon answers, about this domain too.
                    self.assertEqual(self.daemon.state("one"), ("paused", "starting-up"))
                    if how == "cancel":
                        self.daemon.rpc("Job.Cancel", job=job)
                        self.refused("Cancelled", self.daemon.rpc, "Job.Wait", job=job)
                    else:
                        self.daemon.destroy("one")
                        self.assertEqual(self.daemon.rpc("Job.GetInfo", job=job)["state"], "cancelled")
                    self.assertEqual(self.daemon.state("one")[0], "shut-off")
                    self.nothing_left(self.daemon, uuid)

    def test_ignores_sigterm(self):
        fake = case.Fake(self.daemon, control="start.ignore-sigterm=1")
        uuid = self.daemon.define(guests.bios("one", emulator=fake.path))["uuid"]
        self.daemon.start("one")
        pid = self.daemon.info("one")["pid"]
        self.refused("Timeout", self.daemon.job, "Domain.Destroy", domain="one", options={"graceful": True})
        self.assertTrue(case.alive(pid))
        self.assertEqual(self.daemon.state("one")[0], "running")
        self.daemon.destroy("one")
        self.assertFalse(case.alive(pid))
        self.assertEqual(self.daemon.state("one"), ("shut-off", "destroyed"))
        self.nothing_left(self.daemon, uuid)

    def test_killed_while_it_runs(self):
        uuid = self.daemon.define(guests.uefi("one"))["uuid"]
        watcher = self.daemon.connect()
        self.addCleanup(watcher.close)
        watcher.call("Manager.Subscribe")
        self.daemon.start("one")
        console = self.daemon.console("one")
        self.addCleanup(console.close)
        os.kill(self.daemon.info("one")["pid"], signal.SIGKILL)
        self.daemon.wait_state("one", "shut-off")
        self.assertEqual(self.daemon.state("one"), ("shut-off", "crashed"))
        console.wait_for_end()
        events = self.events_until(watcher, lambda m, p: m == "Domain.Lifecycle" and p["event"] == "stopped")
        self.assertEqual(events[-1][1]["detail"], "crashed")
        self.nothing_left(self.daemon, uuid)
        self.assertTrue(os.path.exists(self.daemon.nvram(uuid)))
        self.daemon.start("one", paused=True)

    def test_leaves_a_child(self):
        fake = case.Fake(self.daemon, control="start.fork=1")
        uuid = self.daemon.define(guests.bios("one", emulator=fake.path))["uuid"]
        self.daemon.start("one")
        self.daemon.destroy("one")
        self.assertEqual(self.daemon.state("one"), ("shut-off", "destroyed"))
        wait_for(lambda: not case.left_of(self.daemon, uuid), "nothing to be left")


class Files(Case):
    def manual(self, name="one"):
        """A UEFI guest whose template is a file of the test's."""
        template = os.path.join(self.daemon.folder, "template.fd")
        shutil.copy(guests.OVMF_VARS, template)
        os_element = f"<loader readonly='yes' type='pflash'>{guests.OVMF_CODE}</loader><nvram template='{template}'/>"
        made = self.daemon.define(guests.domain(name, os=os_element, memory=256))
        return made["uuid"], template

    def test_template(self):
        uuid, template = self.manual()

        def truncated():
            os.truncate(template, 1000)

        def zeros():
            with open(template, "wb") as file:
                file.write(bytes(540672))

        for spoil, name in ((truncated, "NeedsConfirmation"), (zeros, "InvalidConfig")):
            with self.subTest(spoil.__name__):
                spoil()
                error = self.cannot_start("one", name, template)
                self.assertEqual(error.data["stage"], "firmware")
        shutil.copy(guests.OVMF_VARS, template)
        self.daemon.start("one", paused=True)
        self.daemon.destroy("one")
        # The template is not needed again, but for a reset, which then changes nothing.
        mine = guests.scribble(self.daemon.nvram(uuid))
        os.truncate(template, 1000)
        self.cannot_start("one", "InvalidConfig", template, reset_nvram=True)
        with open(self.daemon.nvram(uuid), "rb") as store:
            self.assertTrue(store.read() == mine)
        self.daemon.start("one", paused=True)

    def test_template_gone(self):
        """What the packages have for this code takes its place, as what was recorded says."""
        def folder(template):
            os.unlink(template)
            os.mkdir(template)

        def fifo(template):
            os.unlink(template)
            os.mkfifo(template)
        for spoil in (folder, fifo, os.unlink):
            with self.subTest(spoil.__name__):
                uuid, template = self.manual()
                spoil(template)
                self.daemon.start("one", paused=True)
                self.daemon.destroy("one")
                self.assertIn(guests.OVMF_VARS, self.daemon.rpc("Domain.GetXML", domain="one"))
                self.daemon.rpc("Domain.Undefine", domain="one", options={"nvram": "remove"})
                if os.path.lexists(template):
                    (os.rmdir if os.path.isdir(template) else os.unlink)(template)

    def test_template_unreadable(self):
        if os.geteuid() == 0:
            self.skipTest("root reads everything")
        _, template = self.manual()
        os.chmod(template, 0)
        self.cannot_start("one", "AccessDenied", template)

    def test_spoiled_store(self):
        uuid, _ = self.manual()
        self.daemon.start("one", paused=True)
        self.daemon.destroy("one")
        os.truncate(self.daemon.nvram(uuid), 5000)
        error = self.cannot_start("one", "InvalidState", self.daemon.nvram(uuid))
        self.assertIn("reset", error.data["hint"])
        self.daemon.start("one", paused=True, reset_nvram=True)

    def test_firmware_gone(self):
        code = os.path.join(self.daemon.folder, "code.fd")
        shutil.copy(guests.OVMF_CODE, code)
        os_element = f"<loader readonly='yes' type='pflash'>{code}</loader><nvram template='{guests.OVMF_VARS}'/>"
        self.daemon.define(guests.domain("one", os=os_element, memory=256))
        os.unlink(code)
        self.cannot_start("one", "NotFound", code)

    def test_disk(self):
        path = os.path.join(self.daemon.folder, "disk.img")
        self.daemon.define(guests.uefi("one", devices=disk(path, "qcow2")))
        error = self.cannot_start("one", "NotFound", path)
        self.assertEqual(error.data["stage"], "disks")
        with open(path, "wb") as image:
            image.write(b"this is not qcow2" + bytes(5000))
        self.cannot_start("one", "InvalidConfig", path)
        os.unlink(path)
        os.mkdir(path)
        self.cannot_start("one", "InvalidConfig", path)
        os.rmdir(path)
        subprocess.run(["qemu-img", "create", "-q", "-f", "qcow2", path + ".base", "1M"], check=True)
        subprocess.run(["qemu-img", "create", "-q", "-f", "qcow2", "-F", "qcow2", "-b", path + ".base", path], check=True)
        self.daemon.start("one", paused=True)
        self.daemon.destroy("one")
        os.unlink(path + ".base")
        self.cannot_start("one", "NotFound", path + ".base")

    def test_disk_in_use(self):
        path = os.path.join(self.daemon.folder, "disk.img")
        with open(path, "wb") as image:
            image.truncate(1 << 20)
        for name in ("one", "two"):
            self.daemon.define(guests.bios(name, devices=disk(path)))
        self.daemon.start("one", paused=True)
        with self.assertRaises(case.RpcError) as caught:
            self.daemon.start("two")
        self.assertIn(caught.exception.name, ("Busy", "HypervisorFailed"))
        self.assertIn("lock", caught.exception.message)
        self.assertEqual(self.daemon.state("two"), ("shut-off", "failed"))
        self.assertEqual(self.daemon.state("one"), ("paused", "user"))

    def test_malformed_descriptor_beside_good_ones(self):
        folder = os.path.join(self.daemon.folder, "firmware")
        shutil.copytree("/usr/share/qemu/firmware", folder)
        bad = {"00-cut.json": b"{ \"description\": ", "01-empty.json": b"", "02-binary.json": bytes(range(256)), "03-deep.json": b"[" * 100000,
               "04-types.json": b'{"interface-types": 7, "mapping": [], "targets": {}, "features": "x"}', "05-list.json": b"[1,2,3]"}
        for name, content in bad.items():
            with open(os.path.join(folder, name), "wb") as file:
                file.write(content)
        os.mkfifo(os.path.join(folder, "06-fifo.json"))
        os.symlink("/nonexistent", os.path.join(folder, "07-dangling.json"))
        os.mkdir(os.path.join(folder, "08-folder.json"))
        daemon = self.start_daemon(settings=[f"firmware-folder={folder}"])
        daemon.define(guests.uefi("one"))
        daemon.start("one", paused=True)
        self.assertIn(guests.OVMF_CODE, daemon.rpc("Domain.GetXML", domain="one"))
        for name in set(bad) - {"01-empty.json"}:   # an empty one is how an administrator hides another
            self.assertIn(name, daemon.log())
        # Without any that fits, the reasons are given.
        for name in os.listdir("/usr/share/qemu/firmware"):
            os.unlink(os.path.join(folder, name))
        error = self.refused("Unsupported", daemon.define, guests.uefi("two"))
        self.assertIn("firmware", error.message)


@unittest.skipUnless(namespaces_work(), "mount namespaces are not allowed here")
class Host(case.Case):
    """Folders on a small file system, or a read-only one, that only the daemon sees."""

    def mounted(self, folder, options):
        """A daemon whose folder (a function of it) is mounted so."""
        daemon = self.start_daemon(run=False)
        daemon.socket_path = os.path.join(daemon.folder, "seen-from-outside.sock")
        daemon.settings.append("socket=" + daemon.socket_path)
        script = 'mount -t tmpfs -o "$1" tmpfs "$2" && shift 2 && exec "$@"'
        target = folder(daemon)
        os.makedirs(target, exist_ok=True)
        daemon.wrapper = ["unshare", "-m", "--propagation", "private", "sh", "-c", script, "sh", options, target]
        return daemon.run()

    @staticmethod
    def inside(daemon, path):
        return f"/proc/{daemon.process.pid}/root{path}"

    @staticmethod
    def remount(daemon, folder, options):
        subprocess.run(["nsenter", "-t", str(daemon.process.pid), "-m", "mount", "-o", "remount," + options, folder], check=True)

    def files(self, daemon, folder):
        return sorted(n for _, _, names in os.walk(self.inside(daemon, folder)) for n in names)

    def test_no_room_for_the_variable_store(self):
        daemon = self.mounted(lambda d: d.data_folder, "size=300k,mode=711")
        uuid = daemon.define(guests.uefi("one"))["uuid"]
        error = self.refused("SystemFailed", daemon.start, "one")
        self.assertIn("No space left on device", error.message)
        self.assertEqual(error.data["stage"], "firmware")
        self.assertEqual(self.files(daemon, daemon.data_folder), [])
        self.nothing_left(daemon, uuid)
        # With room for one, but not for two: a reset cannot be made, and the old one stays whole.
        self.remount(daemon, daemon.data_folder, "size=800k")
        daemon.start("one", paused=True)
        daemon.destroy("one")
        store = self.inside(daemon, daemon.nvram(uuid))
        mine = guests.scribble(store)
        error = self.refused("SystemFailed", daemon.start, "one", reset_nvram=True)
        self.assertIn("No space left on device", error.message)
        with open(store, "rb") as file:
            self.assertTrue(file.read() == mine)
        left = [name for name in self.files(daemon, daemon.data_folder) if name != "index.json" and not name.endswith(".zst")]
        self.assertEqual(left, ["VARS.fd"])    # and backups
        daemon.start("one", paused=True)
        daemon.destroy("one")

    def test_no_room_for_definitions(self):
        daemon = self.mounted(lambda d: os.path.dirname(d.definitions), "size=64k,mode=700")
        made = daemon.define(guests.bios("one"))
        before = daemon.rpc("Domain.GetXML", domain="one")
        with open(self.inside(daemon, os.path.dirname(daemon.definitions)) + "/filler", "wb", buffering=0) as filler:
            try:
                while True:
                    filler.write(bytes(4096))
            except OSError:
                pass
        for xml in (guests.bios("two"), guests.bios("one", uuid=made["uuid"], memory=192)):
            error = self.refused("SystemFailed", daemon.define, xml)
            self.assertIn("No space left on device", error.message)
        self.refused("SystemFailed", daemon.rpc, "Domain.Rename", domain="one", new_name="three")
        self.assertEqual([d["name"] for d in daemon.rpc("Manager.ListDomains")], ["one"])
        self.assertEqual(daemon.rpc("Domain.GetXML", domain="one"), before)
        self.assertEqual(self.files(daemon, daemon.definitions), [made["uuid"] + ".xml"])
        os.unlink(self.inside(daemon, os.path.dirname(daemon.definitions)) + "/filler")
        daemon.define(guests.bios("two"))

    def test_no_room_for_the_running_state(self):
        daemon = self.mounted(lambda d: d.run_folder, "size=64k,mode=711")
        daemon_inside = self.inside(daemon, daemon.run_folder)
        uuid = daemon.define(guests.uefi("one"))["uuid"]
        with open(daemon_inside + "/filler", "wb", buffering=0) as filler:
            try:
                while True:
                    filler.write(bytes(4096))
            except OSError:
                pass
        error = self.refused("SystemFailed", daemon.start, "one")
        self.assertIn("No space left on device", error.message)
        self.assertFalse(os.path.exists(daemon.nvram(uuid)))
        self.assertEqual(os.listdir(daemon_inside + "/status"), [])
        os.unlink(daemon_inside + "/filler")
        daemon.start("one", paused=True)
        daemon.destroy("one")

    def test_read_only(self):
        daemon = self.start_daemon()
        made = daemon.define(guests.bios("one"))
        daemon.stop()
        folder = os.path.dirname(daemon.definitions)
        script = 'mount --bind "$1" "$1" && mount -o remount,ro,bind "$1" && shift && exec "$@"'
        daemon.wrapper = ["unshare", "-m", "--propagation", "private", "sh", "-c", script, "sh", folder]
        daemon.run()
        for call, parameters in (("Manager.DefineDomainXML", {"xml": guests.bios("two")}), ("Domain.Undefine", {"domain": "one"}),
                                 ("Domain.SetAutostart", {"domain": "one", "autostart": True}),
                                 ("Domain.Rename", {"domain": "one", "new_name": "two"})):
            with self.subTest(call):
                with self.assertRaises(case.RpcError) as caught:
                    daemon.rpc(call, **parameters)
                self.assertIn(caught.exception.name, ("SystemFailed", "AccessDenied"))
                self.assertIn("Read-only file system", caught.exception.message)
        listed = daemon.rpc("Manager.ListDomains")
        self.assertEqual([(d["name"], d["autostart"]) for d in listed], [("one", False)])
        daemon.start("one", paused=True)         # what needs no writing there works
        daemon.destroy("one")
        self.nothing_left(daemon, made["uuid"])


if __name__ == "__main__":
    case.main()
