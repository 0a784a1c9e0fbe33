#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""test_cli.py PATH-OF-VIREO: the command against a daemon of canned answers."""
import json
import os
import pty
import select
import signal
import socket
import subprocess
import sys
import tempfile
import termios
import threading
import time
import unittest

from fake_daemon import JOB, PATH, UUID, Daemon, Failure, job, summary

VIREO = ""
ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
LIMIT = 30


class Case(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)
        self.daemon = Daemon(self.folder.name)
        self.addCleanup(self.daemon.close)
        self.environment = {**os.environ, "VIREO_CONNECT": "unix:" + self.daemon.path, "LC_ALL": "C.UTF-8", "TZ": "UTC"}

    def run_vireo(self, *words, text=None, **more):
        return subprocess.run([VIREO, *words], env={**self.environment, **more}, input=text, capture_output=True,
                              text=True, timeout=LIMIT, **({} if text is not None else {"stdin": subprocess.DEVNULL}))

    def vireo(self, *words, code=0, **more):
        result = self.run_vireo(*words, **more)
        self.assertEqual(result.returncode, code, result.stdout + result.stderr)
        return result

    def sent(self, method):
        return [params for name, params in self.daemon.calls if name == method]


class Exits(Case):
    def test_what_went_wrong_is_in_the_exit_code(self):
        codes = {"NotFound": 3, "InvalidState": 4, "Busy": 4, "Conflict": 4, "AccessDenied": 5, "Timeout": 7,
                 "InvalidConfig": 1, "Internal": 1, "Unavailable": 6, "Cancelled": 1}
        for name, code in codes.items():
            self.daemon.answers["Domain.Reset"] = Failure(name, "no: because", causes=["because"], hint="try this",
                                                          stage="disks")
            result = self.vireo("reset", "web", code=code)
            self.assertEqual(result.stdout, "")
            self.assertEqual(result.stderr, "error: no: because\nhint: try this\n")
        result = self.vireo("reset", "web", "--verbose", code=1)
        self.assertEqual(result.stderr, "error: no\ncause: because\nstage: disks\nhint: try this\n")

    def test_usage(self):
        for words in ([], ["frobnicate"], ["start"], ["start", "a", "b"], ["list", "--nope"], ["list", "--all=1"],
                      ["start", "web", "--if-revision", "x"], ["start", "web", "--if-revision"], ["job"], ["-x"],
                      ["events", "--since", "nonsense"], ["console", "web", "--escape", "abc"],
                      ["start", "web", "--no-wait", "--console"], ["undefine", "web", "--nvram", "--keep-nvram"], ["undefine", "web", "--tpm", "--keep-tpm"],
                      ["dumpxml", "web", "--format", "yaml"], ["rpc", "Manager.Ping", "{"], ["completion", "csh"]):
            result = self.run_vireo(*words)
            self.assertEqual(result.returncode, 2, words)
            self.assertIn("error: ", result.stderr)
        self.assertIn("did you mean list?", self.run_vireo("lst").stderr)
        self.assertIn("did you mean --all?", self.run_vireo("list", "--al").stderr)
        self.assertEqual(self.daemon.calls, [])

    def test_no_daemon(self):
        result = self.vireo("list", "--connect", "unix:/nonexistent/sock", code=6)
        self.assertIn("no vireod serves it", result.stderr)
        self.assertIn("hint: ", result.stderr)
        self.vireo("list", "--connect", "moon", code=1)
        self.vireo("list", code=6, VIREO_CONNECT="session", XDG_RUNTIME_DIR="/nonexistent")

    def test_a_daemon_that_goes_or_talks_nonsense(self):
        self.daemon.answers["Domain.Reset"] = ...
        self.assertIn("closed the connection", self.vireo("reset", "web", code=6).stderr)
        self.daemon.answers["Domain.Reset"] = lambda p, c: c.sendall(b"garbage\n") or ...
        self.assertIn("no vireod", self.vireo("reset", "web", code=1).stderr)
        self.daemon.answers["Manager.ListDomains"] = {"domains": 5}
        self.vireo("list", code=1)

    def test_an_interrupt_ends_the_wait_and_not_the_job(self):
        waiting = threading.Event()
        self.daemon.answers["Job.Wait"] = lambda p, c: waiting.set() or time.sleep(LIMIT)
        process = subprocess.Popen([VIREO, "start", "web"], env=self.environment, stderr=subprocess.PIPE, text=True)
        self.assertTrue(waiting.wait(LIMIT))
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=LIMIT)
        self.assertEqual(process.returncode, 130)
        self.assertIn("vireo job show 7", errors)
        self.assertEqual(self.sent("Job.Cancel"), [])


