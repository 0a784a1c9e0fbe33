# SPDX-License-Identifier: LGPL-2.1-or-later
"""A private vireod for tests: its own folders, bus, control groups and guests, all gone at the end, however the test ends.

    with Daemon() as daemon:
        daemon.rpc("Manager.DefineDomainXML", xml=guests.uefi("one"))
        daemon.start("one")
        ...
        daemon.kill(); daemon.run()      # what a crash of the daemon does to its guests

Where things are: VIREO_BUILD (default: build/) holds bin/vireod and bin/vireo.
"""
import array
import atexit
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time

SOURCE = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BUILD = os.environ.get("VIREO_BUILD", os.path.join(SOURCE, "build"))
VIREOD = os.path.join(BUILD, "bin", "vireod")
VIREO = os.path.join(BUILD, "bin", "vireo")
FAKE_QEMU = os.path.join(SOURCE, "tests", "support", "fake_qemu")
LIMIT = 60.0  # seconds: long enough for a loaded machine; nothing waits so long when all is well


class RpcError(Exception):
    """An error answer: .code (JSON-RPC), .name ("NotFound"), .message, .data."""

    def __init__(self, error):
        self.code, self.message, self.data = error["code"], error["message"], error.get("data") or {}
        self.name = self.data.get("name", "").rsplit(".", 1)[-1]
        super().__init__(f"{self.name or self.code}: {self.message}")


def wait_for(condition, what, limit=LIMIT):
    """The first true value of condition(), asked again and again; fails after limit seconds."""
    end = time.monotonic() + limit
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > end:
            raise AssertionError(f"waited {limit} s in vain for {what}")
        time.sleep(0.01)


class Client:
    """One JSON-RPC connection."""

    def __init__(self, path):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.settimeout(LIMIT)
        # sun_path is short: connect by a short name through the folder's descriptor
        folder = os.open(os.path.dirname(path), os.O_PATH)
        try:
            self.socket.connect(f"/proc/self/fd/{folder}/{os.path.basename(path)}")
        except OSError:
            self.socket.close()
            raise
        finally:
            os.close(folder)
        self.buffer, self.events, self.fds, self.last = b"", [], [], 0

    def close(self):
        self.socket.close()
        for fd in self.fds:
            os.close(fd)
        self.fds = []

    def send(self, method, params=None, id=None):
        message = {"jsonrpc": "2.0", "method": method, "params": params or {}}
        if id is not None:
            message["id"] = id
        self.socket.sendall(json.dumps(message).encode() + b"\n")

    def read(self):
        """The next message, whatever it is; None at the end of the stream."""
        while b"\n" not in self.buffer:
            data, control, _, _ = self.socket.recvmsg(1 << 20, socket.CMSG_SPACE(64 * 4))
            for level, kind, bytes_ in control:
                if level == socket.SOL_SOCKET and kind == socket.SCM_RIGHTS:
                    fds = array.array("i")
                    fds.frombytes(bytes_[: len(bytes_) - len(bytes_) % fds.itemsize])
                    self.fds.extend(fds)
            if not data:
                return None
            self.buffer += data
        line, self.buffer = self.buffer.split(b"\n", 1)
        return json.loads(line)

    def answer(self, id):
        while True:
            message = self.read()
            if message is None:
                raise ConnectionError("the daemon closed the connection")
            if message.get("id") == id and "method" not in message:
                if "error" in message:
                    raise RpcError(message["error"])
                return message["result"]
            if "method" in message:
                self.events.append(message)

    def answer_any(self):
        """The next answer, to whatever request: {"id", "result" or "error"}."""
        while True:
            message = self.read()
            if message is None:
                raise ConnectionError("the daemon closed the connection")
            if "method" not in message:
                return message
            self.events.append(message)

    def call(self, method, **params):
        self.last += 1
        self.send(method, {k.replace("_", "-"): v for k, v in params.items()}, self.last)
        return self.answer(self.last)

    def next_event(self, method=None, limit=LIMIT):
        """The next notification (of this method): {"method", "params"}."""
        end = time.monotonic() + limit
        while True:
            while self.events:
                event = self.events.pop(0)
                if method in (None, event["method"]):
                    return event
            self.socket.settimeout(max(0.01, end - time.monotonic()))
            try:
                message = self.read()
            except socket.timeout:
                raise AssertionError(f"no event {method or ''} within {limit} s")
            finally:
                self.socket.settimeout(LIMIT)
            if message is None:
                raise ConnectionError("the daemon closed the connection")
            if "method" in message:
                self.events.append(message)


