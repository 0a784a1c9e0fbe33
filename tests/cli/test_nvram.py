#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""test_nvram.py PATH-OF-VIREO: the verbs of variable stores against a daemon of canned answers."""
import json
import os
import sys
import unittest

import test_cli
from fake_daemon import UUID, Failure


class Nvram(test_cli.Case):
    MOMENT = {"exists": True, "live": False, "as-of-usec": 1700000000000000}
    TIMEOUT = {"guid": "8be4df61-93ca-11d2-aa0d-00e098032b8c", "vendor": "global", "name": "Timeout", "class": "settings",
               "attributes": ["non-volatile"], "data": "0500", "decoded": {"seconds": 5}, "text": "5 s"}
    CHANGE = {"changed": True, "backup": "3", "sha256": "ab" * 32,
              "changes": [{"change": "changed", "class": "settings", "guid": "g", "name": "Timeout", "before": "3 s", "after": "5 s"}]}

    def answer(self, method, **result):
        self.daemon.answers["Domain.Firmware." + method] = result

    def last(self, method):
        return self.sent("Domain.Firmware." + method)[-1]

    def test_list_and_get(self):
        self.answer("ListVariables", variables=[self.TIMEOUT], moment=self.MOMENT)
        text = self.vireo("nvram", "list", "web", "--class", "settings,other", "--name", "T*").stdout
        self.assertRegex(text, "global +Timeout +settings +2 +5 s")
        self.assertEqual(self.last("ListVariables"), {"domain": "web", "filter": {"classes": ["settings", "other"], "name": "T*"}})
        self.assertEqual(json.loads(self.vireo("nvram", "list", "web", "--json").stdout), [self.TIMEOUT])
        self.answer("GetVariable", variable=self.TIMEOUT, moment=dict(self.MOMENT, live=True))
        result = self.vireo("nvram", "get", "web", "Timeout")
        self.assertIn('{"seconds":5}', result.stdout)
        self.assertIn("the domain runs", result.stderr)
        self.assertEqual(self.vireo("nvram", "get", "web", "Timeout", "--hex", "--quiet").stdout, "0500\n")
        self.vireo("nvram", "list", "web", "--class", "colours", code=2)

    def test_set(self):
        self.answer("SetVariable", change=self.CHANGE)
        result = self.vireo("nvram", "set", "web", "Timeout", "5", "--if-sha256", "ab", "--confirm", "tpm-pcr7,x", "--verbose")
        self.assertIn("~ Timeout (settings)  3 s  ->  5 s", result.stdout)
        self.assertIn("backup 3", result.stdout)
        self.assertEqual(self.last("SetVariable"), {
            "domain": "web", "variable": {"guid": "global", "name": "Timeout", "decoded": {"seconds": 5}},
            "options": {"if-sha256": "ab", "confirm": ["tpm-pcr7", "x"]}})
        ours = "11111111-2222-3333-4444-555555555555"
        for option, value, data in (("--text", "hi", "6869"), ("--ucs2", "h", "68000000"), ("--hex", "00ff", "00ff")):
            self.vireo("nvram", "set", "web", "Mine", "--guid", ours, option, value, "--attributes", "non-volatile")
            self.assertEqual(self.last("SetVariable")["variable"],
                             {"guid": ours, "name": "Mine", "data": data, "attributes": ["non-volatile"]})
        self.vireo("nvram", "set", "web", "BootOrder", "Boot0001,Boot0002")
        self.assertEqual(self.last("SetVariable")["variable"]["decoded"], {"order": ["Boot0001", "Boot0002"]})
        self.answer("GetVariable", variable=dict(self.TIMEOUT, name="Mine", guid=ours), moment=self.MOMENT)
        self.vireo("nvram", "set", "web", "Mine", "--text", "x")       # whose it is, is looked up
        self.assertEqual(self.last("SetVariable")["variable"]["guid"], ours)
        self.daemon.answers["Domain.Firmware.GetVariable"] = Failure("NotFound", "none")
        self.vireo("nvram", "set", "web", "Mine", "--text", "x", code=2)
        for words in (["Mine"], ["Mine", "5", "--hex", "00"], ["Mine", "5"], ["Timeout", "soon"]):
            self.vireo("nvram", "set", "web", *words, code=2)

    def test_export_and_import(self):
        self.answer("Export", variables=[self.TIMEOUT], moment=self.MOMENT)
        exported = self.vireo("nvram", "export", "web", "--backup", "3").stdout
        self.assertEqual(self.last("Export")["filter"], {"backup": "3"})
        self.answer("Import", change=self.CHANGE)
        self.vireo("nvram", "import", "web", "-", "--replace", text=exported)
        self.assertEqual(self.last("Import"), {"domain": "web", "variables": [self.TIMEOUT], "options": {"replace": True}})
        self.assertIn("~ Timeout", self.vireo("nvram", "import", "web", "-", "--dry-run", text=exported).stdout)
        self.vireo("nvram", "import", "web", "-", text="{}", code=1)

    def test_reset(self):
        self.answer("Reset", result={"deferred": True})
        self.assertIn("cancel-reset web", self.vireo("nvram", "reset", "web", "--class", "everything", "--keep", "settings").stdout)
        self.assertEqual(self.last("Reset"), {"domain": "web", "options": {"keep": ["settings"]}})
        self.answer("Reset", result={"deferred": False, "change": self.CHANGE})
        self.assertIn("is reset", self.vireo("nvram", "reset", "web", "--class", "boot-entries").stdout)
        self.daemon.answers["Domain.Firmware.Reset"] = Failure("NeedsConfirmation", "no", needs=["tpm-pcr7"], hint="--confirm tpm-pcr7")
        self.assertIn("hint: --confirm tpm-pcr7", self.vireo("nvram", "reset", "web", code=4).stderr)
        self.answer("PlanReset", plan={"exists": True, "deferred": False, "changes": self.CHANGE["changes"], "needs": ["tpm-pcr7"]})
        self.assertIn("--confirm tpm-pcr7", self.vireo("nvram", "plan", "web").stdout)
        self.answer("CancelPendingReset", cancelled=True)
        self.vireo("nvram", "cancel-reset", "web")
        self.vireo("start", "web", "--reset-nvram", "--reset-class", "settings", "--keep", "other", "--confirm", "tpm-pcr7")
        self.assertEqual(self.sent("Domain.Start")[-1]["options"],
                         {"reset-nvram": True, "reset-classes": ["settings"], "reset-keep": ["other"], "confirm": ["tpm-pcr7"]})
        self.vireo("start", "web", "--keep", "settings", code=2)

    def test_boot_entries(self):
        entry = {"name": "Boot0001", "description": "Debian", "device-path": "HD(1)", "active": True, "hidden": False, "position": 0}
        self.answer("ListBootEntries", boot={"entries": [entry], "order": ["Boot0001"], "next": "Boot0001", "timeout-seconds": 3},
                    moment=self.MOMENT)
        text = self.vireo("nvram", "boot", "list", "web").stdout
        self.assertRegex(text, r"1 +Boot0001 \(next\) +yes +Debian +HD")
        self.answer("SetBootOrder", change=self.CHANGE)
        self.vireo("nvram", "boot", "order", "web", "Boot0001", "Boot0002,Boot0003")
        self.assertEqual(self.last("SetBootOrder")["order"], ["Boot0001", "Boot0002", "Boot0003"])
        self.answer("SetBootNext", change=self.CHANGE)
        self.vireo("nvram", "boot", "next", "web", "--none")
        self.assertEqual(self.last("SetBootNext")["entry"], "")
        self.vireo("nvram", "boot", "next", "web", code=2)
        self.answer("AddBootEntry", name="Boot0004", change=self.CHANGE)
        self.assertIn("Boot0004 added", self.vireo("nvram", "boot", "add", "web", "Mine", "\\x.efi", "--first").stdout)
        self.assertEqual(self.last("AddBootEntry")["entry"], {"description": "Mine", "device-path": "\\x.efi", "position": 0})
        self.assertIn("needs one more word: nvram boot list", self.vireo("nvram", "boot", code=2).stderr)
        self.assertIn("needs one more word: nvram status", self.vireo("nvram", code=2).stderr)

    def test_keys(self):
        state = {"enabled": True, "setup-mode": False, "switched-off": False, "databases": [
            {"name": "db", "certificates": [{"subject": "CN=Somebody", "issuer": "", "not-before": "", "not-after": "2020-01-01T00:00:00Z",
                                             "expired": True, "sha256": "", "owner": ""}], "hashes": 2, "other": 0, "complete": True}]}
        self.answer("GetSecureBoot", **{"secure-boot": state, "moment": self.MOMENT})
        self.assertRegex(self.vireo("nvram", "secure-boot", "status", "web").stdout, r"db +2020-01-01 \(expired\) +CN=Somebody")
        self.answer("EnrollKeys", change=dict(self.CHANGE, warnings=["so what"]))
        file = os.path.join(self.folder.name, "key.der")
        with open(file, "wb") as key:
            key.write(b"\x30\x82")
        result = self.vireo("nvram", "secure-boot", "enroll", "web", "--pk", file, "--db", file + "," + file, "--db-hash", "ab")
        self.assertIn("warning: so what", result.stderr)
        self.assertEqual(self.last("EnrollKeys")["options"], {"pk": "3082", "db": ["3082", "3082"], "db-hashes": ["ab"]})

    def test_backups_and_trash(self):
        backup = {"id": "3", "time-usec": 1700000000000000, "reason": "before-reset", "who": "uid 0", "sha256": "ab" * 32,
                  "size-bytes": 540672, "current": True}
        self.answer("GetHistory", history={"backups": [backup], "warnings": ["one is damaged"]})
        result = self.vireo("nvram", "history", "web")
        self.assertRegex(result.stdout, r"3 \(current\) .* before-reset")
        self.assertIn("one is damaged", result.stderr)
        self.answer("Restore", change=dict(self.CHANGE, changed=False))
        self.assertIn("Nothing to do", self.vireo("nvram", "restore", "web", "3").stdout)
        self.answer("Prune", dropped=2)
        self.vireo("nvram", "prune", "web", "1", "2")
        self.assertEqual(self.last("Prune")["options"], {"backups": ["1", "2"]})
        self.vireo("nvram", "prune", "web", code=2)
        self.daemon.answers["Manager.ListNvramTrash"] = {"stores": [
            {"id": "nvram-x-1", "uuid": UUID, "time-usec": 1, "path": "/x", "size-bytes": 540672}]}
        self.assertRegex(self.vireo("nvram", "trash").stdout, "nvram-x-1 .* never +528 KiB")

    def test_check(self):
        self.answer("Check", check={"state": "torn-record", "usable": False, "sentence": "it is cut", "hint": "restore 3", "advice": []})
        self.assertEqual(self.vireo("nvram", "check", "web", code=1).stdout, "torn-record: it is cut\nhint: restore 3\n")

    def test_completion_of_three_words(self):
        words = self.vireo("__complete", "--", "nvram", "boot", "").stdout.split()
        self.assertIn("order", words)
        self.assertNotIn("boot", words)
        self.assertEqual(self.vireo("__complete", "--", "nvram", "b").stdout.split(), ["backup", "boot"])


if __name__ == "__main__":
    test_cli.VIREO = os.path.abspath(sys.argv.pop(1))
    unittest.main()