class Looking(Case):
    def test_list(self):
        self.daemon.domains = [summary("alpha"), summary("beta", UUID.replace("1", "9"), 3, "running", title="böse\033[2J"),
                               summary("gamma", UUID.replace("1", "8"), 1, "pm-suspended", health="unresponsive")]
        lines = self.vireo("list", "--all", "--title").stdout.splitlines()
        self.assertEqual(lines[0].split(), ["Id", "Name", "State", "Title"])
        self.assertEqual(lines[2].split(), ["1", "gamma", "pmsuspended", "(unresponsive)"])
        self.assertEqual(lines[3].split(), ["3", "beta", "running", "böse?[2J"])
        self.assertEqual(lines[4].split(), ["-", "alpha", "shut", "off"])
        self.assertEqual(self.vireo("list", "--all", "--name").stdout, "alpha\nbeta\ngamma\n")
        self.assertEqual(json.loads(self.vireo("list", "--json").stdout)[1]["name"], "beta")

    def test_what_is_asked_for(self):
        wanted = {(): {"active": True}, ("--all",): {}, ("--inactive",): {"active": False},
                  ("--state-running", "--state-paused"): {"states": ["running", "paused"]},
                  ("--all", "--autostart", "--match", "w*"): {"autostart": True, "name": "w*"},
                  ("--all", "--transient"): {"persistent": False}}
        for words, expected in wanted.items():
            self.daemon.calls.clear()
            self.vireo("list", *words)
            self.assertEqual(self.sent("Manager.ListDomains")[0].get("filter", {}), expected)

    def test_facts(self):
        self.daemon.domains = [summary(number=3, state="running")]
        text = self.vireo("dominfo", "web").stdout
        self.assertRegex(text, r"(?m)^Max memory: +512 MiB$")
        self.assertRegex(text, r"(?m)^State: +running \(user\)$")
        self.assertEqual(json.loads(self.vireo("info", "web", "--json").stdout)["vcpus"], 2)
        self.assertEqual(self.vireo("domstate", "web").stdout, "running\n")
        self.assertEqual(self.vireo("domstate", "web", "--reason").stdout, "running (user)\n")
        self.assertEqual(self.vireo("domuuid", "web").stdout, UUID + "\n")
        self.assertEqual(self.vireo("domname", UUID).stdout, "web\n")
        self.assertEqual(self.vireo("domid", "web").stdout, "3\n")
        self.assertEqual(json.loads(self.vireo("domid", "web", "--json").stdout), {"id": 3})
        self.assertIn("there is no domain 'no'", self.vireo("info", "no", code=3).stderr)

    def test_dumpxml(self):
        self.daemon.answers["Domain.GetXML"] = {"xml": "<domain/>"}
        self.daemon.answers["Domain.GetDefinition"] = {"definition": {"name": "web"}}
        self.assertEqual(self.vireo("dumpxml", "web", "--inactive").stdout, "<domain/>\n")
        self.assertEqual(self.sent("Domain.GetXML")[0]["options"], {"kind": "persistent"})
        self.assertEqual(json.loads(self.vireo("dumpxml", "web", "--format=json").stdout), {"name": "web"})

    def test_rpc(self):
        self.daemon.answers["Any.Thing"] = lambda p, c: {"got": p}
        self.assertEqual(json.loads(self.vireo("rpc", "Any.Thing", '{"a":[1.5,true]}').stdout), {"got": {"a": [1.5, True]}})
        self.assertEqual(json.loads(self.vireo("rpc", "Any.Thing", '["x"]').stdout), {"got": ["x"]})
        self.assertEqual(json.loads(self.vireo("rpc", "Any.Thing", "-", text='{"b":1}').stdout), {"got": {"b": 1}})
        self.vireo("rpc", "No.Thing", code=3)

    def test_output_that_cannot_be_written_is_a_failure(self):
        with open("/dev/full", "w") as full:
            result = subprocess.run([VIREO, "list"], env=self.environment, stdout=full, stderr=subprocess.PIPE, timeout=LIMIT)
        self.assertEqual(result.returncode, 1)