class Daemon:
    def __init__(self, bus=False, settings=(), environment=None, build=BUILD, wrapper=()):
        """wrapper: a command that runs vireod with exec, for example in a mount namespace of its own."""
        self.folder = tempfile.mkdtemp(prefix="vireo-test-")
        os.chmod(self.folder, 0o755)
        self.build, self.settings, self.want_bus = build, list(settings), bus
        self.cgroup = os.path.basename(self.folder)
        self.environment = dict(os.environ, **(environment or {}))
        for name in ("CONFIG_HOME", "DATA_HOME", "STATE_HOME", "CACHE_HOME", "RUNTIME_DIR"):
            path = os.path.join(self.folder, name.split("_")[0].lower())
            os.makedirs(path, mode=0o700)
            self.environment["XDG_" + name] = path
        for name in ("NOTIFY_SOCKET", "LISTEN_FDS", "JOURNAL_STREAM", "WATCHDOG_USEC", "DBUS_SESSION_BUS_ADDRESS"):
            self.environment.pop(name, None)
        self.run_folder = os.path.join(self.folder, "runtime", "vireo")
        self.data_folder = os.path.join(self.folder, "data", "vireo")
        self.definitions = os.path.join(self.folder, "config", "vireo", "qemu")
        self.socket_path = os.path.join(self.run_folder, "vireo.sock")
        self.log_path = os.path.join(self.folder, "vireod.log")
        self.process = self.bus_process = self.client = None
        self.wrapper = list(wrapper)
        self.uuids = set()
        self.closed = False
        atexit.register(self.close)

    # Life of the daemon
    def __enter__(self):
        try:
            if self.want_bus:
                self.start_bus()
            return self.run()
        except BaseException:
            self.close()
            raise

    def __exit__(self, kind, value, trace):
        if kind is not None and kind is not unittest_skip():
            self.show_log()
        self.close()

    def start_bus(self):
        address = f"unix:path={self.folder}/bus"
        self.bus_process = subprocess.Popen(
            ["dbus-daemon", "--session", "--nofork", "--nopidfile", f"--address={address}"],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.environment["DBUS_SESSION_BUS_ADDRESS"] = address
        wait_for(lambda: os.path.exists(f"{self.folder}/bus"), "the bus")

    def stop_bus(self):
        if self.bus_process:
            self.bus_process.kill()
            self.bus_process.wait()
            self.bus_process = None
            if os.path.exists(f"{self.folder}/bus"):
                os.unlink(f"{self.folder}/bus")

    def command(self):
        command = [os.path.join(self.build, "bin", "vireod"), "--session", "--log-level", "debug",
                   "--set", f"cgroup-parent={self.cgroup}"]
        for setting in self.settings:
            command += ["--set", setting]
        return self.wrapper + command + ([] if self.want_bus else ["--no-bus"])

    def run(self):
        """Starts vireod (again) and waits until it answers."""
        with open(self.log_path, "ab") as log:
            self.process = subprocess.Popen(self.command(), env=self.environment, stdin=subprocess.DEVNULL, stdout=log,
                                            stderr=log, start_new_session=True)
        wait_for(self.answers, "vireod to answer")
        return self

    def answers(self):
        if self.process.poll() is not None:
            raise AssertionError(f"vireod ended with {self.process.returncode}:\n{self.log()}")
        try:
            self.client = Client(self.socket_path)
            self.client.call("Manager.Ping")
            return True
        except (OSError, ConnectionError):
            return False

    def stop(self, sig=signal.SIGTERM):
        """Ends vireod with a signal and gives its exit status."""
        if self.client:
            self.client.close()
            self.client = None
        if self.process and self.process.poll() is None:
            self.process.send_signal(sig)
            self.process.wait(LIMIT)
        return self.process.returncode if self.process else None

    def kill(self):
        return self.stop(signal.SIGKILL)

    def log(self):
        with open(self.log_path, errors="replace") as log:
            return log.read()

    def show_log(self):
        text = self.log() if os.path.exists(self.log_path) else ""
        print("--- the end of vireod's log", text[-6000:], "---", sep="\n", file=sys.stderr)

    def close(self):
        if self.closed:
            return
        self.closed = True
        atexit.unregister(self.close)
        try:
            self.stop(signal.SIGKILL)
        finally:
            self.kill_guests()
            self.stop_bus()
            self.remove_cgroups()
            shutil.rmtree(self.folder, ignore_errors=True)

    def statuses(self):
        """uuid → status document of every active domain, as it is on disk."""
        found, folder = {}, os.path.join(self.run_folder, "status")
        for name in os.listdir(folder) if os.path.isdir(folder) else []:
            if name.endswith(".json"):
                try:
                    with open(os.path.join(folder, name)) as document:
                        found[name[:-5]] = json.load(document)
                except (OSError, ValueError):
                    found[name[:-5]] = {}
        return found

    def guest_pids(self):
        """QEMU processes of this daemon's domains, found by their UUIDs whatever the daemon knows of them."""
        uuids = set(self.uuids) | set(self.statuses())
        if os.path.isdir(self.definitions):
            uuids |= {name[:-4] for name in os.listdir(self.definitions) if name.endswith(".xml")}
        pids = []
        for name in os.listdir("/proc"):
            if name.isdigit():
                try:
                    with open(f"/proc/{name}/cmdline", "rb") as cmdline:
                        arguments = cmdline.read().decode(errors="replace").split("\0")
                    with open(f"/proc/{name}/stat") as stat:
                        state = stat.read().rsplit(")", 1)[1].split()[0]
                except OSError:
                    continue
                if "-uuid" in arguments and uuids & set(arguments) and state != "Z":
                    pids.append(int(name))
        return pids

    def kill_guests(self):
        for pid in self.guest_pids():
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
        wait_for(lambda: not self.guest_pids(), "the guests' end")

    def cgroup_folders(self):
        found = []
        for base, folders, _ in os.walk("/sys/fs/cgroup"):
            depth = base[len("/sys/fs/cgroup"):].count("/")
            found += [os.path.join(base, name) for name in folders if name == self.cgroup]
            if depth >= 2:
                folders.clear()
        return found

    def remove_cgroups(self):
        for parent in self.cgroup_folders():
            self.kill_members(parent)
            for base, folders, _ in os.walk(parent, topdown=False):
                def gone(path=base):
                    try:
                        os.rmdir(path)
                    except FileNotFoundError:
                        pass
                    except OSError:
                        return False
                    return True
                wait_for(gone, f"{base} to be empty")

    @staticmethod
    def kill_members(parent):
        """What serves a guest beside its QEMU, when the daemon could not end it."""
        for base, _, names in os.walk(parent):
            if "cgroup.procs" in names:
                with open(os.path.join(base, "cgroup.procs")) as members:
                    for pid in members.read().split():
                        try:
                            os.kill(int(pid), signal.SIGKILL)
                        except ProcessLookupError:
                            pass

    # Talking to it
    def connect(self):
        return Client(self.socket_path)

    def rpc(self, method, **params):
        """The result's only value when it has one, else the result. Underscores in names become dashes."""
        result = self.client.call(method, **params)
        return next(iter(result.values())) if len(result) == 1 else result

    def vireo(self, *arguments, check=True, input=None, timeout=LIMIT):
        """Runs the vireo command against this daemon."""
        done = subprocess.run([os.path.join(self.build, "bin", "vireo"), "--connect", f"unix:{self.socket_path}", *arguments],
                              env=self.environment, capture_output=True, text=True, input=input, timeout=timeout)
        if check and done.returncode != 0:
            raise AssertionError(f"vireo {' '.join(arguments)} gave {done.returncode}: {done.stdout}{done.stderr}")
        return done

    def busctl(self, *arguments, check=True):
        """busctl --json=short on this daemon's bus; the parsed answer, or the completed process with check=False."""
        done = subprocess.run(["busctl", "--user", "--json=short", f"--address={self.environment['DBUS_SESSION_BUS_ADDRESS']}",
                               *arguments], env=self.environment, capture_output=True, text=True, timeout=LIMIT)
        if not check:
            return done
        if done.returncode != 0:
            raise AssertionError(f"busctl {' '.join(arguments)}: {done.stderr}")
        return json.loads(done.stdout) if done.stdout.strip() else None

    def define(self, xml, **options):
        result = self.rpc("Manager.DefineDomainXML", xml=xml, options={k.replace("_", "-"): v for k, v in options.items()})
        self.uuids.add(result["uuid"])
        return result

    def job(self, method, **params):
        """Calls a method that starts a job and waits for its end: the job's JobInfo."""
        result = self.client.call(method, **params)
        return self.rpc("Job.Wait", job=result["job"])

    def start(self, name, **options):
        return self.job("Domain.Start", domain=name, options={k.replace("_", "-"): v for k, v in options.items()})

    def destroy(self, name):
        return self.job("Domain.Destroy", domain=name)

    def info(self, name):
        return self.rpc("Domain.GetInfo", domain=name)

    def state(self, name):
        info = self.info(name)
        return info["state"], info["reason"]

    def wait_state(self, name, state, limit=LIMIT):
        wait_for(lambda: self.info(name)["state"] == state, f"{name} to be {state}", limit)

    def console(self, name, **options):
        """A descriptor of the domain's first serial port."""
        self.client.call("Domain.OpenConsole", domain=name, options=options)
        return Console(self.client.fds.pop())

    def nvram(self, uuid):
        return os.path.join(self.data_folder, "nvram", uuid, "VARS.fd")


class Console:
    """What a guest says on its serial port, and what is typed there."""

    def __init__(self, fd):
        self.fd, self.text = fd, ""
        os.set_blocking(fd, False)

    def close(self):
        os.close(self.fd)

    def read(self):
        """Takes in what is there; False at the end of the stream."""
        try:
            data = os.read(self.fd, 65536)
        except BlockingIOError:
            return True
        except ConnectionResetError:
            return False
        self.text += re.sub(r"\x1b\[[0-9;=?]*[A-Za-z]", "", data.decode(errors="replace"))
        return bool(data)

    def wait_for_end(self, limit=LIMIT):
        wait_for(lambda: not self.read(), "the end of the console", limit)

    def wait_for(self, text, limit=LIMIT):
        """Until the guest has said text (terminal escapes are not seen); forgets what came before its end."""
        def said():
            open_still = self.read()
            if text not in self.text and not open_still:
                raise AssertionError(f"the console ended before {text!r}; last: {self.text[-500:]!r}")
            return text in self.text
        try:
            wait_for(said, repr(text), limit)
        except AssertionError as error:
            raise AssertionError(f"{error}; the guest said {self.text[-500:]!r}") from None
        before, self.text = self.text.split(text, 1)
        return before

    def wait_for_any(self, texts, limit=LIMIT):
        """Until the guest has said one of these; which one came first."""
        def said():
            open_still = self.read()
            found = [text for text in texts if text in self.text]
            if not found and not open_still:
                raise AssertionError(f"the console ended before any of {texts!r}; last: {self.text[-500:]!r}")
            return found and min(found, key=self.text.index)
        return wait_for(said, f"one of {texts!r}", limit)

    def type(self, text):
        for byte in text.encode():  # one by one, as a person does: firmware drops what comes too fast
            os.write(self.fd, bytes([byte]))
            time.sleep(0.02)


def unittest_skip():
    import unittest
    return unittest.SkipTest
