#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The firmware that was chosen for a guest stays its own: other packages, updates and bad descriptors, with real QEMU.

The firmware is Debian's, copied into folders of the test, so that a package's update can be played."""
import hashlib
import json
import os
import shutil
import sys
import unittest
import xml.etree.ElementTree as ET

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
import case
import guests
from guests import read
from vireo import wait_for

VIREO = "{urn:vireo:domain:1}"
SECURE_CODE = "/usr/share/OVMF/OVMF_CODE_4M.secboot.fd"


def sha256(path):
    with open(path, "rb") as file:
        return hashlib.sha256(file.read()).hexdigest()


@unittest.skipUnless(os.path.exists(guests.OVMF_VARS), "Debian's package ovmf is not installed")
class Choice(case.Case):
    def setUp(self):
        self.daemon = self.start_daemon(run=False)
        self.low, self.high, self.share = (os.path.join(self.daemon.folder, name) for name in ("low", "high", "share"))
        for folder in (self.low, self.high, self.share):
            os.mkdir(folder, 0o755)
        self.daemon.settings += [f"firmware-folder={self.low}", f"firmware-folder={self.high}"]
        self.code, self.vars = self.install("code.fd", guests.OVMF_CODE), self.install("vars.fd", guests.OVMF_VARS)
        self.describe("60-plain.json")
        self.daemon.run()

    def install(self, name, source):
        path = os.path.join(self.share, name)
        shutil.copyfile(source, path + ".new")
        os.rename(path + ".new", path)
        return path

    def describe(self, name, folder=None, code=None, features=("verbose-dynamic",), **more):
        descriptor = {
            "description": "test", "interface-types": ["uefi"],
            "mapping": {"device": "flash", "executable": {"filename": code or self.code, "format": "raw"},
                        "nvram-template": {"filename": self.vars, "format": "raw"}},
            "targets": [{"architecture": "x86_64", "machines": ["pc-q35-*"]}], "features": list(features), "tags": []}
        self.put(name, json.dumps(dict(descriptor, **more)), folder)

    def put(self, name, text, folder=None):
        with open(os.path.join(folder or self.low, name), "w") as file:
            file.write(text)

    def update_code(self, place=0):
        """As a package's update does: another file of the same size takes the name. It boots as the old one does."""
        with open(self.code, "rb") as old, open(self.code + ".new", "wb") as new:
            content = bytearray(old.read())
            content[place] ^= 0xff  # in the volume's zero vector, which nothing reads
            new.write(content)
        os.rename(self.code + ".new", self.code)

    def identity(self, name="one", kind="persistent"):
        document = ET.fromstring(self.daemon.rpc("Domain.GetXML", domain=name, options={"kind": kind}))
        element = document.find(f"metadata/{VIREO}firmware")
        if element is None:
            return None
        found = dict(element.attrib, features=[f.get("name") for f in element.findall(f"{VIREO}feature")])
        for part in ("code", "template"):
            record = element.find(f"{VIREO}{part}")
            found[part] = dict(record.attrib) if record is not None else None
        return found

    def define(self, policy=None, name="one", **more):
        if policy:
            more["more"] = f"<metadata><v:firmware xmlns:v='urn:vireo:domain:1' policy='{policy}'/></metadata>"
        return self.daemon.define(guests.domain(name, os="<!--efi-->", memory=64, **more))["uuid"]

    def run_once(self, name="one", **options):
        self.daemon.start(name, paused=True, **options)
        pid = self.daemon.info(name)["pid"]
        mapped = [os.path.realpath(f"/proc/{pid}/fd/{fd}") for fd in os.listdir(f"/proc/{pid}/fd")]
        self.daemon.destroy(name)
        return mapped

    def test_recorded_at_define_and_kept(self):
        uuid = self.define()
        before = self.daemon.rpc("Domain.GetXML", domain="one")
        identity = self.identity()
        self.assertEqual(identity["descriptor"], os.path.join(self.low, "60-plain.json"))
        self.assertEqual(identity["features"], ["verbose-dynamic"])
        self.assertEqual(identity["code"], {"file": self.code, "size": str(os.path.getsize(self.code)), "sha256": sha256(self.code)})
        self.assertEqual(identity["template"], {"file": self.vars, "size": str(os.path.getsize(self.vars)), "sha256": sha256(self.vars)})
        # Another package, of higher precedence: for new guests only, also when this one is defined anew.
        self.describe("10-other.json", code=self.install("other.fd", guests.OVMF_CODE))
        self.run_once()
        self.assertEqual(self.daemon.rpc("Domain.GetXML", domain="one"), before)
        self.daemon.define(guests.domain("one", os="<!--efi-->", memory=64, uuid=uuid))
        self.assertEqual(self.identity(), identity)
        self.define(name="two")
        self.assertEqual(self.identity("two")["code"]["file"], os.path.join(self.share, "other.fd"))

    def test_follow(self):
        watcher = self.daemon.connect()
        self.addCleanup(watcher.close)
        watcher.call("Manager.Subscribe")
        uuid = self.define()
        self.run_once()
        store = self.daemon.nvram(uuid)
        mine = guests.scribble(store)
        old = self.identity()
        self.update_code()
        self.assertIn(self.code, self.run_once())
        new = self.identity()
        told = watcher.next_event("Domain.Firmware.StoreChanged")["params"]
        while told["event"] != "firmware-changed":
            told = watcher.next_event("Domain.Firmware.StoreChanged")["params"]
        self.assertEqual(told["details"]["old-code-sha256"], old["code"]["sha256"])
        self.assertEqual(told["details"]["new-code-sha256"], new["code"]["sha256"])
        self.assertNotEqual(new["code"]["sha256"], old["code"]["sha256"])
        self.assertEqual(new["code"]["sha256"], sha256(self.code))
        self.assertEqual((new["features"], new["template"]), (old["features"], old["template"]))
        self.assertTrue(read(store) == mine, "an update of the code touched the variables")
        # It is on disk, too.
        self.daemon.kill()
        self.daemon.run()
        self.assertEqual(self.identity(), new)

    def test_a_start_that_fails_records_nothing(self):
        disk = os.path.join(self.daemon.folder, "disk.img")
        with open(disk, "wb") as image:
            image.truncate(1 << 20)
        self.define(devices=f"<disk type='file' device='disk'><driver name='qemu' type='raw'/><source file='{disk}'/>"
                            "<target dev='vda' bus='virtio'/></disk>")
        old = self.identity()
        self.update_code()
        os.unlink(disk)
        self.refused("NotFound", self.daemon.start, "one", paused=True)
        self.assertEqual(self.identity(), old)

    def test_never_other_features(self):
        uuid = self.define()
        self.run_once()
        mine = guests.scribble(self.daemon.nvram(uuid))
        self.update_code()
        self.describe("60-plain.json", features=("secure-boot", "verbose-dynamic"))
        error = self.refused("NeedsConfirmation", self.daemon.start, "one", paused=True)
        self.assertEqual(error.data["needs"], ["firmware-changed"])
        self.assertIn("it has the feature secure-boot now", " ".join(error.data["causes"]))
        self.assertTrue(read(self.daemon.nvram(uuid)) == mine)
        self.assertEqual(self.daemon.state("one"), ("shut-off", "failed"))

    def test_ask_and_accept(self):
        uuid = self.define("ask")
        self.run_once()
        mine = guests.scribble(self.daemon.nvram(uuid))
        old = self.identity()
        self.update_code()
        refusal = self.refused("NeedsConfirmation", self.daemon.start, "one", paused=True)
        self.assertIn("vireo firmware accept", refusal.data["hint"])
        found = self.daemon.rpc("Domain.Firmware.GetFirmware", domain="one")
        self.assertEqual((found["policy"], found["code"]["state"], found["template"]["state"]), ("ask", "changed", "same"))
        self.assertEqual((found["update"]["compatible"], found["update"]["code-sha256"]), (True, sha256(self.code)))
        self.assertIn("changed", self.daemon.vireo("firmware", "show", "one").stdout)
        # For one start, by name; or for good.
        self.daemon.vireo("start", "one", "--paused", "--confirm", "firmware-changed")
        self.daemon.destroy("one")
        self.assertEqual(self.identity()["code"]["sha256"], sha256(self.code))
        self.update_code()
        self.refused("NeedsConfirmation", self.daemon.start, "one", paused=True)
        self.assertIn("that is there now", self.daemon.vireo("firmware", "accept", "one").stdout)
        self.assertIn("already", self.daemon.vireo("firmware", "accept", "one").stdout)
        self.run_once()
        self.assertEqual(self.identity(), old)  # back to what it was: the same change, twice
        self.assertTrue(read(self.daemon.nvram(uuid)) == mine)

    def test_policies(self):
        uuid = self.define()
        show = lambda: self.daemon.vireo("firmware", "policy", "one").stdout.strip()
        self.assertEqual(show(), "follow")
        self.daemon.vireo("firmware", "policy", "one", "pin")
        self.assertEqual((show(), self.identity()["policy"]), ("pin", "pin"))
        copies = os.path.join(self.daemon.data_folder, "nvram", uuid, "code")
        self.assertEqual(sorted(os.listdir(copies)), sorted([sha256(self.code), sha256(self.vars)]))
        before = sha256(self.code)
        self.update_code()
        self.assertIn(os.path.join(copies, before), self.run_once())
        self.daemon.vireo("firmware", "policy", "one", "follow")
        self.assertFalse(os.path.exists(copies))
        self.update_code(1)
        error = self.refused("Conflict", self.daemon.rpc, "Domain.Firmware.SetFirmwarePolicy", domain="one", policy="pin")
        self.assertIn("no longer holds", " ".join(error.data["causes"]))
        self.assertEqual(show(), "follow")
        self.daemon.define(guests.bios("two"))
        self.refused("NotApplicable", self.daemon.rpc, "Domain.Firmware.GetFirmware", domain="two")
        self.refused("NotApplicable", self.daemon.rpc, "Domain.Firmware.SetFirmwarePolicy", domain="two", policy="ask")

    def test_gone(self):
        self.define()
        self.run_once()
        os.rename(self.code, self.code + ".gone")
        error = self.refused("NotFound", self.daemon.start, "one", paused=True)
        self.assertIn(self.code, error.message)
        # The package has moved it.
        self.describe("60-plain.json", code=self.code + ".gone")
        self.run_once()
        self.assertEqual(self.identity()["code"]["file"], self.code + ".gone")

    def test_pin(self):
        uuid = self.define("pin")
        self.run_once()
        old = self.identity()
        copy = os.path.join(self.daemon.data_folder, "nvram", uuid, "code", old["code"]["sha256"])
        wait_for(lambda: os.path.exists(copy), "the copy of the code")
        self.assertEqual(sha256(copy), old["code"]["sha256"])
        mine = guests.scribble(self.daemon.nvram(uuid))
        self.update_code()
        self.assertIn(copy, self.run_once())
        self.assertEqual(self.identity(), old)
        os.unlink(self.code)
        self.assertIn(copy, self.run_once())
        self.assertTrue(read(self.daemon.nvram(uuid)) == mine)
        self.daemon.rpc("Domain.Undefine", domain="one", options={"nvram": "remove"})
        self.assertFalse(os.path.exists(os.path.dirname(copy)))

    def test_masks_and_bad_descriptors(self):
        self.put("10-bad.json", "{ not json")
        os.symlink("/nonexistent/descriptor", os.path.join(self.low, "11-dangling.json"))
        self.describe("12-device.json", mapping={"device": "teleporter"})
        self.put("13-large.json", " " * (2 << 20))
        self.describe("14-missing.json", code="/nonexistent/code.fd")
        self.describe("15-igvm.json", mapping={"device": "igvm", "filename": self.code})
        for name in ("README", "16-old.json~", ".17-hidden.json", "18-other.json.bak", "#19-auto.json#"):
            self.put(name, "nothing for a machine")
        os.mkdir(os.path.join(self.low, "20-folder.json"))
        self.define()
        self.assertEqual(self.identity()["code"]["file"], self.code)
        told = self.daemon.rpc("Manager.ListFirmware")
        names = ["10-bad.json", "11-dangling.json", "12-device.json", "13-large.json", "14-missing.json"]
        self.assertEqual([f["name"] for f in told["firmware"]], names + ["15-igvm.json", "60-plain.json"])
        self.assertEqual([f["name"] for f in told["firmware"] if not f["usable"]], names)
        for name in names:
            self.assertEqual(len([w for w in told["warnings"] if os.path.join(self.low, name) in w]), 1, name)
        report = self.daemon.rpc("Manager.DescribeFirmware", requirements={"machine": "q35"})
        self.assertEqual(report["chosen"], "60-plain.json")
        self.assertTrue(all(c["fits"] or c["reason"] for c in report["candidates"]))
        # Masked by an empty file, or a link to the null device, in a higher folder.
        for mask in (lambda path: open(path, "w").close(), lambda path: os.symlink("/dev/null", path)):
            path = os.path.join(self.high, "60-plain.json")
            mask(path)
            error = self.refused("Unsupported", lambda: self.define(name="two"))
            self.assertIn("14-missing.json: cannot be used", " ".join(error.data["causes"]))
            os.unlink(path)
        self.define(name="two")

    def test_reasons(self):
        self.describe("50-secure.json", code=SECURE_CODE, features=("requires-smm", "secure-boot"))
        error = self.refused("Unsupported", self.daemon.define, guests.domain(
            "one", os="<firmware><feature enabled='yes' name='enrolled-keys'/><feature enabled='no' name='requires-smm'/></firmware>"))
        self.assertEqual(error.data["causes"], ["50-secure.json: has no feature enrolled-keys", "60-plain.json: has no feature enrolled-keys"])
        ask = lambda **wanted: self.daemon.rpc("Manager.DescribeFirmware", requirements={k.replace("_", "-"): v for k, v in wanted.items()})
        self.assertEqual(ask(with_features=["secure-boot"])["chosen"], "50-secure.json")
        self.assertEqual(ask(without_features=["secure-boot"])["chosen"], "60-plain.json")
        self.assertEqual(ask(smm=False)["chosen"], "60-plain.json")
        nothing = ask(architecture="aarch64")
        self.assertNotIn("chosen", nothing)
        self.assertEqual({c["reason"] for c in nothing["candidates"]}, {"is not for the architecture aarch64"})
        self.refused("InvalidArgument", ask, loader_format="vmdk")
        self.refused("NotFound", ask, domain="/org/vireo1/domain/nobody")
        self.define()
        path = self.daemon.rpc("Manager.LookupDomain", key="one")
        self.assertEqual(ask(domain=path)["chosen"], "50-secure.json")
        shown = self.daemon.vireo("firmware", "describe", "--feature", "secure-boot=no", "--arch", "x86_64").stdout
        self.assertIn("*", shown)
        self.assertIn("has the feature secure-boot", shown)
        self.assertEqual(self.daemon.vireo("firmware", "describe", "--arch", "aarch64", check=False).returncode, 3)
        listed = json.loads(self.daemon.vireo("firmware", "list", "--json").stdout)
        self.assertEqual([f["name"] for f in listed["firmware"]], ["50-secure.json", "60-plain.json"])
        self.assertIn("60-plain.json", self.daemon.vireo("firmware", "list").stdout)

    def test_the_list_follows_the_folders(self):
        names = lambda: [f["name"] for f in self.daemon.rpc("Manager.ListFirmware")["firmware"]]
        self.assertEqual(names(), ["60-plain.json"])
        self.describe("50-more.json", folder=self.high)
        self.assertEqual(names(), ["50-more.json", "60-plain.json"])
        os.unlink(os.path.join(self.low, "60-plain.json"))
        self.assertEqual(names(), ["50-more.json"])


