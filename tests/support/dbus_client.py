# SPDX-License-Identifier: LGPL-2.1-or-later
"""A small D-Bus client on the standard library: method calls with any signature, errors by name, descriptors, signals.

    bus = Bus(address)
    bus.call("org.vireo1", "/org/vireo1", "org.vireo1.Manager", "LookupDomain", "s", ["one"])   # → list of values

Values: numbers, True/False, str, list (arrays, structs), dict (dictionaries), Variant(signature, value); variants that
come in are their plain values, descriptors are numbers of open descriptors that the caller closes.
Source: the D-Bus specification, "Message Protocol" and "Authentication Protocol".
"""
import array
import os
import socket
import struct
import time

BASIC = {"y": "B", "n": "h", "q": "H", "i": "i", "u": "I", "x": "q", "t": "Q", "d": "d", "h": "I"}
ALIGN = {**{c: struct.calcsize(f) for c, f in BASIC.items()}, "b": 4, "s": 4, "o": 4, "g": 1, "a": 4, "v": 1, "(": 8, "{": 8}
CALL, ANSWER, ERROR, SIGNAL = 1, 2, 3, 4


class DBusError(Exception):
    def __init__(self, name, text):
        self.name, self.text = name, text
        super().__init__(f"{name}: {text}")


class Variant:
    def __init__(self, signature, value):
        self.signature, self.value = signature, value


def split(signature):
    """The complete types of a signature."""
    types, at = [], 0
    while at < len(signature):
        end = at
        while signature[end] == "a":
            end += 1
        if signature[end] in "({":
            depth = 0
            while True:
                depth += {"(": 1, "{": 1, ")": -1, "}": -1}.get(signature[end], 0)
                if depth == 0:
                    break
                end += 1
        types.append(signature[at:end + 1])
        at = end + 1
    return types


class Writer:
    def __init__(self):
        self.data, self.fds = bytearray(), []

    def pad(self, size):
        self.data += bytes(-len(self.data) % size)

    def write(self, signature, value):
        kind = signature[0]
        self.pad(ALIGN[kind])
        if kind in BASIC:
            if kind == "h":
                self.fds.append(value)
                value = len(self.fds) - 1
            self.data += struct.pack("<" + BASIC[kind], value)
        elif kind == "b":
            self.data += struct.pack("<I", 1 if value else 0)
        elif kind in "sog":
            text = value.encode()
            self.data += struct.pack("<B" if kind == "g" else "<I", len(text)) + text + b"\0"
        elif kind == "v":
            self.write("g", value.signature)
            self.write(value.signature, value.value)
        elif kind == "a":
            self.array(signature[1:], value)
        else:
            for part, element in zip(split(signature[1:-1]), value):
                self.write(part, element)

    def array(self, element, values):
        at = len(self.data)
        self.data += bytes(4)
        self.pad(ALIGN[element[0]])
        begin = len(self.data)
        for value in values.items() if isinstance(values, dict) else values:
            self.write(element, value)
        struct.pack_into("<I", self.data, at, len(self.data) - begin)


class Reader:
    def __init__(self, data, fds=()):
        self.data, self.fds, self.at = data, fds, 0

    def read(self, signature):
        kind = signature[0]
        self.at += -self.at % ALIGN[kind]
        if kind in BASIC or kind == "b":
            form = "<" + ("I" if kind == "b" else BASIC[kind])
            (value,) = struct.unpack_from(form, self.data, self.at)
            self.at += struct.calcsize(form)
            return bool(value) if kind == "b" else self.fds[value] if kind == "h" else value
        if kind in "sog":
            length = self.read("y" if kind == "g" else "u")
            text = bytes(self.data[self.at:self.at + length]).decode()
            self.at += length + 1
            return text
        if kind == "v":
            return self.read(self.read("g"))
        if kind == "a":
            return self.array(signature[1:])
        return [self.read(part) for part in split(signature[1:-1])]

    def array(self, element):
        length = self.read("u")
        self.at += -self.at % ALIGN[element[0]]
        end, values = self.at + length, []
        while self.at < end:
            values.append(self.read(element))
        return dict(values) if element[0] == "{" else values