class Changes(Case):
    def test_start(self):
        self.assertEqual(self.vireo("start", "web").stdout, "Domain 'web' started\n")
        self.assertEqual(self.vireo("start", "web", "-q").stdout, "")
        self.vireo("start", "web", "--paused", "--reset-nvram", "--if-revision=42")
        self.assertEqual(self.sent("Domain.Start")[-1], {"domain": PATH, "options": {"paused": True, "reset-nvram": True, "if-revision": 42}})
        self.assertEqual(json.loads(self.vireo("start", "web", "--json").stdout)["state"], "succeeded")
        self.daemon.calls.clear()
        self.assertEqual(self.vireo("start", "web", "--no-wait").stdout, "Job 7 is under way\n")
        self.assertEqual(self.sent("Job.Wait"), [])

    def test_the_stages_of_a_start_are_shown(self):
        def stage(client, name, state, duration):
            Daemon.event(client, "Job.StageChanged", job=JOB, progress=0.5, stage={
                "name": name, "state": state, "begin-usec": 0, "duration-usec": duration}, stamp={})

        def start(params, client):
            stage(client, "firmware", "running", 0)      # before the job's path is known
            Daemon.event(client, "Job.StageChanged", job="/org/vireo1/job/8", stage={
                "name": "foreign", "state": "running", "begin-usec": 0, "duration-usec": 0}, progress=0, stamp={})
            return {"job": JOB}

        def wait(params, client):
            stage(client, "firmware", "done", 5000)
            return {"info": job()}

        self.daemon.answers.update({"Domain.Start": start, "Job.Wait": wait})
        result = self.vireo("start", "web", "--verbose")
        self.assertEqual(result.stdout, "Domain 'web' started\n")
        self.assertRegex(result.stderr, r"firmware +…\n +firmware +done after 5.0 ms\nstart: succeeded in 12.0 ms\n")
        self.assertRegex(result.stderr, r"launch +7.0 ms  \| +#+ *\|")
        self.assertNotIn("foreign", result.stderr)

    def test_a_start_that_fails(self):
        self.daemon.answers["Job.Wait"] = Failure("HypervisorFailed", "cannot start: QEMU died", causes=["QEMU died"])
        self.daemon.answers["Job.GetInfo"] = {"info": job("failed")}
        result = self.vireo("start", "web", "--verbose", code=1)
        self.assertIn("start: failed in", result.stderr)
        self.assertIn("error: cannot start\ncause: QEMU died\n", result.stderr)
        self.assertEqual(result.stdout, "")

    def test_other_changes(self):
        self.vireo("shutdown", "web", "--timeout", "1.5")
        self.assertEqual(self.sent("Domain.Shutdown")[0]["options"], {"wait": True, "timeout-usec": 1500000})
        self.assertIn("is being rebooted", self.vireo("reboot", "web").stdout)
        self.vireo("destroy", "web", "--graceful")
        self.assertEqual(self.sent("Domain.Destroy")[0]["options"], {"graceful": True})
        for verb, method in (("reset", "Reset"), ("suspend", "Suspend"), ("resume", "Resume")):
            self.vireo(verb, "web")
            self.assertEqual(len(self.sent("Domain." + method)), 1)
        self.vireo("undefine", "web", "--keep-nvram", "--tpm")
        self.assertEqual(self.sent("Domain.Undefine")[0]["options"], {"nvram": "keep", "tpm": "remove"})
        self.vireo("domrename", "web", "www")
        self.assertEqual(self.sent("Domain.Rename")[0]["new-name"], "www")
        self.vireo("autostart", "web", "--disable")
        self.assertEqual(self.sent("Domain.SetAutostart")[0]["autostart"], False)

    def test_define(self):
        result = {"domain": PATH, "uuid": UUID, "name": "web", "created": True, "revision": 1, "warnings": ["<odd/> is kept"]}
        self.daemon.answers["Manager.DefineDomainXML"] = lambda p, c: {"result": {**result, "xml": "<domain/>"} if p.get("options", {}).get("dry-run") else result}
        self.daemon.answers["Manager.DefineDomain"] = {"result": result}
        done = self.vireo("define", "-", text="<domain/>")
        self.assertEqual((done.stdout, done.stderr), ("Domain 'web' defined\n", "warning: <odd/> is kept\n"))
        dry = self.vireo("define", "-", "--dry-run", "--lenient", text="<domain/>")
        self.assertEqual(dry.stdout, "<domain/>\n")
        self.assertEqual(self.sent("Manager.DefineDomainXML")[1]["options"], {"dry-run": True, "lenient": True})
        self.vireo("define", "-", text=' {"name": "web"}')
        self.assertEqual(self.sent("Manager.DefineDomain")[0]["definition"], {"name": "web"})
        self.vireo("define", "/nonexistent.xml", code=3)
        self.vireo("define", "-", text="x" * ((1 << 20) + 1), code=1)

    def test_edit(self):
        self.daemon.answers["Domain.GetXML"] = {"xml": "<domain>old</domain>"}
        result = {"domain": PATH, "uuid": UUID, "name": "web", "created": False, "revision": 43, "warnings": []}
        self.daemon.answers["Manager.DefineDomainXML"] = {"result": result}
        self.assertIn("was not changed", self.vireo("edit", "web", EDITOR="true", VISUAL="").stdout)
        self.assertIn("redefined", self.vireo("edit", "web", EDITOR="sed -i s/old/new/", VISUAL="").stdout)
        self.assertEqual(self.sent("Manager.DefineDomainXML"), [{"xml": "<domain>new</domain>", "options": {"if-revision": 42}}])
        self.vireo("edit", "web", EDITOR="false", VISUAL="", code=1)
        self.daemon.answers["Manager.DefineDomainXML"] = Failure("Conflict", "it changed meanwhile")
        failed = self.vireo("edit", "web", EDITOR="sed -i s/old/new/", VISUAL="", code=4)
        kept = failed.stderr.split("your text is in ")[1].strip()
        with open(kept) as text:
            self.assertEqual(text.read(), "<domain>new</domain>")
        os.remove(kept)


