#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The guest's own firmware is the judge of keys: with them it refuses what is not signed, without them it runs it."""
import os
import sys
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
import case
import efi
import guests

SECURE_CODE = "/usr/share/OVMF/OVMF_CODE_4M.secboot.fd"
ENROLLED_VARS = "/usr/share/OVMF/OVMF_VARS_4M.ms.fd"
ARM_CODE = "/usr/share/AAVMF/AAVMF_CODE.fd"
REFUSED = "Access Denied"
LIMIT = guests.Shell.LIMIT
FEATURE = "<feature enabled='{}' name='{}'/>"


def needs(*files, tools=()):
    """Skips, by name, where one of these is missing."""
    missing = [file for file in files if not os.path.exists(file)] + efi.missing_tools("mformat", *tools)
    return unittest.skipIf(missing, f"not installed: {', '.join(missing)}")


def disk(path, dev="vda", order=None):
    boot = f"<boot order='{order}'/>" if order else ""
    return ("<disk type='file' device='disk'><driver name='qemu' type='raw'/>"
            f"<source file='{path}'/><target dev='{dev}' bus='virtio'/>{boot}</disk>")


def secure(name, image, enrolled):
    features = FEATURE.format("yes", "secure-boot") + FEATURE.format("yes" if enrolled else "no", "enrolled-keys")
    return guests.domain(name, memory=256, os=f"<firmware>{features}</firmware>", features="<acpi/><apic/><smm state='on'/>",
                         devices="<serial type='pty'/>" + disk(image))


class Guest(case.Case):
    def setUp(self):
        self.daemon = self.start_daemon()

    def path(self, name):
        return os.path.join(self.daemon.folder, name)

    def says(self, name, *texts):
        """Starts the domain, waits until its firmware has said one of these, stops it; which one it was."""
        self.daemon.start(name)
        console = self.daemon.console(name)
        try:
            return console.wait_for_any(texts, LIMIT)
        finally:
            console.close()
            self.daemon.destroy(name)

    def firmware(self, method, **parameters):
        return self.daemon.rpc(f"Domain.Firmware.{method}", domain="one", **parameters)


class SecureBoot(Guest):
    @needs(SECURE_CODE, ENROLLED_VARS)
    def test_the_usual_keys_refuse_what_is_not_signed(self):
        self.daemon.define(secure("one", efi.bootable(self.path("unsigned.img"), "UNSIGNED-RAN"), enrolled=True))
        self.assertEqual(self.says("one", REFUSED, "UNSIGNED-RAN"), REFUSED)
        status = self.firmware("GetSecureBoot")["secure-boot"]
        self.assertTrue(status["enabled"])
        self.assertFalse(status["setup-mode"])
        names = {database["name"] for database in status["databases"]}
        self.assertLessEqual({"PK", "KEK", "db", "dbx"}, names)

    @needs(SECURE_CODE, tools=("sbsign", "openssl"))
    def test_own_keys(self):
        key, other = efi.Key(self.daemon.folder, "own"), efi.Key(self.daemon.folder, "other")
        image = efi.bootable(self.path("program.img"), "PROGRAM-RAN")
        self.daemon.define(secure("one", image, enrolled=False))
        self.assertEqual(self.says("one", REFUSED, "PROGRAM-RAN"), "PROGRAM-RAN")
        self.assertTrue(self.firmware("GetSecureBoot")["secure-boot"]["setup-mode"])

        pem = key.pem()
        self.firmware("EnrollKeys", options={"source": "custom", "pk": pem, "kek": [pem], "db": [pem]})
        self.assertTrue(self.firmware("GetSecureBoot")["secure-boot"]["enabled"])
        self.assertEqual(self.says("one", REFUSED, "PROGRAM-RAN"), REFUSED)
        efi.bootable(image, "PROGRAM-RAN", key=other)
        self.assertEqual(self.says("one", REFUSED, "PROGRAM-RAN"), REFUSED)
        efi.bootable(image, "PROGRAM-RAN", key=key)
        self.assertEqual(self.says("one", REFUSED, "PROGRAM-RAN"), "PROGRAM-RAN")

        # Keys go only when that is accepted by name, and come back with the backup.
        error = self.refused("NeedsConfirmation", self.firmware, "ClearKeys")
        self.assertTrue(error.data["needs"])
        cleared = self.firmware("ClearKeys", options={"confirm": error.data["needs"]})
        efi.bootable(image, "PROGRAM-RAN")
        self.assertEqual(self.says("one", REFUSED, "PROGRAM-RAN"), "PROGRAM-RAN")
        self.firmware("Restore", backup=cleared["backup"], options={"confirm": error.data["needs"]})
        self.assertEqual(self.says("one", REFUSED, "PROGRAM-RAN"), REFUSED)


