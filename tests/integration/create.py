#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""`vireo create` without XML, and taking over what libvirt has: with the real daemon, and files as people have them."""
import json
import os
import shutil
import subprocess
import sys
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
import case
import guests

SECTOR, FIRST_DESCRIPTOR = 2048, 16


def volume_name(path):
    """Of an ISO 9660 image: ECMA-119, 8.4.7."""
    with open(path, "rb") as image:
        image.seek(FIRST_DESCRIPTOR * SECTOR)
        descriptor = image.read(SECTOR)
    assert descriptor[1:6] == b"CD001"
    return descriptor[40:72].decode().strip()


class Create(case.Case):
    def setUp(self):
        self.daemon = self.start_daemon()
        self.images = os.path.join(self.daemon.data_folder, "images")

    def create(self, *options, **more):
        return self.daemon.vireo("create", "--name", "web", *options, **more)

    def definition(self, name="web"):
        return self.daemon.rpc("Domain.GetDefinition", domain=name)

    def test_a_new_domain_runs(self):
        secret = os.path.join(self.daemon.folder, "password")
        with open(secret, "w") as file:
            file.write("correct horse\n")
        self.create("--memory", "256M", "--cpus", "1", "--disk", "64M", "--firmware", "bios", "--graphics", "none", "--paused",
                    "--cloud-init", f"user=anna,hostname=web.example,password-file={secret}", "--os", "debian12")
        self.assertEqual(self.daemon.state("web"), ("paused", "user"))
        definition = self.definition()
        self.assertEqual(definition["memory"], 256 << 20)
        files = [disk["source"]["file"] for disk in definition["devices"]["disk"]]
        self.assertEqual(files, [os.path.join(self.images, "web.qcow2"), os.path.join(self.images, "web-seed.iso")])
        with open(files[0], "rb") as image:
            self.assertEqual(image.read(4), b"QFI\xfb")
        self.assertEqual(volume_name(files[1]).lower(), "cidata")
        with open(files[1], "rb") as image:
            seed = image.read()
        for text in (b"#cloud-config", b'name: "anna"', b'plain_text_passwd: "correct horse"', b'local-hostname: "web.example"'):
            self.assertIn(text, seed)
        self.assertEqual(os.stat(files[1]).st_mode & 0o777, 0o600)
        self.daemon.destroy("web")

    def test_nothing_is_left_of_what_is_refused(self):
        self.create("--memory", "1M", "--disk", "64M", "--no-start", "--network", "nonsense", check=False)
        self.create("--disk", "64M", "--disk", "/nonexistent/disk.img", "--no-start", check=False)
        self.assertEqual(self.daemon.rpc("Manager.ListDomains"), [])
        self.assertEqual(os.listdir(self.images) if os.path.isdir(self.images) else [], [])

    def test_a_dry_run_makes_nothing(self):
        result = self.create("--disk", "64M", "--os", "win11", "--dry-run", "--json")
        definition = json.loads(result.stdout)
        self.assertEqual(definition["os"]["firmware"], "efi")
        self.assertEqual(definition["devices"]["tpm"][0]["backend"]["type"], "emulator")
        self.assertEqual(self.daemon.rpc("Manager.ListDomains"), [])
        self.assertFalse(os.path.exists(self.images))

    def test_a_file_that_is_there_is_used_and_never_replaced(self):
        disk = os.path.join(self.daemon.folder, "old.img")
        with open(disk, "wb") as image:
            image.write(b"precious".ljust(1 << 20, b"\0"))
        refused = self.create("--disk", f"path={disk},size=1G", "--no-start", check=False)
        self.assertIn("exists already", refused.stderr)
        self.create("--disk", disk, "--no-start", "--firmware", "bios")
        with open(disk, "rb") as image:
            self.assertEqual(image.read(8), b"precious")
        again = self.create("--disk", disk, "--no-start", check=False)
        self.assertNotEqual(again.returncode, 0)