class Message:
    def __init__(self, data, fds):
        self.kind, self.flags = data[1], data[2]
        header = Reader(data)
        header.at = 8
        self.serial = header.read("u")
        self.fields = {code: value for code, value in header.read("a(yv)")}
        body = Reader(data[header.at + -header.at % 8:], fds)
        self.signature = self.fields.get(8, "")
        self.body = [body.read(part) for part in split(self.signature)]
        self.path, self.interface, self.member = (self.fields.get(n) for n in (1, 2, 3))
        self.sender = self.fields.get(7)


class Bus:
    def __init__(self, address, limit=60.0):
        self.limit, self.serial, self.signals, self.fds = limit, 0, [], []
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.settimeout(limit)
        self.socket.connect(dict(part.split("=", 1) for part in address.split(":", 1)[1].split(","))["path"])
        self.buffer = b""
        self.authenticate()
        (self.name,) = self.call("org.freedesktop.DBus", "/org/freedesktop/DBus", "org.freedesktop.DBus", "Hello")

    def authenticate(self):
        self.socket.sendall(b"\0AUTH EXTERNAL " + str(os.getuid()).encode().hex().encode() + b"\r\nNEGOTIATE_UNIX_FD\r\n")
        said = b""
        while said.count(b"\r\n") < 2:
            said += self.socket.recv(4096)
        if not said.startswith(b"OK") or b"AGREE_UNIX_FD" not in said:
            raise ConnectionError(f"the bus refuses us: {said!r}")
        self.socket.sendall(b"BEGIN\r\n")

    def close(self):
        self.socket.close()

    def send(self, destination, path, interface, member, signature="", values=(), flags=0):
        body = Writer()
        for part, value in zip(split(signature), values):
            body.write(part, value)
        self.serial += 1
        fields = [(1, Variant("o", path)), (2, Variant("s", interface)), (3, Variant("s", member)), (6, Variant("s", destination))]
        if signature:
            fields.append((8, Variant("g", signature)))
        if body.fds:
            fields.append((9, Variant("u", len(body.fds))))
        header = Writer()
        header.data += bytes([ord("l"), CALL, flags, 1]) + struct.pack("<II", len(body.data), self.serial)
        header.write("a(yv)", fields)
        header.pad(8)
        ancillary = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", body.fds))] if body.fds else []
        data = bytes(header.data + body.data)
        sent = self.socket.sendmsg([data], ancillary)
        self.socket.sendall(data[sent:])
        return self.serial

    def fill(self, size):
        while len(self.buffer) < size:
            data, control, _, _ = self.socket.recvmsg(1 << 16, socket.CMSG_SPACE(64 * 4))
            for level, kind, raw in control:
                if level == socket.SOL_SOCKET and kind == socket.SCM_RIGHTS:
                    fds = array.array("i")
                    fds.frombytes(raw[:len(raw) - len(raw) % fds.itemsize])
                    self.fds.extend(fds)
            if not data:
                raise ConnectionError("the bus closed the connection")
            self.buffer += data

    def read(self):
        self.fill(16)
        body, _, fields = struct.unpack_from("<III", self.buffer, 4)
        size = 16 + fields + -fields % 8 + body
        self.fill(size)
        data, self.buffer = self.buffer[:size], self.buffer[size:]
        message = Message(data, self.fds)
        if 9 in message.fields:
            self.fds = self.fds[message.fields[9]:]
        return message

    def answer(self, serial):
        while True:
            message = self.read()
            if message.kind == SIGNAL:
                self.signals.append(message)
            elif message.fields.get(5) == serial:
                if message.kind == ERROR:
                    raise DBusError(message.fields[4], message.body[0] if message.body else "")
                return message.body

    def call(self, destination, path, interface, member, signature="", values=()):
        return self.answer(self.send(destination, path, interface, member, signature, values))

    def match(self, rule):
        self.call("org.freedesktop.DBus", "/org/freedesktop/DBus", "org.freedesktop.DBus", "AddMatch", "s", [rule])

    def next_signal(self, member=None):
        """The next signal with this name; those before it are dropped."""
        end = time.monotonic() + self.limit
        while True:
            while self.signals:
                signal = self.signals.pop(0)
                if member in (None, signal.member):
                    return signal
            self.socket.settimeout(max(0.01, end - time.monotonic()))
            try:
                message = self.read()
            except socket.timeout:
                raise AssertionError(f"no signal {member or ''} within {self.limit} s")
            finally:
                self.socket.settimeout(self.limit)
            if message.kind == SIGNAL:
                self.signals.append(message)
