#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""What Vireo costs, beside what the machine itself costs in the same run: ./dev bench

Each measurement takes turns with its reference, round by round, so that a disturbance of the machine meets both; what
is reported is the median, its spread, and the median of the rounds' ratios. docs/performance.md explains the table."""
import argparse
import json
import os
import platform
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))

import figures
import guests
import starts
import storing
import variables
import vireo
from figures import Row

WIRE = os.path.join(vireo.BUILD, "bin", "bench_wire")
MODEL = os.path.join(vireo.BUILD, "bin", "bench_model")
TYPICAL = os.path.join(os.path.dirname(os.path.abspath(__file__)), "typical.xml")
PING_PONG_OF_THE_AIMS = 95000  # per second, on the machine for which the aims of the wire were set


class Daemon(vireo.Daemon):
    """As people run it: without the tests' debug log."""

    def command(self):
        command = super().command()
        level = command.index("--log-level")
        return command[:level] + command[level + 2:]


def wire_rows(rates):
    def row(what, name, reference, reference_text):
        return Row(what, "/s", rates[name], (reference_text, rates[reference]))
    bare = "bare_ping_pong", "bare unix-socket ping-pong"
    bus = "dbus_bare", "bare service on the same bus"
    rows = [row("JSON-RPC Manager.Ping, one at a time", "rpc_ping", *bare),
            row("JSON-RPC Domain.GetInfo, one at a time", "rpc_get_info", *bare).at_least(30000),
            row("JSON-RPC Domain.GetInfo, pipelined", "rpc_get_info_pipelined", *bare).at_least(100000),
            row("JSON-RPC Domain.GetXML, one at a time", "rpc_dumpxml", *bare).at_least(20000)]
    for line in rows:  # on a slower machine an aim means the same share of the ping-pong
        if line.met is False and line.reference[1].median < PING_PONG_OF_THE_AIMS:
            goal = float(line.aim.split()[2].replace(",", "")) / PING_PONG_OF_THE_AIMS
            line.aim += f", or {goal:.2f} of the ping-pong"
            line.met = line.ratio >= goal
    if "dbus_get_info" in rates:
        rows += [row("D-Bus Domain.GetInfo, one at a time", "dbus_get_info", *bus),
                 row("D-Bus Domain.GetInfo, pipelined", "dbus_get_info_pipelined", "dbus_bare_pipelined", bus[1])]
    return rows


def wire(rounds):
    with Daemon(bus=True) as daemon:
        daemon.define(guests.uefi("one"))
        address = daemon.environment["DBUS_SESSION_BUS_ADDRESS"]
        # There may be no bus in the daemon's view for a moment: it connects while it already answers JSON-RPC.
        vireo.wait_for(lambda: daemon.busctl("status", "org.vireo1", check=False).returncode == 0, "vireod on the bus")
        done = subprocess.run([WIRE, daemon.socket_path, "one", address, str(rounds)], capture_output=True, text=True,
                              timeout=180)
        if done.returncode != 0:
            raise AssertionError(f"bench_wire failed: {done.stderr}")
        return wire_rows(json.loads(done.stdout))


def model(rounds):
    """A definition of 150 lines without a daemon, then 10,000 of them with one."""
    done = subprocess.run([MODEL, TYPICAL, str(rounds)], capture_output=True, text=True, timeout=300)
    if done.returncode != 0:
        raise AssertionError(f"bench_model failed: {done.stderr}")
    costs = json.loads(done.stdout)
    rows = [Row("definition of 150 lines, XML read and written", "us", costs["parse_format"]).at_most(200),
            Row("the same, to JSON and back", "us", costs["json"]),
            Row("the same, compared with itself", "us", costs["compare"]),
            Row("the same, completed and turned into a command line", "us", costs["native"]),
            Row("10,000 definitions read, in memory", "s", costs["load_10000_seconds"]).at_most(3)]
    with open(TYPICAL) as file:
        text = file.read()
    return rows + storing.loading_many(lambda: Daemon(bus=True), text, min(rounds, 3))


