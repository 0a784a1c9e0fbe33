#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""What a definition says of the host's side of a guest is what the kernel says of its QEMU; the rest is refused by name."""
import os
import sys
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
import case
import guests

UUID = "0f3a7c1e-52f4-4a7e-9d9e-6a1d6b6d2c11"


def affinity(pid):
    """By thread: the processors that it may run on."""
    return {int(thread): os.sched_getaffinity(int(thread)) for thread in os.listdir(f"/proc/{pid}/task")}


def limits_possible():
    """May the daemon make control groups with these controllers here?"""
    return os.geteuid() == 0 and any(os.access(path, os.W_OK) for path in ("/sys/fs/cgroup/cpu", "/sys/fs/cgroup/cgroup.subtree_control"))


class Tuning(case.Case):
    def setUp(self):
        self.daemon = self.start_daemon()

    def started(self, more):
        uuid = self.daemon.define(guests.bios("one", more=more, uuid=UUID))["uuid"]
        self.daemon.start("one", paused=True)
        return uuid, self.daemon.info("one")["pid"]

    def test_threads_run_where_they_should(self):
        one = min(os.sched_getaffinity(0))
        _, pid = self.started(f"<cputune><vcpupin vcpu='0' cpuset='{one}'/></cputune>")
        self.assertIn({one}, affinity(pid).values())
        self.daemon.destroy("one")
        _, pid = self.started(f"<cputune><emulatorpin cpuset='{one}'/></cputune>")
        self.assertEqual(affinity(pid)[pid], {one})
        self.daemon.destroy("one")
        self.daemon.define(guests.bios("one", more="<cputune><vcpupin vcpu='0' cpuset='9999'/></cputune>", uuid=UUID))
        error = self.refused("InvalidArgument", self.daemon.start, "one")
        self.assertIn("vcpupin of vCPU 0", error.message)
        self.assertEqual(self.daemon.state("one"), ("shut-off", "failed"))

    @unittest.skipUnless(limits_possible(), "no control groups that can be written")
    def test_limits_are_the_control_groups(self):
        uuid, _ = self.started("<memtune><hard_limit unit='GiB'>2</hard_limit></memtune><cputune><shares>512</shares></cputune>")
        wanted = {"cpu.shares": "512", "cpu.weight": "512", "memory.limit_in_bytes": str(2 << 30), "memory.max": str(2 << 30)}
        found = {}
        for parent in self.daemon.cgroup_folders():
            for name in wanted:
                path = os.path.join(parent, uuid, name)
                if os.path.exists(path):
                    with open(path) as file:
                        found[name] = file.read().strip()
        self.assertGreaterEqual(len(found), 2)
        self.assertEqual(found, {name: wanted[name] for name in found})

    def test_what_is_not_served_is_refused_and_changes_nothing(self):
        uuid = self.daemon.define(guests.bios("one", devices="<interface type='bridge'><source bridge='no-such-br'/></interface>"))["uuid"]
        error = self.refused("Unsupported", self.daemon.start, "one")
        self.assertIn("devices/interface[1]", error.message)
        self.nothing_left(self.daemon, uuid)


if __name__ == "__main__":
    case.main()