class Watching(Case):
    def emit(self, params, client):
        for number in range(3):
            Daemon.event(client, "Domain.Lifecycle", domain=PATH, event="started", detail="booted", stamp={
                "epoch": "e", "sequence": 10 + number, "time-usec": 1700000000123000})
        return {"subscription": {"position": {"epoch": "e", "sequence": 9}, "gap": False, "missed": []}}

    def test_events(self):
        self.daemon.answers["Manager.Subscribe"] = self.emit
        lines = self.vireo("events", "--count", "2", "--timestamp", "--position").stdout.splitlines()
        self.assertEqual(lines, ["2023-11-14 22:13:20.123  e:%d  Domain.Lifecycle %s event=started detail=booted"
                                 % (n, PATH.rsplit("/", 1)[1]) for n in (10, 11)])
        one = json.loads(self.vireo("events", "--count", "1", "--json").stdout)
        self.assertEqual((one["event"], one["params"]["detail"]), ("Domain.Lifecycle", "booted"))
        self.assertEqual(len(self.vireo("events", "web", "--timeout", "0.2").stdout.splitlines()), 3)
        self.vireo("events", "--count", "9", "--timeout", "0.2", code=7)

    def test_what_was_missed(self):
        missed = {"interface": "org.vireo1.Manager", "signal": "DomainAdded", "object": "/org/vireo1", "arguments": {"name": "web"}}
        self.daemon.answers["Manager.Subscribe"] = {"subscription": {
            "position": {"epoch": "e", "sequence": 9}, "gap": True, "missed": [missed]}}
        result = self.vireo("events", "--since", "an:epoch:4")
        self.assertEqual(self.sent("Manager.Subscribe")[0]["options"], {"since": {"epoch": "an:epoch", "sequence": 4}})
        self.assertEqual(result.stdout, "Manager.DomainAdded name=web\n")
        self.assertIn("not all events", result.stderr)

    def test_jobs(self):
        self.daemon.answers["Manager.ListJobs"] = {"jobs": [job()]}
        self.assertRegex(self.vireo("job", "list").stdout, r"7 +start +web +succeeded +12.0 ms +run")
        self.assertIn("firmware", self.vireo("job", "show", "7").stdout)
        self.assertEqual(self.vireo("job", "wait", "7", "--timeout=2").stdout, "Job 7 succeeded\n")
        self.assertEqual(self.sent("Job.Wait")[0]["options"], {"timeout-usec": 2000000})
        self.daemon.answers["Job.Cancel"] = {}
        self.vireo("job", "cancel", "7")
        self.assertEqual(self.sent("Job.Cancel"), [{"job": "7"}])