@unittest.skipUnless(os.path.exists(guests.OVMF_VARS), "Debian's package ovmf is not installed")
class Import(case.Case):
    def setUp(self):
        self.daemon = self.start_daemon()
        self.root = os.path.join(self.daemon.folder, "old-host")
        with open(guests.OVMF_VARS, "rb") as template:
            self.store = guests.used_store(template.read())
        self.put("etc/libvirt/qemu/web.xml", guests.domain(
            "web", os=f"<loader readonly='yes' type='pflash'>{guests.OVMF_CODE}</loader>"
            f"<nvram template='{guests.OVMF_VARS}'>{self.root}/var/lib/libvirt/qemu/nvram/web_VARS.fd</nvram>",
            devices="<disk type='file' device='cdrom'><target dev='sda' bus='usb'/></disk>", uuid="c7a5fdbd-edaf-9455-926a-d65c16db1809"))
        self.put("etc/libvirt/qemu/broken.xml", "<domain type='qemu'><name>broken</name>")
        self.put("etc/libvirt/qemu/networks/default.xml", "<network><name>default</name></network>")
        self.put("var/lib/libvirt/qemu/nvram/web_VARS.fd", self.store)
        self.put("var/lib/libvirt/qemu/save/web.save", "memory")
        self.put("etc/libvirt/qemu/autostart/web.xml", "")
        self.before = self.files()

    def put(self, name, content):
        path = os.path.join(self.root, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "wb") as file:
            file.write(content if isinstance(content, bytes) else content.encode())

    def files(self):
        found = {}
        for base, _, names in os.walk(self.root):
            for name in names:
                path = os.path.join(base, name)
                with open(path, "rb") as file:
                    found[path] = (file.read(), os.stat(path).st_mtime_ns)
        return found

    def test_a_plan_first(self):
        plan = json.loads(self.daemon.vireo("import-libvirt", "--root", self.root, "--json").stdout)
        web = next(d for d in plan["domains"] if d["name"] == "web")
        self.assertTrue(web["autostart"])
        self.assertTrue(web["nvram"].endswith("web_VARS.fd"))
        self.assertTrue(any("saved memory" in note for note in web["notes"]))
        self.assertIn("refused", next(d for d in plan["domains"] if d["name"] == "broken"))
        self.assertTrue(any("default" in note for note in plan["notes"]))
        self.assertEqual(self.daemon.rpc("Manager.ListDomains"), [])
        self.assertTrue(self.before == self.files(), "the originals were touched")

    def test_then_for_real(self):
        self.daemon.vireo("import-libvirt", "--root", self.root, "--apply", "web")
        (web,) = self.daemon.rpc("Manager.ListDomains")
        self.assertEqual(web["uuid"], "c7a5fdbd-edaf-9455-926a-d65c16db1809")
        self.assertTrue(web["autostart"])
        names = {v["name"] for v in self.daemon.rpc("Domain.Firmware.ListVariables", domain="web")["variables"]}
        self.assertIn("VireoTest", names)
        definition = self.daemon.rpc("Domain.GetXML", domain="web")
        self.assertNotIn(self.root, definition)
        self.assertIn("model='usb-storage'", definition)  # a new guest would have another kind of drive
        self.assertTrue(self.before == self.files(), "the originals were touched")
        again = self.daemon.vireo("import-libvirt", "--root", self.root, "--apply", "web", check=False)
        self.assertIn("already", again.stdout)

    @unittest.skipUnless(shutil.which("swtpm_setup"), "Debian's package swtpm-tools is not installed")
    def test_the_tpm_comes_along(self):
        uuid = "0f6a2f0e-1d0c-4b0b-9a5e-6f8a6c5a7d11"
        self.put("etc/libvirt/qemu/sealed.xml", guests.domain(
            "sealed", devices="<tpm model='tpm-crb'><backend type='emulator' version='2.0'/></tpm>", uuid=uuid))
        self.put("etc/libvirt/qemu/other.xml", guests.domain(
            "other", devices="<tpm model='tpm-tis'><backend type='emulator' version='1.2'/></tpm>", uuid=uuid[:-1] + "2"))
        state = os.path.join(self.root, "var/lib/libvirt/swtpm", uuid, "tpm2")
        os.makedirs(state)
        subprocess.run(["swtpm_setup", "--tpm2", "--tpm-state", state, "--createek"], check=True, capture_output=True)
        self.put(f"var/lib/libvirt/swtpm/{uuid[:-1]}2/tpm1.2/nothing", "")
        before = self.files()
        plan = self.daemon.vireo("import-libvirt", "--root", self.root, "sealed").stdout
        self.assertIn(f"with the TPM of {state}", plan)
        self.daemon.vireo("import-libvirt", "--root", self.root, "--apply", "sealed")
        self.assertTrue(before == self.files(), "the originals were touched")
        taken = os.path.join(self.daemon.data_folder, "tpm", uuid, "tpm2", "tpm2-00.permall")
        self.assertEqual(guests.read(taken), guests.read(os.path.join(state, "tpm2-00.permall")))
        self.daemon.start("sealed", paused=True)  # it is taken for its own
        self.refused("InvalidState", self.daemon.rpc, "Domain.ImportTPM", domain="sealed", folder=state)
        self.daemon.destroy("sealed")
        self.refused("AlreadyExists", self.daemon.rpc, "Domain.ImportTPM", domain="sealed", folder=state)
        # One whose state cannot be read is not taken over by half.
        failed = self.daemon.vireo("import-libvirt", "--root", self.root, "--apply", "other", check=False)
        self.assertIn("no state of a TPM", failed.stdout)
        self.assertEqual([d["name"] for d in self.daemon.rpc("Manager.ListDomains")], ["sealed"])


if __name__ == "__main__":
    case.main()
