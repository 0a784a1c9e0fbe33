# SPDX-License-Identifier: LGPL-2.1-or-later
"""What a guest's variable store costs: asking for it, and the firmware's stage of a start."""
import os
import shutil
import subprocess
import time

import guests
import vireo
from figures import Row

NAME = "variables"


def milliseconds(work):
    begin = time.perf_counter()
    work()
    return (time.perf_counter() - begin) * 1000


def run(*words, **more):
    subprocess.run(words, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, **more)


def copy_and_sync(source, target):
    """What cannot be avoided when a store is made: its bytes, durable under its name."""
    with open(source, "rb") as old, open(target + ".new", "wb") as new:
        shutil.copyfileobj(old, new)
        new.flush()
        os.fsync(new.fileno())
    os.rename(target + ".new", target)
    folder = os.open(os.path.dirname(target), os.O_RDONLY)
    os.fsync(folder)
    os.close(folder)


def stage(info):
    (one,) = [s for s in info["stages"] if s["name"] == "firmware"]
    return one["duration-usec"] / 1000


def asking(daemon, rounds):
    """vireo nvram on a store that a firmware has used, with the start of the process."""
    command = (os.path.join(daemon.build, "bin", "vireo"), "--connect", f"unix:{daemon.socket_path}", "nvram")
    rows = []
    for verb, words in (("list", ("list", NAME)), ("get", ("get", NAME, "Timeout")), ("check", ("check", NAME))):
        mine, theirs = [], []
        for _ in range(rounds):
            mine.append(milliseconds(lambda: run(*command, *words)))
            theirs.append(milliseconds(lambda: run("/bin/true")))
        rows.append(Row(f"vireo nvram {verb} of 528 KiB, process included", "ms", mine, ("/bin/true", theirs)).at_most(20))
    return rows


def starting(daemon, rounds):
    made, kept, reset, copies = [], [], [], []
    target = os.path.join(daemon.folder, "copy.fd")
    for number in range(rounds):
        uuid = daemon.define(guests.uefi(f"made-{number}"))["uuid"]
        copies.append(milliseconds(lambda: copy_and_sync(guests.OVMF_VARS, target)))
        for times, options in ((made, {}), (kept, {}), (reset, {"reset_nvram": True})):
            times.append(stage(daemon.start(f"made-{number}", paused=True, **options)))
            daemon.destroy(f"made-{number}")
        daemon.client.call("Domain.Undefine", domain=uuid, options={"nvram": "remove"})
    reference = ("copy and sync", copies)
    return [Row("start's NVRAM stage, store made", "ms", made, reference).at_most_more(5),
            Row("start's NVRAM stage, store reset", "ms", reset, reference),
            Row("start's NVRAM stage, store unchanged", "ms", kept, reference)]


def measure(daemon, rounds):
    daemon.define(guests.uefi(NAME))
    entry = {"guid": "global", "name": "Timeout", "decoded": {"seconds": 3}}
    daemon.client.call("Domain.Firmware.SetVariable", domain=NAME, variable=entry)
    for number in range(60):  # as many as a firmware writes in its first run
        variable = {"guid": "11111111-2222-3333-4444-555555555555", "name": f"Variable{number}", "data": "00" * 100}
        daemon.client.call("Domain.Firmware.SetVariable", domain=NAME, variable=variable)
    return asking(daemon, rounds) + starting(daemon, rounds)