class Consoles(Case):
    def setUp(self):
        super().setUp()
        self.ready = threading.Event()
        self.daemon.answers["Domain.OpenConsole"] = self.open

    def open(self, params, client):
        self.guest, theirs = socket.socketpair()
        self.addCleanup(self.guest.close)
        self.guest.settimeout(LIMIT)
        self.ready.set()
        return {"console": 0}, [theirs.detach()]

    def start(self, *words, **more):
        process = subprocess.Popen([VIREO, *words], env=self.environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                   **{"stdin": subprocess.PIPE, **more})
        self.addCleanup(lambda: (process.kill(), process.wait(), [f.close() for f in (process.stdin, process.stdout, process.stderr) if f]))
        return process

    def test_it_streams_until_the_guest_ends(self):
        process = self.start("console", "web", "--device", "serial1", "--force")
        self.assertTrue(self.ready.wait(LIMIT))
        self.assertEqual(self.sent("Domain.OpenConsole")[0]["options"], {"device": "serial1", "force": True})
        process.stdin.write(b"ls\n\x1d")                 # no escape key where there is no terminal
        process.stdin.close()
        process.stdin = None
        self.assertEqual(self.guest.recv(100), b"ls\n\x1d")
        self.guest.sendall(b"file\x00\xff\n")
        self.guest.close()
        out, _ = process.communicate(timeout=LIMIT)
        self.assertEqual((out, process.returncode), (b"file\x00\xff\n", 0))

    def test_until_a_text(self):
        process = self.start("console", "web", "--until", "login:")
        self.assertTrue(self.ready.wait(LIMIT))
        for part in (b"boot\nlog", b"in", b": "):
            self.guest.sendall(part)
            time.sleep(0.01)
        self.assertEqual(process.communicate(timeout=LIMIT)[0].rstrip(), b"boot\nlogin:")
        self.assertEqual(process.returncode, 0)

    def test_until_in_vain(self):
        process = self.start("console", "web", "--until", "login:", "--timeout", "0.2")
        self.assertIn(b"did not write", process.communicate(timeout=LIMIT)[1])
        self.assertEqual(process.returncode, 7)
        self.ready.clear()
        process = self.start("console", "web", "--until", "login:")
        self.assertTrue(self.ready.wait(LIMIT))
        self.guest.close()
        self.assertEqual(process.wait(LIMIT), 1)

    def test_start_with_console_loses_nothing(self):
        self.daemon.answers["Domain.Resume"] = lambda p, c: self.guest.sendall(b"first words") or {}
        process = self.start("start", "web", "--console", "--until", "words", "-q")
        out, errors = process.communicate(timeout=LIMIT)
        self.assertEqual((out, process.returncode), (b"first words", 0), errors)
        self.assertEqual(self.sent("Domain.Start")[0]["options"], {"paused": True})
        self.assertEqual([name for name, _ in self.daemon.calls][-2:], ["Domain.OpenConsole", "Domain.Resume"])

    def test_a_start_whose_console_fails_still_runs(self):
        self.daemon.answers["Domain.OpenConsole"] = Failure("NotFound", "no console")
        self.assertEqual(self.start("start", "web", "--console").wait(LIMIT), 3)
        self.assertEqual(len(self.sent("Domain.Resume")), 1)

    def terminal(self, *words):
        ours, theirs = pty.openpty()
        before = termios.tcgetattr(theirs)
        process = self.start(*words, stdin=theirs)
        self.addCleanup(os.close, ours)
        self.addCleanup(os.close, theirs)
        self.assertTrue(self.ready.wait(LIMIT))
        limit = time.monotonic() + LIMIT
        while termios.tcgetattr(theirs)[3] & termios.ICANON:
            self.assertLess(time.monotonic(), limit)
            time.sleep(0.001)
        return process, ours, theirs, before

    def test_in_a_terminal_keys_go_to_the_guest_until_the_escape(self):
        process, keys, terminal, before = self.terminal("console", "web")
        os.write(keys, b"a\x03\x04\r")                   # Ctrl+C and Ctrl+D are the guest's
        got = b""
        while len(got) < 4:
            got += self.guest.recv(100)
        self.assertEqual(got, b"a\x03\x04\r")
        process.send_signal(signal.SIGWINCH)
        os.write(keys, b"\x1d")
        self.assertEqual(process.wait(LIMIT), 0)
        self.assertEqual(termios.tcgetattr(terminal), before)

    def test_another_escape(self):
        process, keys, _, _ = self.terminal("console", "web", "--escape", "^a")
        os.write(keys, b"\x1d")
        self.assertEqual(self.guest.recv(10), b"\x1d")
        os.write(keys, b"\x01")
        self.assertEqual(process.wait(LIMIT), 0)

    def test_a_signal_puts_the_terminal_back(self):
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            self.ready.clear()
            process, _, terminal, before = self.terminal("console", "web")
            process.send_signal(number)
            self.assertEqual(process.wait(LIMIT), 130)
            self.assertEqual(termios.tcgetattr(terminal), before)


