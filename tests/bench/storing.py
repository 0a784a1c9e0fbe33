# SPDX-License-Identifier: LGPL-2.1-or-later
"""Durable definitions, a daemon that loads many of them, and its memory."""
import concurrent.futures
import json
import os
import re
import selectors
import subprocess
import time

import guests
import vireo
from figures import Row

AT_ONCE = 16


class Names:
    """Definitions that were never used before, as requests ready to send."""

    def __init__(self):
        self.made = 0

    def lines(self, count):
        lines = []
        for _ in range(count):
            self.made += 1
            lines.append(json.dumps({"jsonrpc": "2.0", "id": self.made, "method": "Manager.DefineDomainXML",
                                     "params": {"xml": guests.uefi(f"stored-{self.made:06}")}}).encode() + b"\n")
        return lines


def must_be_result(line):
    answer = json.loads(line)
    if "error" in answer:
        raise vireo.RpcError(answer["error"])
    return answer["result"]


def define_one_by_one(socket, lines):
    begin = time.perf_counter()
    answers = []
    for line in lines:
        socket.sendall(line)
        answer = b""
        while not answer.endswith(b"\n"):
            answer += socket.recv(65536)
        answers.append(answer)
    took = time.perf_counter() - begin
    for answer in answers:
        must_be_result(answer)
    return len(lines) / took


def define_at_once(sockets, lines):
    """Each connection sends its next one when it has its answer."""
    waiting, answers, chosen = list(reversed(lines)), [], selectors.DefaultSelector()
    begin = time.perf_counter()
    for socket in sockets:
        socket.sendall(waiting.pop())
        chosen.register(socket, selectors.EVENT_READ, [b""])
    while len(answers) < len(lines):
        for key, _ in chosen.select():
            key.data[0] += key.fileobj.recv(65536)
            if not key.data[0].endswith(b"\n"):
                continue
            answers.append(key.data[0])
            key.data[0] = b""
            if waiting:
                key.fileobj.sendall(waiting.pop())
    took = time.perf_counter() - begin
    chosen.close()
    for answer in answers:
        must_be_result(answer)
    return len(lines) / took


