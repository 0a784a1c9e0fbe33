#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The guest's own firmware is the judge of what is done to its variable store: after compaction, in a qcow2 image, on a
block device and after a move from the 2 MiB build to the 4 MiB one it boots with everything in place, and what it
writes there is seen from outside."""
import os
import shutil
import subprocess
import sys
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
import case
import guests
from guests import read

SMALL_CODE, SMALL_VARS = "/usr/share/OVMF/OVMF_CODE.fd", "/usr/share/OVMF/OVMF_VARS.fd"
ARM_CODE, ARM_VARS = "/usr/share/AAVMF/AAVMF_CODE.fd", "/usr/share/AAVMF/AAVMF_VARS.fd"
OURS = "11111111-2222-3333-4444-555555555555"


def there(*files):
    missing = [f for f in files if not os.path.exists(f)]
    return unittest.skipIf(missing, f"not installed: {', '.join(missing)}")


class Case(case.Case):
    def setUp(self):
        self.daemon = self.start_daemon()

    def call(self, method, **params):
        return self.daemon.client.call("Domain.Firmware." + method, domain="one", **params)

    def put(self, name, text):
        self.call("SetVariable", variable={"guid": OURS, "name": name, "data": text.encode().hex()})

    def text(self, name):
        return bytes.fromhex(self.call("GetVariable", name=name, guid=OURS)["variable"]["data"]).decode()

    def health(self):
        return self.call("Check")["check"]["health"]["state"]

    def in_the_shell(self, *commands):
        """Boots into the EFI shell, and what it said to each of these."""
        self.daemon.start("one")
        console = self.daemon.console("one")
        self.addCleanup(console.close)
        shell = guests.Shell(console).ready()
        said = [" ".join(shell.run(command).upper().split()) for command in commands]
        self.daemon.destroy("one")
        return said

    def seen_by_the_guest(self, **variables):
        said = self.in_the_shell(*(f"setvar {name} -guid {OURS}" for name in variables))
        for text, answer in zip(variables.values(), said):
            self.assertIn(text.encode().hex(" ").upper(), answer)

    def set_by_the_guest(self, **variables):
        self.in_the_shell(*(f'setvar {name} -guid {OURS} -bs -nv ="{text}"' for name, text in variables.items()))
        for name, text in variables.items():
            self.assertEqual(self.text(name), text)


@there(guests.OVMF_CODE, guests.OVMF_VARS)
class Large(Case):
    def test_compacted_and_in_an_image(self):
        uuid = self.daemon.define(guests.uefi("one"))["uuid"]
        self.put("A", "first")
        self.set_by_the_guest(B="guest")
        names = {v["name"] for v in self.call("ListVariables")["variables"]}
        self.assertGreater(len(names), 20)
        self.assertTrue(self.call("Compact")["change"]["changed"])
        self.assertEqual({v["name"] for v in self.call("ListVariables")["variables"]}, names)
        result = self.call("Migrate", options={"form": "qcow2"})["result"]
        self.assertEqual(result["left"], [])
        self.assertEqual({v["name"] for v in self.call("ListVariables")["variables"]}, names)
        if shutil.which("qemu-img"):
            subprocess.run(["qemu-img", "check", "-q", result["path"]], check=True)
        self.seen_by_the_guest(A="first", B="guest")
        self.set_by_the_guest(C="image")
        if shutil.which("qemu-img"):
            subprocess.run(["qemu-img", "check", "-q", result["path"]], check=True)
        self.assertEqual(self.call("Migrate", options={"form": "raw"})["result"]["left"], [])
        self.assertEqual(read(self.daemon.nvram(uuid))[:4], bytes(4))
        self.assertEqual((self.text("A"), self.text("B"), self.text("C")), ("first", "guest", "image"))
        self.assertEqual(case.strays(self.daemon), [])


@there(guests.OVMF_CODE, guests.OVMF_VARS, SMALL_CODE, SMALL_VARS)
class Small(Case):
    def test_to_the_large_build(self):
        os_ = (f"<loader readonly='yes' type='pflash'>{SMALL_CODE}</loader><nvram template='{SMALL_VARS}'/>")
        self.daemon.define(guests.domain("one", os=os_, devices="<serial type='pty'/>", memory=256))
        self.put("A", "first")
        self.set_by_the_guest(B="guest")
        before = {v["name"]: v["data"] for v in self.call("ListVariables")["variables"]}
        plan = self.call("Migrate", options={"code": guests.OVMF_CODE, "template": guests.OVMF_VARS, "dry-run": True})
        self.assertEqual(plan["result"]["left"], [])
        result = self.call("Migrate", options={"code": guests.OVMF_CODE, "template": guests.OVMF_VARS})["result"]
        self.assertEqual(result["left"], [])
        self.assertEqual(os.path.getsize(result["path"]), os.path.getsize(guests.OVMF_VARS))
        self.assertEqual({v["name"]: v["data"] for v in self.call("ListVariables")["variables"]}, before)
        self.seen_by_the_guest(A="first", B="guest")
        self.set_by_the_guest(C="large")
        self.assertEqual(self.text("A"), "first")


@there(guests.OVMF_CODE, guests.OVMF_VARS)
@unittest.skipUnless(os.geteuid() == 0 and shutil.which("losetup"), "no loop device can be made")
class Device(Case):
    def test_on_a_block_device(self):
        image = os.path.join(self.daemon.folder, "image")
        with open(image, "wb") as file:
            file.truncate(os.path.getsize(guests.OVMF_VARS))
        made = subprocess.run(["losetup", "--find", "--show", image], capture_output=True, text=True)
        if made.returncode != 0:
            self.skipTest(f"no loop device can be made: {made.stderr.strip()}")
        device = made.stdout.strip()
        self.addCleanup(lambda: subprocess.run(["losetup", "--detach", device]))
        os_ = (f"<loader readonly='yes' type='pflash'>{guests.OVMF_CODE}</loader>"
               f"<nvram type='block' template='{guests.OVMF_VARS}'><source dev='{device}'/></nvram>")
        self.daemon.define(guests.domain("one", os=os_, devices="<serial type='pty'/>", memory=256))
        node = os.stat(device)
        self.put("A", "first")
        self.seen_by_the_guest(A="first")
        self.set_by_the_guest(B="guest")
        self.call("Reset")
        self.assertTrue(read(device) == read(guests.OVMF_VARS))
        newest = self.call("GetHistory")["history"]["backups"][0]["id"]
        self.call("Restore", backup=newest)
        self.assertEqual((self.text("A"), self.text("B")), ("first", "guest"))
        self.daemon.start("one", paused=True, reset_nvram=True)
        self.assertTrue(read(device) == read(guests.OVMF_VARS))
        self.daemon.destroy("one")
        self.assertEqual((os.stat(device).st_ino, os.stat(device).st_rdev), (node.st_ino, node.st_rdev))
        self.assertEqual(case.strays(self.daemon), [])


if __name__ == "__main__":
    case.main()