class Words(Case):
    def complete(self, *words):
        result = self.vireo("__complete", "--", *words)
        self.assertEqual(result.stderr, "")
        return result.stdout.split()

    def test_completion(self):
        self.daemon.domains = [summary("web"), summary("wiki", UUID.replace("1", "9"))]
        self.assertIn("start", self.complete("st"))
        self.assertEqual(self.complete("job", "s"), ["show"])
        self.assertEqual(self.complete("start", "w"), ["web", "wiki"])
        self.assertEqual(self.sent("Manager.ListDomains")[-1]["filter"], {"active": False})
        self.assertIn("--reset-nvram", self.complete("start", "web", "--r"))
        self.assertEqual(self.complete("define", ""), [":file"])
        nobody = self.vireo("__complete", "--", "-c", "unix:/nonexistent", "start", "")
        self.assertEqual(nobody.stdout, "")
        self.assertIn("/nonexistent", nobody.stderr)
        self.assertEqual(self.complete("list", "--connect", "s"), ["session", "system"])
        self.daemon.answers["Domain.ListConsoles"] = {"consoles": [{"device": "serial0", "kind": "serial"}]}
        self.assertEqual(self.complete("console", "web", "--device", ""), ["serial0"])

    def test_bash_offers_what_vireo_says(self):
        script = "source '%s/packaging/completions/vireo.bash'; COMP_WORDS=('%s' start w); COMP_CWORD=2; _vireo; echo \"${COMPREPLY[@]}\"" % (ROOT, VIREO)
        out = subprocess.run(["bash", "-c", script], env=self.environment, capture_output=True, text=True, timeout=LIMIT)
        self.assertEqual(out.stdout, "web\n", out.stderr)

    def test_the_installed_texts_are_what_the_command_says(self):
        for words, file in ((("__manual",), "docs/man/vireo.1"), (("completion", "bash"), "packaging/completions/vireo.bash"),
                            (("completion", "zsh"), "packaging/completions/_vireo"),
                            (("completion", "fish"), "packaging/completions/vireo.fish")):
            with open(os.path.join(ROOT, file)) as text:
                self.assertEqual(text.read(), self.vireo(*words).stdout, "vireo %s > %s" % (" ".join(words), file))

    def test_help_needs_no_daemon(self):
        self.environment["VIREO_CONNECT"] = "unix:/nonexistent"
        self.assertIn("--reset-nvram", self.vireo("help", "start").stdout)
        self.assertIn("--reset-nvram", self.vireo("start", "--help").stdout)
        self.assertIn("job wait", self.vireo("help").stdout)
        self.assertIn("vireo ", self.vireo("--version").stdout)
        self.assertIn("vireo ", self.vireo("version", "--client").stdout)


if __name__ == "__main__":
    VIREO = os.path.abspath(sys.argv.pop(1))
    unittest.main()
