# SPDX-License-Identifier: LGPL-2.1-or-later
"""A vireod made of canned answers, on a unix socket, for tests of the vireo command."""
import json
import os
import socket
import threading

UUID = "11111111-2222-3333-4444-555555555555"
PATH = "/org/vireo1/domain/" + UUID.replace("-", "_")
JOB = "/org/vireo1/job/7"


def summary(name="web", uuid=UUID, number=-1, state="shut-off", **more):
    return {"domain": "/org/vireo1/domain/" + uuid.replace("-", "_"), "uuid": uuid, "name": name, "id": number,
            "state": state, "reason": "user", "health": "none" if number < 0 else "ok", "persistent": True,
            "autostart": False, "revision": 42, **more}


def job(state="succeeded", **more):
    return {"job": JOB, "operation": "start", "domain": PATH, "state": state, "phase": "run", "progress": 1.0,
            "requester": "me", "start-usec": 1700000000000000, "duration-usec": 12000,
            "stages": [{"name": "firmware", "state": "done", "begin-usec": 0, "duration-usec": 5000},
                       {"name": "launch", "state": "done", "begin-usec": 5000, "duration-usec": 7000}], **more}


class Failure(Exception):
    def __init__(self, name, message, code=-32003, **details):
        super().__init__(message)
        self.error = {"code": code, "message": message,
                      "data": {"name": "org.vireo1.Error." + name, "message": message, **details}}


class Daemon:
    """answers: method -> value, Exception, or function(params, client). Calls are kept in self.calls."""

    def __init__(self, folder):
        self.path = os.path.join(folder, "vireo.sock")
        self.calls = []
        self.answers = {
            "Manager.LookupDomain": self.look_up,
            "Manager.ListDomains": lambda p, c: {"domains": self.domains},
            "Domain.GetInfo": lambda p, c: {"info": self.info()},
            "Job.Wait": lambda p, c: {"info": job()},
            "Job.GetInfo": lambda p, c: {"info": job()},
            "Manager.Subscribe": lambda p, c: {"subscription": {
                "position": {"epoch": "e", "sequence": 9}, "gap": False, "missed": []}},
        }
        for method in ("Start", "Shutdown", "Reboot", "Destroy"):
            self.answers["Domain." + method] = lambda p, c: {"job": JOB}
        for method in ("Reset", "Suspend", "Resume", "Undefine", "Rename", "SetAutostart"):
            self.answers["Domain." + method] = lambda p, c: {}
        self.domains = [summary()]
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(self.path)
        self.listener.listen(16)
        self.accepting = threading.Thread(target=self.accept, daemon=True)
        self.accepting.start()

    def info(self):
        d = self.domains[0]
        return {"state": d["state"], "reason": d["reason"], "health": d["health"], "id": d["id"],
                "max-memory-bytes": 536870912, "memory-bytes": 536870912, "vcpus": 2, "as-of-usec": 1}

    def look_up(self, params, client):
        for d in self.domains:
            if params["key"] in (d["name"], d["uuid"]):
                return {"domain": d["domain"]}
        raise Failure("NotFound", "there is no domain '%s'" % params["key"], hint="vireo list --all")

    def accept(self):
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self.serve, args=(client,), daemon=True).start()

    def serve(self, client):
        with client, client.makefile("r") as lines:
            for line in lines:
                request = json.loads(line)
                params = request.get("params", {})
                self.calls.append((request["method"], params))
                answer = {"jsonrpc": "2.0", "id": request["id"]}
                descriptors = []
                try:
                    value = self.answers.get(request["method"])
                    if value is None:
                        raise Failure("NotFound", "there is no method", code=-32601)
                    if callable(value):
                        value = value(params, client)
                    if isinstance(value, Exception):
                        raise value
                    if value is Ellipsis:
                        return
                    if isinstance(value, tuple):
                        value, descriptors = value
                    answer["result"] = value
                except Failure as failure:
                    answer["error"] = failure.error
                try:
                    socket.send_fds(client, [(json.dumps(answer) + "\n").encode()], descriptors)
                except OSError:
                    return
                for fd in descriptors:
                    os.close(fd)

    @staticmethod
    def event(client, method, **params):
        client.sendall((json.dumps({"jsonrpc": "2.0", "method": method, "params": params}) + "\n").encode())

    def close(self):
        # Its thread must have left accept() first: the next daemon's socket gets the same descriptor, and the old thread
        # would answer for it.
        self.listener.shutdown(socket.SHUT_RDWR)
        self.accepting.join()
        self.listener.close()
