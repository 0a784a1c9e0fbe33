#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Many at once."""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
import case
import guests
from vireo import wait_for

GUESTS, DEFINITIONS = 16, 300


class Scale(case.Case):
    def setUp(self):
        self.daemon = self.start_daemon()

    def pipelined(self, method, each):
        """The answers to a request for each of these parameters, all sent before the first is read."""
        client = self.daemon.connect()
        try:
            for i, params in enumerate(each):
                client.send(method, params, i)
            return [client.answer_any()["result"] for _ in each]
        finally:
            client.close()

    def test_starts_at_once(self):
        names = [f"guest-{i}" for i in range(GUESTS)]
        made = {n: self.daemon.define(guests.bios(n, memory=32))["uuid"] for n in names}
        for _ in range(2):
            jobs = [r["job"] for r in self.pipelined("Domain.Start", [{"domain": n, "options": {"paused": True}} for n in names])]
            self.assertEqual(len(set(jobs)), GUESTS)
            for job in jobs:
                self.assertEqual(self.daemon.rpc("Job.Wait", job=job)["state"], "succeeded")
            listed = self.daemon.rpc("Manager.ListDomains", filter={"active": True})
            self.assertEqual(sorted(d["name"] for d in listed), sorted(names))
            self.assertEqual(len({d["id"] for d in listed}), GUESTS)
            self.assertEqual(len(self.daemon.guest_pids()), GUESTS)
            # The daemon's end and its next life change none of them.
            pids = {n: self.daemon.info(n)["pid"] for n in names}
            self.daemon.kill()
            self.daemon.run()
            wait_for(lambda: all(self.daemon.info(n)["health"] == "ok" for n in names), "every guest to answer")
            self.assertEqual({n: self.daemon.info(n)["pid"] for n in names}, pids)
            jobs = [r["job"] for r in self.pipelined("Domain.Destroy", [{"domain": n} for n in names])]
            for job in jobs:
                self.assertEqual(self.daemon.rpc("Job.Wait", job=job)["state"], "succeeded")
            for uuid in made.values():
                self.assertEqual(case.left_of(self.daemon, uuid), [])
            self.nothing_left(self.daemon, made[names[0]])

    def test_many_definitions(self):
        answers = self.pipelined("Manager.DefineDomainXML", [{"xml": guests.bios(f"guest-{i:03}"), "options": {}} for i in range(DEFINITIONS)])
        uuids = {a["result"]["uuid"] for a in answers}
        self.assertEqual(len(uuids), DEFINITIONS)
        names = [f"guest-{i:03}" for i in range(DEFINITIONS)]
        before = self.daemon.rpc("Manager.ListDomains")
        self.assertEqual([d["name"] for d in before], names)
        self.daemon.kill()
        self.daemon.run()
        after = self.daemon.rpc("Manager.ListDomains")
        self.assertEqual([(d["name"], d["uuid"], d["revision"]) for d in after], [(d["name"], d["uuid"], d["revision"]) for d in before])
        self.pipelined("Domain.Undefine", [{"domain": n} for n in names[1:]])
        self.assertEqual([d["name"] for d in self.daemon.rpc("Manager.ListDomains")], names[:1])
        self.assertEqual(len([n for n in os.listdir(self.daemon.definitions) if n.endswith(".xml")]), 1)
        self.assertEqual(case.strays(self.daemon), [])

    def test_nothing_leaks(self):
        """Descriptors of the daemon after many lives of a guest."""
        self.daemon.define(guests.uefi("one"))
        counts = []
        for i in range(12):
            self.daemon.start("one", paused=True)
            self.daemon.console("one").close()
            self.daemon.destroy("one")
            if i >= 2:
                counts.append(len(os.listdir(f"/proc/{self.daemon.process.pid}/fd")))
        self.assertLessEqual(counts[-1], counts[0] + 1, counts)
        self.assertEqual(case.strays(self.daemon), [])


if __name__ == "__main__":
    case.main()