@unittest.skipUnless(os.path.exists("/usr/share/AAVMF/AAVMF_CODE.fd") and os.path.exists("/usr/bin/qemu-system-aarch64"),
                     "Debian's packages qemu-efi-aarch64 and qemu-system-arm are not installed")
class Arm(case.Case):
    def test_a_guest_with_the_firmware_of_the_host(self):
        daemon = self.start_daemon()
        daemon.define("""<domain type='qemu'><name>arm</name><memory unit='MiB'>256</memory><vcpu>1</vcpu>
          <os firmware='efi'><type arch='aarch64' machine='virt'>hvm</type>
            <firmware><feature name='secure-boot' enabled='no'/></firmware></os>
          <features><acpi/></features><cpu mode='custom'><model>cortex-a57</model></cpu>
          <devices><serial type='pty'/></devices></domain>""")
        document = ET.fromstring(daemon.rpc("Domain.GetXML", domain="arm"))
        self.assertEqual(document.findtext("os/loader"), "/usr/share/AAVMF/AAVMF_CODE.fd")
        self.assertEqual(document.find(f"metadata/{VIREO}firmware/{VIREO}code").get("size"), str(64 << 20))
        daemon.start("arm")
        console = daemon.console("arm")
        self.addCleanup(console.close)
        console.wait_for("UEFI", guests.Shell.LIMIT)


if __name__ == "__main__":
    case.main()
