#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""test_firmware.py PATH-OF-VIREO: the verbs of firmware against a daemon of canned answers."""
import json
import os
import sys
import unittest

import test_cli
from fake_daemon import Failure


class Firmware(test_cli.Case):
    FILE = {"file": "/c.fd", "size-bytes": 4, "sha256": "ab" * 32, "state": "changed", "kept": True}
    RECORDED = {"policy": "ask", "descriptor": "/d/60-x.json", "features": ["secure-boot"], "code": FILE,
                "update": {"compatible": False, "obstacle": "it has the feature acpi-s3 now", "code-file": "/c.fd",
                           "code-sha256": "cd" * 32, "features": ["acpi-s3", "secure-boot"]}}

    def test_of_the_host(self):
        good = {"name": "60-x.json", "descriptor": "/d/60-x.json", "usable": True, "interface-types": ["uefi"], "device": "flash",
                "mode": "stateless", "code-file": "/c.fd", "targets": [{"architecture": "x86_64", "machines": ["pc-q35-*"]}],
                "features": ["secure-boot", "acpi-s3"]}
        bad = {"name": "10-y.json", "descriptor": "/d/10-y.json", "usable": False, "problem": "it is not JSON"}
        self.daemon.answers["Manager.ListFirmware"] = {"firmware": [bad, good], "warnings": ["/d/10-y.json is passed over"]}
        result = self.vireo("firmware", "list")
        self.assertRegex(result.stdout, "60-x.json +x86_64 +uefi +flash, stateless +secure-boot acpi-s3 +/c.fd")
        self.assertRegex(result.stdout, "10-y.json .* unusable")
        self.assertIn("warning: /d/10-y.json is passed over", result.stderr)
        self.assertEqual(json.loads(self.vireo("firmware", "list", "--json").stdout)["firmware"], [bad, good])

    def test_describe(self):
        fits = {"name": "60-x.json", "descriptor": "/d/60-x.json", "fits": True, "chosen": True, "code-file": "/c.fd"}
        not_so = {"name": "50-x.json", "descriptor": "/d/50-x.json", "fits": False, "chosen": False, "reason": "has no feature acpi-s3"}
        self.daemon.answers["Manager.DescribeFirmware"] = {"report": {"wanted": "UEFI firmware", "chosen": "60-x.json", "candidates": [not_so, fits]}}
        text = self.vireo("firmware", "describe", "--feature", "acpi-s3,enrolled-keys=no", "--arch", "x86_64", "--secure", "yes", "--stateless").stdout
        self.assertEqual(self.sent("Manager.DescribeFirmware")[-1]["requirements"],
                         {"architecture": "x86_64", "with-features": ["acpi-s3"], "without-features": ["enrolled-keys"], "secure": True, "stateless": True})
        self.assertRegex(text, r"\* +60-x.json +/c.fd")
        self.assertRegex(text, "50-x.json +has no feature acpi-s3")
        self.daemon.answers["Manager.DescribeFirmware"] = {"report": {"wanted": "UEFI firmware", "candidates": [not_so]}}
        self.vireo("firmware", "describe", code=3)
        for wrong in (("--feature", "x=perhaps"), ("--smm", "on"), ("--feature", "=yes")):
            self.vireo("firmware", "describe", *wrong, code=2)

    def test_of_a_domain(self):
        self.daemon.answers["Domain.Firmware.GetFirmware"] = {"firmware": self.RECORDED}
        text = self.vireo("firmware", "show", "web").stdout
        for part in ("ask", "/d/60-x.json", "/c.fd (abababababab, changed, copy kept)", "no: it has the feature acpi-s3 now"):
            self.assertIn(part, text)
        self.assertEqual(json.loads(self.vireo("firmware", "show", "web", "--json").stdout), self.RECORDED)
        self.assertEqual(self.vireo("firmware", "policy", "web").stdout, "ask\n")
        self.daemon.answers["Domain.Firmware.SetFirmwarePolicy"] = {}
        self.vireo("firmware", "policy", "web", "pin", "--if-revision", "7")
        self.assertEqual(self.sent("Domain.Firmware.SetFirmwarePolicy")[-1], {"domain": "web", "policy": "pin", "options": {"if-revision": 7}})
        self.vireo("firmware", "policy", "web", "always", code=2)
        self.daemon.answers["Domain.Firmware.AcceptFirmware"] = {"accepted": True}
        self.assertIn("has the firmware that is there now", self.vireo("firmware", "accept", "web").stdout)
        self.daemon.answers["Domain.Start"] = Failure("NeedsConfirmation", "no", needs=["firmware-changed"])
        self.vireo("start", "web", "--confirm", "firmware-changed", code=4)
        self.assertEqual(self.sent("Domain.Start")[-1]["options"]["confirm"], ["firmware-changed"])


if __name__ == "__main__":
    test_cli.VIREO = os.path.abspath(sys.argv.pop(1))
    unittest.main()