class Bare:
    """What storing a document costs without a daemon: write, fsync, rename, fsync of the folder."""

    def __init__(self, folder, size):
        self.folder, self.content, self.made = folder, b"x" * size, 0
        os.makedirs(folder)
        self.folder_fd = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)

    def store(self, number):
        path = os.path.join(self.folder, str(number))
        fd = os.open(path + ".new", os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        os.write(fd, self.content)
        os.fsync(fd)
        os.close(fd)
        os.rename(path + ".new", path)
        os.fsync(self.folder_fd)

    def round(self, count, threads=None):
        numbers = range(self.made, self.made + count)
        self.made += count
        begin = time.perf_counter()
        if threads:
            list(threads.map(self.store, numbers))
        else:
            for number in numbers:
                self.store(number)
        return count / (time.perf_counter() - begin)

    def close(self):
        os.close(self.folder_fd)


def document_size(daemon, names):
    line = names.lines(1)[0]
    client = daemon.client
    client.socket.sendall(line)
    uuid = must_be_result(client.socket.recv(65536))["result"]["uuid"]
    return os.stat(os.path.join(daemon.definitions, uuid + ".xml")).st_size


def defines(daemon, rounds, count=40):
    names = Names()
    bare = Bare(os.path.join(daemon.folder, "bare"), document_size(daemon, names))
    clients = [daemon.connect() for _ in range(AT_ONCE)]
    one, many, bare_one, bare_many = [], [], [], []
    with concurrent.futures.ThreadPoolExecutor(AT_ONCE) as threads:
        for _ in range(rounds):
            bare_one.append(bare.round(count))
            one.append(define_one_by_one(daemon.client.socket, names.lines(count)))
            bare_many.append(bare.round(count * 8, threads))
            many.append(define_at_once([client.socket for client in clients], names.lines(count * 8)))
    for client in clients:
        client.close()
    bare.close()
    return [Row("durable defines, one at a time", "/s", one,
                ("write, fsync, rename, fsync of the folder", bare_one)).at_least(500),
            Row(f"durable defines, {AT_ONCE} at once", "/s", many,
                (f"the same in {AT_ONCE} threads", bare_many)).at_least(2000)]


def time_to_list(daemon, expected):
    """Seconds from the start of the process to the whole answer of ListDomains."""
    begin = time.perf_counter()
    with open(daemon.log_path, "ab") as log:
        daemon.process = subprocess.Popen(daemon.command(), env=daemon.environment, stdin=subprocess.DEVNULL,
                                          stdout=log, stderr=log, start_new_session=True)
    while True:
        try:
            daemon.client = vireo.Client(daemon.socket_path)
            break
        except OSError:
            if daemon.process.poll() is not None:
                raise AssertionError(f"vireod ended with {daemon.process.returncode}")
            time.sleep(0.0005)
    daemon.client.send("Manager.ListDomains", {}, 1)
    socket, answer = daemon.client.socket, []
    while not answer or not answer[-1].endswith(b"\n"):
        answer.append(socket.recv(1 << 20))
    took = time.perf_counter() - begin
    listed = must_be_result(b"".join(answer))["domains"]
    assert len(listed) == expected, f"{len(listed)} domains are listed instead of {expected}"
    return took


def memory(daemon):
    """(Pss, Rss) in MB (10^6 bytes), once they stand still."""
    def read():
        with open(f"/proc/{daemon.process.pid}/smaps_rollup") as rollup:
            fields = dict(line.split(":", 1) for line in rollup if ":" in line.split()[0])
        return tuple(int(fields[name].split()[0]) * 1024 / 1e6 for name in ("Pss", "Rss"))
    before = read()
    for _ in range(20):
        time.sleep(0.1)
        now = read()
        if now == before:
            break
        before = now
    return now


def loading_many(make_daemon, text, rounds, count=10000):
    """A daemon with 10,000 definitions in its folder, put there as they are stored."""
    name, uuid = (re.search(f"<{tag}>(.*?)</{tag}>", text).group(1) for tag in ("name", "uuid"))
    times = []
    with make_daemon() as daemon:
        # What is stored begins as the daemon's own documents do.
        with open(os.path.join(daemon.definitions, daemon.define(guests.bios("any"))["uuid"] + ".xml")) as file:
            text = file.read().split("<domain", 1)[0] + text[text.index("<domain"):]
        daemon.rpc("Domain.Undefine", domain="any")
        daemon.stop()
        for number in range(count):
            own = f"{uuid[:-8]}{number:08x}"
            with open(os.path.join(daemon.definitions, own + ".xml"), "w") as file:
                file.write(text.replace(uuid, own).replace(f"<name>{name}<", f"<name>{name}-{number}<"))
        for _ in range(rounds):
            times.append(time_to_list(daemon, count))
            daemon.stop()
    return [Row("start of the daemon to all 10,000 domains listed", "s", times).at_most(3)]


def loading(make_daemon, rounds, count=1000):
    """A daemon with nothing and one with 1,000 definitions take turns at starting."""
    empty, full = make_daemon(), make_daemon()
    names = Names()
    times, sizes = {empty: [], full: []}, {empty: [], full: []}
    with empty, full:
        clients = [full.connect() for _ in range(AT_ONCE)]
        define_at_once([client.socket for client in clients], names.lines(count))
        for client in clients:
            client.close()
        after_defining = memory(full)
        for _ in range(rounds):
            for daemon, expected in ((empty, 0), (full, count)):
                daemon.stop()
                times[daemon].append(1000 * time_to_list(daemon, expected))
                sizes[daemon].append(memory(daemon))
    def sizes_of(daemon, index):
        return [size[index] for size in sizes[daemon]]
    return [
        Row("start of the daemon to all 1,000 domains listed", "ms", times[full],
            ("the same without domains", times[empty])).at_most(300),
        Row("memory, idle (RSS)", "MB", sizes_of(empty, 1)).at_most(12),
        Row("memory, idle (PSS)", "MB", sizes_of(empty, 0)),
        Row("memory, 1,000 domains loaded (RSS)", "MB", sizes_of(full, 1),
            ("idle", sizes_of(empty, 1))).at_most(25),
        Row("memory, 1,000 domains loaded (PSS)", "MB", sizes_of(full, 0), ("idle", sizes_of(empty, 0))),
        Row("memory, 1,000 domains just defined (RSS)", "MB", [after_defining[1]])]
