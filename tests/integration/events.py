#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Events are numbered without gaps and can be resumed; a client is told when they cannot."""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
import case
import guests


class Events(case.Case):
    def setUp(self):
        self.daemon = self.start_daemon()
        self.watcher = self.daemon.connect()
        self.addCleanup(self.watcher.close)

    def subscribe(self, client=None, **options):
        return (client or self.watcher).call("Manager.Subscribe", options=options)["subscription"]

    def live(self, name="one"):
        self.daemon.define(guests.bios(name))
        self.daemon.start(name, paused=True)
        self.daemon.rpc("Domain.Resume", domain=name)
        self.daemon.destroy(name)
        self.daemon.rpc("Domain.Undefine", domain=name)

    def stamped(self, events):
        return [(m, p) for m, p in events if "stamp" in p]

    def test_numbers_have_no_gaps(self):
        position = self.subscribe()["position"]
        self.live()
        events = self.stamped(self.events_until(self.watcher, lambda m, p: m == "Manager.DomainRemoved"))
        stamps = [p["stamp"] for _, p in events]
        self.assertEqual([s["sequence"] for s in stamps], list(range(position["sequence"] + 1, position["sequence"] + 1 + len(stamps))))
        self.assertEqual({s["epoch"] for s in stamps}, {position["epoch"]})
        times = [s["time-usec"] for s in stamps]
        self.assertEqual(times, sorted(times))

    def test_a_job_is_told_in_order(self):
        self.subscribe()
        self.daemon.define(guests.bios("one"))
        job = self.daemon.start("one", paused=True)["job"]
        events = self.events_until(self.watcher, lambda m, p: m == "Job.Finished")
        mine = [(m, p) for m, p in events if p.get("job") == job]
        self.assertEqual(mine[0][0], "Manager.JobAdded")
        self.assertEqual((mine[-1][0], mine[-1][1]["state"], mine[-1][1]["error"]), ("Job.Finished", "succeeded", {}))
        progress = [p["progress"] for m, p in mine if m == "Job.StageChanged"]
        self.assertEqual(progress, sorted(progress))
        self.assertLessEqual(progress[-1], 1.0)
        seen = set()
        for method, params in mine:
            if method == "Job.StageChanged":
                stage = params["stage"]
                self.assertEqual(stage["state"], "done" if stage["name"] in seen else "running")
                seen.add(stage["name"])
        # The job's own account of itself agrees.
        self.assertEqual({s["name"] for s in self.daemon.rpc("Job.GetInfo", job=job)["stages"]}, seen)

    def test_replay(self):
        position = self.subscribe()["position"]
        self.live()
        seen = self.stamped(self.events_until(self.watcher, lambda m, p: m == "Manager.DomainRemoved"))
        late = self.daemon.connect()
        self.addCleanup(late.close)
        for skip in (0, 1, len(seen) // 2, len(seen)):
            since = dict(position, sequence=position["sequence"] + skip)
            replayed = self.subscribe(late, since=since)
            self.assertFalse(replayed["gap"])
            self.assertEqual([f"{e['interface'].rsplit('.', 1)[1]}.{e['signal']}" for e in replayed["missed"]], [m for m, _ in seen[skip:]])
            self.assertEqual([e["arguments"]["stamp"] for e in replayed["missed"]], [p["stamp"] for _, p in seen[skip:]])
            self.assertEqual(replayed["position"]["sequence"], position["sequence"] + len(seen))
        # What comes after goes on with the next number.
        self.daemon.define(guests.bios("two"))
        self.assertEqual(late.next_event()["params"]["stamp"]["sequence"], position["sequence"] + len(seen) + 1)

    def test_gaps_are_told(self):
        position = self.subscribe()["position"]
        self.daemon.define(guests.bios("one"))
        for strange in (dict(position, sequence=position["sequence"] + 1000), dict(position, epoch="00000000-0000-4000-8000-000000000000")):
            answer = self.subscribe(since=strange)
            self.assertTrue(answer["gap"])
            self.assertEqual(answer["missed"], [])
        self.daemon.kill()
        self.daemon.run()
        client = self.daemon.client
        answer = self.subscribe(client, since=position)
        self.assertTrue(answer["gap"])
        self.assertNotEqual(answer["position"]["epoch"], position["epoch"])

    def test_snapshot(self):
        """Nothing is missed and nothing comes twice between a snapshot and what follows it."""
        self.daemon.define(guests.bios("one"))
        self.daemon.start("one", paused=True)
        snapshot = self.daemon.rpc("Manager.GetSnapshot")
        self.assertEqual([(d["name"], d["state"]) for d in snapshot["domains"]], [("one", "paused")])
        self.assertEqual([j["operation"] for j in snapshot["jobs"]], ["start"])
        self.daemon.rpc("Domain.Resume", domain="one")
        answer = self.subscribe(since=snapshot["position"])
        self.assertEqual([e["arguments"].get("event") for e in answer["missed"]], ["resumed"])
        self.daemon.rpc("Domain.Suspend", domain="one")
        events = self.events_until(self.watcher, lambda m, p: m == "Domain.Lifecycle")
        self.assertEqual(events[-1][1]["event"], "suspended")
        self.assertEqual(events[-1][1]["stamp"]["sequence"], answer["position"]["sequence"] + 1)

    def test_unsubscribe(self):
        self.subscribe()
        self.daemon.define(guests.bios("one"))
        self.events_until(self.watcher, lambda m, p: m == "Domain.Lifecycle")
        self.watcher.call("Manager.Unsubscribe")
        self.watcher.events.clear()
        self.daemon.define(guests.bios("two"))
        self.watcher.call("Manager.Ping")
        self.assertEqual(self.watcher.events, [])


if __name__ == "__main__":
    case.main()
