#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""test_documents.py PATH-OF-VIREO: definitions as documents, which need no daemon but where one is asked."""
import json
import os
import subprocess
import sys
import unittest

import test_cli


class Documents(test_cli.Case):
    """What needs no daemon: judging, comparing and translating definitions."""
    GOOD = """<domain type='kvm'><name>one</name><memory unit='MiB'>512</memory><vcpu>2</vcpu>
<os><type arch='x86_64' machine='q35'>hvm</type></os>
<devices><disk type='file' device='disk'><source file='/a &amp; b.img'/><target dev='vda' bus='virtio'/></disk></devices></domain>"""

    def write(self, name, text):
        path = os.path.join(self.folder.name, name)
        with open(path, "w") as file:
            file.write(text)
        return path

    def test_validate(self):
        good, bad = self.write("good.xml", self.GOOD), self.write("bad.xml", self.GOOD.replace("vcpu>", "vcpus_>"))
        self.assertEqual(self.vireo("domain", "validate", good).stdout, f"{good}: valid\n")
        result = self.vireo("domain", "validate", good, bad, code=1)
        self.assertIn(f"{bad}: line 1: /domain/vcpus_ is not supported\nhint: Did you mean 'vcpu", result.stderr)
        verdicts = json.loads(self.vireo("domain", "validate", bad, good, "--json", code=1).stdout)
        self.assertEqual([v["valid"] for v in verdicts], [False, True])
        self.assertTrue(verdicts[0]["error"].startswith("line 1: /domain/vcpus_"))
        self.assertEqual(self.vireo("domain", "validate", "-", text=self.GOOD).stdout, "-: valid\n")
        self.vireo("domain", "validate", "/nonexistent", code=1)
        self.assertEqual(self.daemon.calls, [])

    def test_a_machine_that_contradicts_the_definition_is_found(self):
        odd = self.write("odd.xml", self.GOOD.replace("machine='q35'", "machine='no-such-machine'"))
        self.assertIn("no-such-machine", self.vireo("domain", "validate", odd, code=1).stderr)

    def test_the_command_line(self):
        good = self.write("good.xml", self.GOOD)
        text = self.vireo("domxml-to-native", good).stdout
        self.assertIn(" \\\n-m ", text)
        self.assertIn("/a & b.img", text)
        words = json.loads(self.vireo("domxml-to-native", "qemu-argv", good, "--json").stdout)["command"]
        self.assertIn("-uuid", words)
        again = subprocess.run(["sh", "-c", "printf '%s\\n' " + text], capture_output=True, text=True).stdout.split("\n")
        uuid = words.index("-uuid") + 1     # made anew each time
        again[uuid] = words[uuid]
        self.assertEqual([w for w in again[:-1] if "mac" not in w], [w for w in words if "mac" not in w])
        self.vireo("domxml-to-native", code=2)
        self.vireo("domxml-to-native", good, "--domain", "web", code=2)
        self.daemon.answers["Domain.GetXML"] = {"xml": self.GOOD}
        self.daemon.answers["Manager.DomainXMLToNative"] = {"native": {"command": ["qemu", "a b"], "environment": ["TZ=x y"], "xml": ""}}
        self.assertEqual(self.vireo("domxml-to-native", "--domain", "web").stdout, "TZ='x y' \\\nqemu 'a b'\n")
        self.assertEqual(self.sent("Manager.DomainXMLToNative")[0], {"xml": self.GOOD})

    def test_diff(self):
        one = self.write("one.xml", self.GOOD)
        two = self.write("two.xml", self.GOOD.replace("<vcpu>2", "<vcpu>3").replace("<vcpu>", "<description>t</description><vcpu>"))
        self.assertEqual(self.vireo("domain", "diff", one, one).stdout, "No difference\n")
        text = self.vireo("domain", "diff", one, two).stdout
        self.assertIn("/domain/description: added t (live)\n", text)
        self.assertIn("/domain/vcpu: 2 -> 3 (next-boot)\n", text)
        changes = json.loads(self.vireo("domain", "diff", one, two, "--json").stdout)
        self.assertEqual([c["kind"] for c in changes], ["added", "changed"])
        self.daemon.answers["Domain.GetXML"] = {"xml": self.GOOD}
        self.assertIn("/domain/vcpu: 2 -> 3", self.vireo("domain", "diff", "web", two).stdout)

    def test_the_schema(self):
        schema = json.loads(self.vireo("domain", "schema").stdout)
        self.assertIn("devices.disk", schema["$defs"])


if __name__ == "__main__":
    test_cli.VIREO = os.path.abspath(sys.argv.pop(1))
    unittest.main()
