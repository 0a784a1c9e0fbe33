#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""What a definition says of the host's side of a guest is what the kernel says of its QEMU; the rest is refused by name."""
import os
import shutil
import sys
import tempfile
import unittest
import uuid as uuids

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
import case
import guests

UUID = str(uuids.uuid4())    # its own in each run: guests are found by it


def affinity(pid):
    """By thread: the processors that it may run on."""
    return {int(thread): os.sched_getaffinity(int(thread)) for thread in os.listdir(f"/proc/{pid}/task")}


def threads_of(pid):
    """By name: the threads of a process."""
    found = {}
    for thread in os.listdir(f"/proc/{pid}/task"):
        with open(f"/proc/{pid}/task/{thread}/comm") as comm:
            found.setdefault(comm.read().strip(), []).append(int(thread))
    return found


def read(*path):
    with open(os.path.join(*path)) as file:
        return file.read().strip()


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

    @unittest.skipUnless(limits_possible(), "no control groups that can be written")
    def test_quotas_are_of_threads(self):
        more = ("<cputune><period>50000</period><quota>20000</quota><emulator_period>100000</emulator_period><emulator_quota>70000</emulator_quota>"
                "<iothread_period>40000</iothread_period><iothread_quota>10000</iothread_quota></cputune><iothreads>1</iothreads>")
        uuid, pid = self.started(more)
        own = [os.path.join(parent, uuid) for parent in self.daemon.cgroup_folders() if os.path.isdir(os.path.join(parent, uuid, "vcpu0"))]
        self.assertEqual(len(own), 1)
        threads = threads_of(pid)
        for name, limit, members in (("vcpu0", ("20000", "50000"), threads["CPU 0/TCG"]), ("iothread1", ("10000", "40000"), None), ("emulator", ("70000", "100000"), [pid])):
            group = os.path.join(own[0], name)
            if os.path.exists(os.path.join(group, "cpu.max")):
                found, listed = tuple(read(group, "cpu.max").split()), read(group, "cgroup.threads")
            else:
                found, listed = (read(group, "cpu.cfs_quota_us"), read(group, "cpu.cfs_period_us")), read(group, "tasks")
            self.assertEqual(found, limit)
            for member in members or []:
                self.assertIn(str(member), listed.split())
        self.daemon.kill()
        self.daemon.run()
        self.daemon.destroy("one")
        self.nothing_left(self.daemon, uuid)

    def test_vcpus_are_plugged_in(self):
        vcpus = "".join(f"<vcpu id='{i}' enabled='{on}' hotpluggable='{hot}'{order}/>" for i, on, hot, order in
                        ((0, "yes", "no", " order='1'"), (1, "no", "yes", ""), (2, "yes", "yes", " order='3'"), (3, "yes", "yes", " order='2'")))
        one = min(os.sched_getaffinity(0))
        xml = guests.bios("one", more=f"<vcpus>{vcpus}</vcpus><cputune><vcpupin vcpu='3' cpuset='{one}'/></cputune>", uuid=UUID)
        self.daemon.define(xml.replace("<vcpu>1</vcpu>", "<vcpu current='3'>4</vcpu>"))
        self.daemon.start("one", paused=True)
        pid = self.daemon.info("one")["pid"]
        cpus = [name for name in threads_of(pid) if name.startswith("CPU ")]
        self.assertEqual(sorted(cpus), ["CPU 0/TCG", "CPU 2/TCG", "CPU 3/TCG"])
        self.assertEqual(os.sched_getaffinity(threads_of(pid)["CPU 3/TCG"][0]), {one})
        self.daemon.destroy("one")

    def test_the_process_is_bound(self):
        _, pid = self.started("<numatune><memory mode='restrictive' nodeset='0'/></numatune>")
        self.assertIn("bind:0", read(f"/proc/{pid}/numa_maps"))

    def test_memory_in_files(self):
        uuid, pid = self.started("<memoryBacking><source type='file'/><access mode='shared'/></memoryBacking>")
        folder = os.path.join(self.daemon.data_folder, "ram", uuid)
        self.assertIn(folder, read(f"/proc/{pid}/maps"))
        self.assertEqual(os.listdir(folder), ["pc.ram"])
        self.daemon.destroy("one")
        self.assertFalse(os.path.exists(folder))

    @unittest.skipUnless(limits_possible(), "no control groups that can be written")
    def test_partition(self):
        more = f"<resource><partition>/{self.daemon.cgroup}/slow</partition></resource>"
        self.daemon.define(guests.bios("one", more=more, uuid=UUID))
        error = self.refused("NotFound", self.daemon.start, "one")
        self.assertIn("partition", error.message)
        for parent in self.daemon.cgroup_folders():
            os.mkdir(os.path.join(parent, "slow"))
        self.daemon.start("one", paused=True)
        pid = self.daemon.info("one")["pid"]
        self.assertIn(f"/{self.daemon.cgroup}/slow/{UUID}\n", read(f"/proc/{pid}/cgroup") + "\n")
        self.daemon.kill()
        self.daemon.run()
        self.daemon.destroy("one")
        for parent in self.daemon.cgroup_folders():
            self.assertEqual([name for name in os.listdir(os.path.join(parent, "slow")) if UUID in name], [])

    def test_what_the_host_lacks(self):
        for more, words in (("<resource><fibrechannel appid='vireo.test'/></resource>", "Fibre Channel"),):
            self.daemon.define(guests.bios("one", more=more, uuid=UUID))
            error = self.refused("Unsupported", self.daemon.start, "one")
            self.assertIn(words, error.message)
            self.nothing_left(self.daemon, UUID)

    def test_what_nothing_can_happen_to(self):
        self.started("<on_lockfailure>poweroff</on_lockfailure>")      # there is no lock manager

    def test_what_is_not_served_is_refused_and_changes_nothing(self):
        uuid = self.daemon.define(guests.bios("one", more="<perf><event name='cmt' enabled='yes'/></perf>"))["uuid"]
        error = self.refused("Unsupported", self.daemon.start, "one")
        self.assertIn("perf", error.message)
        self.nothing_left(self.daemon, uuid)


