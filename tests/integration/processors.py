#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Processors that depend on the host: host-model is a named model with features, QEMU gives the guest all of it, and
what the host cannot give is said before QEMU starts."""
import os
import re
import subprocess
import sys
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
import case

QEMU = "/usr/bin/qemu-system-x86_64"
UUID = "0a1f0c57-3b0e-4d62-9d5a-3e1c6a1f7b21"
DOMAIN = """<domain type='{type}'><name>one</name><uuid>{uuid}</uuid><memory>65536</memory>
<os><type arch='x86_64' machine='q35'>hvm</type></os>{cpu}<devices/></domain>"""


class Processors(case.Case):
    def setUp(self):
        self.daemon = self.start_daemon()

    def start(self, cpu, kind="qemu"):
        self.daemon.define(DOMAIN.format(type=kind, uuid=UUID, cpu=cpu))
        self.daemon.start("one", paused=True)
        return self.daemon.rpc("Domain.GetXML", domain="one", options={"kind": "live"})

    def argument(self):
        """What the running QEMU was given as -cpu."""
        for pid in filter(str.isdigit, os.listdir("/proc")):
            try:
                with open(f"/proc/{pid}/cmdline", "rb") as f:
                    words = f.read().decode(errors="replace").split("\0")
            except OSError:
                continue
            if "qemu-system" in words[0] and UUID in words and "-cpu" in words:
                return words[words.index("-cpu") + 1]
        self.fail("no QEMU runs the domain")

    def refused(self, cpu):
        with self.assertRaises(case.RpcError) as caught:
            self.start(cpu)
        return str(caught.exception)

    def host_model(self, kind, accelerator):
        live = self.start("<cpu mode='host-model'/>", kind)
        offered = self.daemon.rpc("Manager.GetDomainCapabilitiesXML", options={"type": kind})
        mode = re.search(r"<mode name='host-model' supported='yes'>(.*?)</mode>", offered, re.S).group(1)
        model = re.search(r"<model[^>]*>([^<]+)</model>", mode).group(1)
        features = re.findall(r"<feature policy='(\w+)' name='([^']+)'/>", mode)
        self.assertIn(f"<model fallback='forbid'>{model}</model>", live)
        self.assertEqual(re.findall(r"<feature policy='(\w+)' name='([^']+)'/>", live), features)
        given = self.argument()
        self.assertEqual(given.split(",")[0], model)
        self.assertGreater(len(features), 5)
        # QEMU itself says whether the guest really has all of it.
        done = subprocess.run([QEMU, "-machine", f"q35,accel={accelerator}", "-cpu", given + ",enforce", "-display",
                               "none", "-nodefaults", "-monitor", "stdio", "-S"], input=b"quit\n",
                              capture_output=True, timeout=60)
        self.assertEqual((done.returncode, done.stderr), (0, b""))
        stored = self.daemon.rpc("Domain.GetXML", domain="one", options={"kind": "persistent"})
        self.assertIn("<cpu mode='host-model'", stored)  # the definition stays what the user wrote
        self.daemon.destroy("one")

    def test_host_model_emulated(self):
        self.host_model("qemu", "tcg")

    def test_host_model_of_the_host(self):
        try:
            self.daemon.rpc("Manager.GetDomainCapabilitiesXML", options={"type": "kvm"})
        except case.RpcError as error:
            self.skipTest(str(error))
        self.host_model("kvm", "kvm")

    def test_minimum(self):
        live = self.start("<cpu mode='custom' match='minimum'><model>Nehalem</model></cpu>")
        self.assertNotIn(">Nehalem<", live)  # the emulation has more
        self.assertIn("=on", self.argument())

    def test_what_cannot_be_had_is_named(self):
        error = self.refused("<cpu mode='custom' match='exact' check='full'><model>Icelake-Server</model></cpu>")
        self.assertIn("avx512f", error)
        error = self.refused("<cpu mode='custom' match='minimum'><model>Icelake-Server</model></cpu>")
        self.assertIn("avx512f", error)
        error = self.refused("<cpu mode='custom' match='strict'><model>Nehalem</model></cpu>")
        self.assertIn("strict", error)
        self.assertIn("avx2", error)


if __name__ == "__main__":
    unittest.main()
