# SPDX-License-Identifier: LGPL-2.1-or-later
"""Starts and ends of guests, beside the same QEMU started and ended by hand."""
import json
import os
import re
import signal
import socket
import subprocess
import time

import guests
from figures import Row

AT_ONCE = 16
LIMIT = 60.0  # seconds for a QEMU to greet: it takes a tenth of one


class ByHand:
    """The command that the daemon gave a guest's QEMU, with paths where the daemon passes descriptors. The monitor's
    listening socket stays one, so that nothing has to poll for it: that makes the comparison harder."""

    def __init__(self, pid, code, variables, folder):
        self.folder, self.variables, self.made = folder, variables, 0
        self.children = []
        with open(f"/proc/{pid}/cmdline", "rb") as cmdline:
            words = cmdline.read().decode().rstrip("\0").split("\0")
        paths = {"pflash0": code, "pflash1": "@VARIABLES@"}
        sets = {}
        self.argv = []
        rest = iter(words)
        for word in rest:
            if word != "-add-fd":
                self.argv.append(word)
                continue
            described = dict(part.split("=", 1) for part in next(rest).split(","))
            sets[f"/dev/fdset/{described['set']}"] = paths[described["opaque"]]
        for place, path in sets.items():
            self.argv = [word.replace(f'"{place}"', f'"{path}"') for word in self.argv]
        assert not any("/dev/fdset" in word for word in self.argv), "an image of the guest was not replaced by its path"

    def launch(self):
        """Spawns one; greet() waits for it."""
        self.made += 1
        variables = os.path.join(self.folder, f"by-hand-{self.made}.fd")
        with open(self.variables, "rb") as source, open(variables, "wb") as copy:
            copy.write(source.read())
        listener, path = socket.socket(socket.AF_UNIX), os.path.join(self.folder, f"m{self.made}")
        listener.bind(path)
        listener.listen(1)
        begin = time.perf_counter()
        monitor = socket.socket(socket.AF_UNIX)
        monitor.settimeout(LIMIT)
        monitor.connect(path)
        argv = [re.sub(r"^(socket,id=charmonitor,)fd=\d+", rf"\g<1>fd={listener.fileno()}", word)
                .replace("@VARIABLES@", variables) for word in self.argv]
        environment = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C"}
        child = subprocess.Popen(argv, pass_fds=[listener.fileno()], env=environment, stdin=subprocess.DEVNULL,
                                 stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.children.append(child)
        listener.close()
        return begin, child, monitor

    @staticmethod
    def heard(monitor, key):
        """When the monitor has said a line with this key; what it says before is an event or another answer."""
        text = b""
        while True:
            data = monitor.recv(65536)
            if not data:
                raise AssertionError("the QEMU that was started by hand ended at once")
            text += data
            if any(key in json.loads(line) for line in text.split(b"\n")[:-1]):
                return time.perf_counter()

    def greeted(self, monitor):
        """QEMU greets before it has made its machine."""
        return self.heard(monitor, "QMP")

    def answered(self, monitor, command):
        monitor.sendall(json.dumps({"execute": command}).encode() + b"\n")
        return self.heard(monitor, "return")

    def end(self, child, monitor):
        begin = time.perf_counter()
        child.send_signal(signal.SIGTERM)
        child.wait(LIMIT)
        took = time.perf_counter() - begin
        monitor.close()
        self.children.remove(child)
        return took

    def round(self):
        """Seconds to the greeting, to the first answer, to running, and then to end it."""
        begin, child, monitor = self.launch()
        greeted = self.greeted(monitor) - begin
        ready = self.answered(monitor, "qmp_capabilities") - begin
        running = self.answered(monitor, "cont") - begin
        return greeted, ready, running, self.end(child, monitor)

    def round_of(self, count):
        begin = time.perf_counter()
        launched = [self.launch() for _ in range(count)]
        for _, _, monitor in launched:
            self.greeted(monitor)
        took = max(self.answered(monitor, "qmp_capabilities") for _, _, monitor in launched) - begin
        for _, child, monitor in launched:
            self.end(child, monitor)
        return took

    def close(self):
        for child in self.children:
            child.kill()
            child.wait()


def by_hand(daemon, name, uuid):
    """From a guest that the daemon starts and stops for that."""
    daemon.start(name, paused=True)
    try:
        xml = daemon.rpc("Domain.GetXML", domain=name)
        code = re.search(r"<loader[^>]*>([^<]+)</loader>", xml).group(1)
        pid = daemon.statuses()[uuid]["pid"]
        return ByHand(pid, code, daemon.nvram(uuid), daemon.folder)
    finally:
        daemon.destroy(name)


def timed_job(daemon, method, **params):
    begin = time.perf_counter()
    info = daemon.job(method, **params)
    return time.perf_counter() - begin, info


def at_once(daemon, method, names, **options):
    """One request for each name in one write, then one Wait for each job."""
    client = daemon.client
    begin = time.perf_counter()
    first = client.last + 1
    lines = []
    for name in names:
        client.last += 1
        lines.append(json.dumps({"jsonrpc": "2.0", "id": client.last, "method": method,
                                 "params": {"domain": name, "options": options}}))
    client.socket.sendall("".join(line + "\n" for line in lines).encode())
    answers = {}
    while len(answers) < len(names):
        message = client.read()
        if "error" in message:
            raise AssertionError(message["error"])
        answers[message["id"]] = message["result"]["job"]
    lines = [json.dumps({"jsonrpc": "2.0", "id": id, "method": "Job.Wait", "params": {"job": job}})
             for id, job in answers.items()]
    client.socket.sendall("".join(line + "\n" for line in lines).encode())
    for _ in lines:
        message = client.read()
        if "error" in message:
            raise AssertionError(message["error"])
    assert first in answers
    return time.perf_counter() - begin


class Stages:
    """Where the time of a start goes, from the jobs' own timelines."""

    def __init__(self):
        self.starts = []

    def add(self, info):
        self.starts.append({stage["name"]: (stage["begin-usec"] / 1000, stage["duration-usec"] / 1000)
                            for stage in info["stages"]})

    def medians(self):
        def median(values):
            return sorted(values)[len(values) // 2]
        names = self.starts[0].keys()
        return {name: {"begin": median([s[name][0] for s in self.starts if name in s]),
                       "duration": median([s[name][1] for s in self.starts if name in s])} for name in names}


def milliseconds(seconds):
    return [1000 * value for value in seconds]


def one_by_one(daemon, reference, rounds):
    by_hand_rounds, paused, running, destroyed, stages = [], [], [], [], Stages()
    for _ in range(rounds):
        by_hand_rounds.append(reference.round())
        for how, list_ in (("paused", paused), ("running", running)):
            took, info = timed_job(daemon, "Domain.Start", domain="one", options={"paused": how == "paused"})
            list_.append(took)
            if how == "running":
                stages.add(info)
            took, _ = timed_job(daemon, "Domain.Destroy", domain="one", options={})
            if how == "running":
                destroyed.append(took)
    greeted, ready, ran, ended = (milliseconds(values) for values in zip(*by_hand_rounds))
    by_hand_text = ("the same QEMU by hand to its greeting", greeted)
    return stages, [
        Row("start of a UEFI guest, to paused", "ms", milliseconds(paused), by_hand_text).at_most_more(30),
        Row("start of a UEFI guest, to running", "ms", milliseconds(running), by_hand_text).at_most_more(30),
        Row("to paused, against by hand to paused", "ms", milliseconds(paused), ("until its monitor answers", ready))
        .at_most_more(30),
        Row("to running, against by hand to running", "ms", milliseconds(running), ("until cont is answered", ran))
        .at_most_more(30),
        Row("destroy of a running guest", "ms", milliseconds(destroyed),
            ("SIGTERM to the QEMU by hand until it is gone", ended)).at_most(30)]


def many(daemon, reference, names, rounds):
    hand, one, paused, running, destroyed = [], [], [], [], []
    for _ in range(rounds):
        hand.append(reference.round_of(len(names)))
        one.append(at_once(daemon, "Domain.Start", names[:1], paused=True))
        at_once(daemon, "Domain.Destroy", names[:1])
        paused.append(at_once(daemon, "Domain.Start", names, paused=True))
        destroyed.append(at_once(daemon, "Domain.Destroy", names))
        running.append(at_once(daemon, "Domain.Start", names))
        at_once(daemon, "Domain.Destroy", names)
    count = len(names)
    return [
        Row(f"{count} starts at once, to paused", "ms", milliseconds(paused),
            (f"{count} QEMUs by hand at once, until all answer", milliseconds(hand))),
        Row(f"{count} starts at once, against one", "ms", milliseconds(paused), ("one start", milliseconds(one))),
        Row(f"{count} starts at once, to running", "ms", milliseconds(running),
            (f"{count} QEMUs by hand at once, until all answer", milliseconds(hand))),
        Row(f"{count} destroys at once", "ms", milliseconds(destroyed))]


def measure(daemon, rounds, rounds_of_many):
    """(rows, stages of a start)"""
    uuid = daemon.define(guests.uefi("one"))["uuid"]
    names = [f"many-{i}" for i in range(AT_ONCE)]
    for name in names:
        daemon.define(guests.uefi(name))
    reference = by_hand(daemon, "one", uuid)
    try:
        at_once(daemon, "Domain.Start", names, paused=True)  # their variable stores are made once
        at_once(daemon, "Domain.Destroy", names)
        stages, rows = one_by_one(daemon, reference, rounds)
        return rows + many(daemon, reference, names, rounds_of_many), stages.medians()
    finally:
        reference.close()