def machine():
    def first_line(path, start):
        with open(path) as file:
            return next((line.split(":", 1)[1].strip() for line in file if line.startswith(start)), "unknown")
    def output(*command):
        try:
            return subprocess.run(command, capture_output=True, text=True, timeout=10).stdout.strip().split("\n")[0]
        except OSError:
            return "not there"
    return {
        "processor": f"{os.cpu_count()} of {first_line('/proc/cpuinfo', 'model name')}",
        "kernel": platform.release(),
        "system": first_line_of_release(),
        "file system": output("findmnt", "-n", "-o", "FSTYPE,OPTIONS", "-T", "/tmp"),
        "qemu": output("qemu-system-x86_64", "--version"),
        "vireod": output(vireo.VIREOD, "--version"),
        "load before": load(),
    }


def load():
    return "%.1f %.1f %.1f" % os.getloadavg()


def first_line_of_release():
    with open("/etc/os-release") as file:
        return dict(line.rstrip().replace('"', "").split("=", 1) for line in file if "=" in line).get("PRETTY_NAME", "")


def print_stages(stages):
    print("\nWhere the time of a start to running goes (medians):")
    for name, stage in stages.items():
        print(f"  {name:<10} from {stage['begin']:7.1f} ms, takes {stage['duration']:7.1f} ms")


def measure(part, quick):
    """(rows, stages of a start or nothing)"""
    if part == "starts":
        with Daemon() as daemon:
            return starts.measure(daemon, 7 if quick else 25, 1 if quick else 5)
    if part == "wire":
        return wire(3 if quick else 9), None
    if part == "model":
        return model(3 if quick else 9), None
    if part == "defines":
        with Daemon() as daemon:
            return storing.defines(daemon, 3 if quick else 9), None
    if part == "nvram":
        with Daemon() as daemon:
            return variables.measure(daemon, 5 if quick else 15), None
    return storing.loading(lambda: Daemon(bus=True), 3 if quick else 9), None


def main():
    parts = ("starts", "nvram", "wire", "defines", "load", "model")
    parser = argparse.ArgumentParser(prog="./dev bench", description=__doc__.split("\n")[0])
    parser.add_argument("parts", nargs="*", metavar="PART", help=f"what to measure: {', '.join(parts)} (all of them)")
    parser.add_argument("--quick", action="store_true", help="fewer rounds: under a minute instead of under four")
    parser.add_argument("--json", metavar="FILE", help="writes every sample there")
    arguments = parser.parse_args()
    if unknown := set(arguments.parts) - set(parts):
        parser.error(f"there is no part {', '.join(sorted(unknown))}; there are {', '.join(parts)}")
    for program in (vireo.VIREOD, WIRE, MODEL):
        if not os.path.exists(program):
            sys.exit(f"bench: {program} is not there: ./dev build")
    begin, facts = time.monotonic(), machine()
    for name, fact in facts.items():
        print(f"{name + ':':<14}{fact}")
    print(flush=True)
    rows, stages = [], None
    for part in arguments.parts or parts:
        measured, timeline = measure(part, arguments.quick)
        rows += measured
        figures.print_table(measured)
        if timeline:
            stages = timeline
            print_stages(stages)
        print(flush=True)
    missed = [row.what for row in rows if row.met is False]
    aims = sum(row.met is not None for row in rows)
    facts["load after"] = load()
    print(f"{aims - len(missed)} of {aims} aims met, in {time.monotonic() - begin:.0f} s;", "load after:",
          facts["load after"])
    if arguments.json:
        with open(arguments.json, "w") as file:
            json.dump({"machine": facts, "rows": [row.as_dict() for row in rows], "stages": stages}, file, indent=1)
    return 0


if __name__ == "__main__":
    sys.exit(main())