@unittest.skipUnless(os.geteuid() == 0, "puts a program in place in a mount namespace")
class Advice(case.Case):
    AUTO = ("<vcpu>1</vcpu>", "<vcpu placement='auto'>1</vcpu><numatune><memory mode='strict' placement='auto'/></numatune>")

    def daemon_with(self, script):
        folder = tempfile.mkdtemp(prefix="vireo-test-")
        self.addCleanup(shutil.rmtree, folder)
        if script:
            path = os.path.join(folder, "numad")
            with open(path, "w") as program:
                program.write(script)
            os.chmod(path, 0o755)
        return self.start_daemon(wrapper=["unshare", "--mount", "sh", "-c", f"mount --bind {folder} /usr/local/bin && exec \"$@\"", "sh"])

    def test_numad(self):
        daemon = self.daemon_with("#!/bin/sh\ntest \"$1 $2\" = '-w 1:128' && echo 0\n")
        uuid = daemon.define(guests.bios("one").replace(*self.AUTO))["uuid"]
        daemon.start("one", paused=True)
        with open(f"/proc/{daemon.info('one')['pid']}/cmdline") as cmdline:
            self.assertIn('"host-nodes":[0]', cmdline.read())
        daemon.destroy("one")
        self.nothing_left(daemon, uuid)

    @unittest.skipIf(shutil.which("numad"), "there is a numad")
    def test_without(self):
        daemon = self.daemon_with("")
        daemon.define(guests.bios("one").replace(*self.AUTO))
        error = self.refused("Unsupported", daemon.start, "one")
        self.assertIn("package numad", error.data["hint"])


if __name__ == "__main__":
    case.main()
