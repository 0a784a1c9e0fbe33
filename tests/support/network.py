# SPDX-License-Identifier: LGPL-2.1-or-later
"""A network namespace of a test's own: the daemon and its guests live there, the host's network is never touched.

    network = Network()                      # nothing but a loopback
    daemon = case.start_daemon(wrapper=network.wrapper)
    network.run("ip", "link", "add", "br0", "type", "bridge")
"""
import json
import os
import socket
import struct
import subprocess
import threading
import unittest

from vireo import LIMIT, wait_for


class Network:
    def __init__(self):
        """Skips the test where there are no namespaces for us."""
        self.holder = subprocess.Popen(["unshare", "--net", "sleep", "infinity"], stderr=subprocess.PIPE,
                                       start_new_session=True)
        own = os.readlink("/proc/self/ns/net")

        def ready():
            if self.holder.poll() is not None:
                raise unittest.SkipTest("no network namespaces: " + self.holder.stderr.read().decode().strip())
            try:
                return os.readlink(f"/proc/{self.holder.pid}/ns/net") != own
            except OSError:
                return False
        wait_for(ready, "the network namespace")
        self.wrapper = ["nsenter", f"--net=/proc/{self.holder.pid}/ns/net", "--"]

    def close(self):
        self.holder.kill()
        self.holder.wait()
        self.holder.stderr.close()

    def run(self, *command, check=True):
        """Runs a command in the namespace; what it says."""
        done = subprocess.run(self.wrapper + list(command), capture_output=True, text=True, timeout=LIMIT)
        if check and done.returncode != 0:
            raise AssertionError(f"{' '.join(command)}: {done.stderr}")
        return done.stdout

    def links(self):
        """Every link by its name, as ip -json tells it."""
        return {link["ifname"]: link for link in json.loads(self.run("ip", "-json", "-details", "link"))}

    def addresses(self, link):
        """["192.0.2.1/24" …] of a link."""
        found = json.loads(self.run("ip", "-json", "address", "show", "dev", link))[0]["addr_info"]
        return [f"{a['local']}/{a['prefixlen']}" for a in found if a["scope"] == "global"]

    def make_bridge(self, name="br0", mtu=1500):
        self.run("ip", "link", "add", name, "type", "bridge", "forward_delay", "0")
        self.run("ip", "link", "set", name, "mtu", str(mtu), "up")

    def listen(self, link):
        """A Wire that hears every packet of a link."""
        return Wire(self.holder.pid, link)


class Wire:
    """Packets of a link, taken in as they come; and packets that are sent on it."""

    def __init__(self, pid, link):
        made = []

        def inside():
            # The socket stays in the namespace that its thread was in.
            fd = os.open(f"/proc/{pid}/ns/net", os.O_RDONLY)
            try:
                libc_setns(fd)
                wire = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))   # ETH_P_ALL
                wire.bind((link, 0))
                made.append(wire)
            except OSError as error:
                made.append(error)
            finally:
                os.close(fd)
        thread = threading.Thread(target=inside)
        thread.start()
        thread.join()
        if isinstance(made[0], OSError):
            raise made[0]
        self.socket = made[0]
        self.socket.settimeout(0.2)

    def close(self):
        self.socket.close()

    def wait_for(self, wanted, what, limit=LIMIT):
        """The first packet for which wanted(bytes) holds."""
        def next_one():
            try:
                packet = self.socket.recv(65536)
            except socket.timeout:
                return None
            return packet if wanted(packet) else None
        return wait_for(next_one, what, limit)


def libc_setns(fd):
    import ctypes
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.setns(fd, 0x40000000):    # CLONE_NEWNET
        raise OSError(ctypes.get_errno(), "setns")


def is_dhcp_request(packet, mac):
    """A DHCP client's packet from this MAC address."""
    if len(packet) < 14 + 20 + 8 or packet[6:12] != mac or packet[12:14] != b"\x08\x00":
        return False
    header = (packet[14] & 15) * 4
    return packet[23] == 17 and struct.unpack("!HH", packet[14 + header:18 + header]) == (68, 67)
