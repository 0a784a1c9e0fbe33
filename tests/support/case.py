# SPDX-License-Identifier: LGPL-2.1-or-later
"""What tests of a running vireod share: a private daemon each, refusals, and proof that nothing is left of a guest.

A test file ends with: if __name__ == "__main__": case.main()
"""
import os
import shutil
import signal
import sys
import time
import unittest

from vireo import FAKE_QEMU, Daemon, RpcError, wait_for

# Names of what is only there while something is being written or started (src/support/file.hpp, src/firmware/).
STRAY_PREFIX, STRAY_SUFFIXES = ".vireo-", (".created", ".before-start")


def process_state(pid):
    """As in proc(5), for example "Z", and the parent's pid; nothing when there is no such process."""
    try:
        with open(f"/proc/{pid}/stat") as stat:
            fields = stat.read().rsplit(")", 1)[1].split()
    except OSError:
        return None
    return fields[0], int(fields[1])


def alive(pid):
    state = process_state(pid)
    return state is not None and state[0] not in "ZX"


def left_of(daemon, uuid):
    """What there still is of a guest that should be off, as sentences."""
    left = []
    if uuid in daemon.statuses():
        left.append("its status document")
    if os.path.exists(os.path.join(daemon.run_folder, "qemu", uuid)):
        left.append("its run folder")
    for pid in daemon.guest_pids():
        with open(f"/proc/{pid}/cmdline", "rb") as cmdline:
            if uuid.encode() in cmdline.read():
                left.append(f"its QEMU {pid}")
    for parent in daemon.cgroup_folders():
        if os.path.isdir(os.path.join(parent, uuid)):
            left.append(f"its control group {parent}/{uuid}")
    return left


def strays(daemon):
    """Temporary and marker files in the daemon's folders."""
    found = []
    for base, _, names in os.walk(daemon.folder):
        found += [os.path.join(base, n) for n in names if n.startswith(STRAY_PREFIX) or n.endswith(STRAY_SUFFIXES)]
    return found


def zombies(daemon):
    """Children of the daemon that it has not waited for."""
    found = []
    for name in os.listdir("/proc"):
        if name.isdigit() and (state := process_state(int(name))) and state == ("Z", daemon.process.pid):
            found.append(int(name))
    return found


class Fake:
    """A copy of fake_qemu beside a daemon's folders; behave() says what it does from its next start on."""

    def __init__(self, daemon, name="qemu-fake", control=""):
        self.path = os.path.join(daemon.folder, name)
        shutil.copy(FAKE_QEMU, self.path)
        os.chmod(self.path, 0o755)
        self.behave(control)

    def behave(self, *lines):
        with open(self.path + ".control", "w") as control:
            control.write("\n".join(lines) + "\n")
        os.chmod(self.path + ".control", 0o644)


class Case(unittest.TestCase):
    def run(self, result=None):
        self.result = result
        self.problems_before = len(result.failures) + len(result.errors) if result else 0
        return super().run(result)

    def start_daemon(self, run=True, **options):
        """A daemon that goes with the test; its log is shown when the test fails."""
        daemon = Daemon(**options)
        self.addCleanup(self.end_daemon, daemon)
        if daemon.want_bus:
            daemon.start_bus()
        return daemon.run() if run else daemon

    def end_daemon(self, daemon):
        if self.result and len(self.result.failures) + len(self.result.errors) > self.problems_before:
            daemon.show_log()
        daemon.close()

    def refused(self, name, call, *arguments, **parameters):
        """That the call fails with this error, with a sentence for people; the error."""
        with self.assertRaises(RpcError) as caught:
            call(*arguments, **parameters)
        error = caught.exception
        self.assertEqual(error.name, name, error.message)
        self.assertGreater(len(error.message), 10)
        return error

    def nothing_left(self, daemon, uuid):
        """No process, document, folder, control group, temporary file or unreaped child of a guest that is off."""
        self.assertEqual(left_of(daemon, uuid), [])
        self.assertEqual(strays(daemon), [])
        wait_for(lambda: not zombies(daemon), "the daemon to reap its children", 10)

    def events_until(self, client, done, limit=60):
        """The events of a client that has subscribed, until done(event): (method, params)."""
        events, end = [], time.monotonic() + limit
        while True:
            event = client.next_event(limit=max(0.01, end - time.monotonic()))
            events.append((event["method"], event["params"]))
            if done(*events[-1]):
                return events


def lifecycle_of(events, domain=None):
    """(event, detail) of the Lifecycle events among them."""
    return [(p["event"], p["detail"]) for method, p in events
            if method == "Domain.Lifecycle" and domain in (None, p.get("domain"))]


class Result(unittest.TextTestResult):
    def addSkip(self, test, reason):
        super().addSkip(test, reason)
        print(f"SKIPPED {test.id().removeprefix('__main__.')}: {reason}", flush=True)


def main():
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))   # a test that is ended takes its daemons and guests along
    unittest.main(testRunner=unittest.TextTestRunner(sys.stdout, resultclass=Result, verbosity=2))