class Migration(Guest):
    """From the small build of the firmware to the large one, and into qcow2: it boots, and everything is in place."""
    SMALL_CODE, SMALL_VARS = "/usr/share/OVMF/OVMF_CODE.fd", "/usr/share/OVMF/OVMF_VARS.fd"
    VARIABLE = "11111111-2222-3333-4444-555555555555"

    def has_everything(self):
        self.daemon.start("one")
        console = self.daemon.console("one")
        try:
            said = guests.Shell(console).ready().run(f"setvar Kept -guid {self.VARIABLE}")
        finally:
            console.close()
            self.daemon.destroy("one")
        self.assertIn(b"was moved".hex(" ").upper(), " ".join(said.upper().split()))

    @needs(SMALL_CODE, guests.OVMF_CODE)
    def test_it_boots_with_everything_in_place(self):
        self.daemon.define(guests.domain(
            "one", memory=256, devices="<serial type='pty'/>",
            os=f"<loader readonly='yes' type='pflash'>{self.SMALL_CODE}</loader><nvram template='{self.SMALL_VARS}'/>"))
        self.firmware("SetVariable", variable={"name": "Kept", "guid": self.VARIABLE, "data": b"was moved".hex(),
                                               "attributes": ["non-volatile", "boot-service"]}, options={})
        self.has_everything()
        order = self.firmware("ListBootEntries")["boot"]["order"]
        self.assertTrue(order)
        moved = self.firmware("Migrate", options={"code": guests.OVMF_CODE, "template": guests.OVMF_VARS})
        self.assertEqual([left["name"] for left in moved["left"]], [])
        self.assertEqual(self.firmware("ListBootEntries")["boot"]["order"], order)
        self.has_everything()
        self.firmware("Migrate", options={"form": "qcow2"})
        self.has_everything()
        self.assertEqual(self.firmware("Check")["state"], "valid")


class Arm(Guest):
    @needs(ARM_CODE, "/usr/bin/qemu-system-aarch64")
    def test_its_store_is_read_and_reset(self):
        image = efi.bootable(self.path("arm.img"), "ARM-RAN", "aarch64")
        self.daemon.define(f"""<domain type='qemu'><name>one</name><memory unit='MiB'>256</memory><vcpu>1</vcpu>
          <os firmware='efi'><type arch='aarch64' machine='virt'>hvm</type>
          <firmware>{FEATURE.format("no", "secure-boot")}</firmware></os><features><acpi/></features>
          <cpu mode='custom'><model>cortex-a57</model></cpu>
          <devices><serial type='pty'/>{disk(image)}</devices></domain>""")
        self.assertEqual(self.says("one", "ARM-RAN"), "ARM-RAN")
        names = {variable["name"] for variable in self.firmware("ListVariables")["variables"]}
        self.assertIn("BootOrder", names)
        self.assertEqual(self.firmware("Check")["state"], "valid")
        self.firmware("Reset")
        self.assertEqual(self.firmware("ListVariables")["variables"], [])
        self.assertEqual(self.says("one", "ARM-RAN"), "ARM-RAN")


if __name__ == "__main__":
    case.main()
