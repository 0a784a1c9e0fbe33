#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Network cards on links of the host, in a network namespace of the test: taps on a bridge, taps with addresses of their
own, macvtaps. They are what the definition says, they outlive the daemon, and nothing stays behind."""
import json
import os
import re
import shutil
import subprocess
import sys
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
import case
import guests
from network import Network, is_dhcp_request
from vireo import wait_for

MAC = "52:54:00:12:34:56"
UUIDS = {"one": "0d1f3c5a-60f2-4f7c-9c53-07a1b1f6c001", "two": "0d1f3c5a-60f2-4f7c-9c53-07a1b1f6c002"}
HIGH = "fe:54:00:12:34:56"


def interface(kind, inner="", model="virtio", mac=MAC):
    return f"<interface type='{kind}'><mac address='{mac}'/>{inner}<model type='{model}'/></interface>"


def bridged(inner="", bridge="br0", **more):
    return interface("bridge", f"<source bridge='{bridge}'/>{inner}", **more)


class Networks(case.Case):
    def setUp(self):
        if not os.access("/dev/net/tun", os.R_OK | os.W_OK):
            self.skipTest("no /dev/net/tun for us")
        self.network = Network()
        self.addCleanup(self.network.close)
        self.daemon = self.start_daemon(wrapper=self.network.wrapper)
        self.before = set(self.network.links())

    def use_program(self, name, text, before=()):
        """The daemon again, with a program of the test's in a folder that only it sees where programs are."""
        self.daemon.stop()
        programs = os.path.join(self.daemon.folder, "programs")
        os.makedirs(programs, exist_ok=True)
        with open(os.path.join(programs, name), "w") as file:
            file.write(text)
        os.chmod(os.path.join(programs, name), 0o755)
        self.daemon.wrapper = self.network.wrapper + ["unshare", "--mount", "--propagation", "private", "sh", "-c",
                                                      f'mount --bind {programs} /usr/local/bin && exec "$@"', "sh", *before]
        self.daemon.run()

    def define(self, devices, name="one", **more):
        self.uuid = self.daemon.define(guests.domain(name, devices=devices, uuid=UUIDS[name], **more))["uuid"]

    def started(self, devices, paused=True, **more):
        self.define(devices, **more)
        self.assertEqual(self.daemon.start("one", paused=paused)["state"], "succeeded")
        live = self.daemon.rpc("Domain.GetXML", domain="one", options={"kind": "live"})
        return re.findall(r"<target dev='([^']+)'", live)

    def stopped(self):
        """Ends the guest: its links are gone."""
        self.daemon.destroy("one")
        self.nothing_left(self.daemon, self.uuid)
        wait_for(lambda: set(self.network.links()) == self.before, "the links to be gone", 10)

    def failure(self, name):
        """What the start of a domain is refused with, hint and all."""
        with self.assertRaises(case.RpcError) as caught:
            self.daemon.start(name, paused=True)
        return f"{caught.exception.message} {caught.exception.data}"

    def start_fails(self, *words):
        """The start fails, says so in these words, and leaves nothing."""
        text = self.failure("one")
        for word in words:
            self.assertIn(word, text)
        self.assertEqual(self.daemon.state("one")[0], "shut-off")
        self.nothing_left(self.daemon, self.uuid)
        self.assertEqual(set(self.network.links()), self.before)

    def make_bridge(self, **more):
        self.network.make_bridge(**more)
        self.before = set(self.network.links())


class Bridge(Networks):
    def test_tap_on_a_bridge(self):
        self.make_bridge(mtu=1400)
        links = self.started(bridged() + bridged("<mtu size='1300'/><port isolated='yes'/><target dev='guest-b'/>",
                                                 mac="52:54:00:12:34:57", model="e1000e"))
        self.assertEqual(links, ["vnet0", "guest-b"])
        found = self.network.links()
        first, second = found["vnet0"], found["guest-b"]
        self.assertEqual((first["master"], first["mtu"], first["address"]), ("br0", 1400, HIGH))
        self.assertIn("UP", first["flags"])
        self.assertEqual(first["linkinfo"]["info_data"]["vnet_hdr"], True)
        self.assertEqual((second["master"], second["mtu"], second["address"]), ("br0", 1300, "fe:54:00:12:34:57"))
        self.assertEqual(second["linkinfo"]["info_slave_data"]["isolated"], True)
        self.assertEqual(first["linkinfo"]["info_slave_data"]["isolated"], False)
        self.assertFalse(second["linkinfo"]["info_data"].get("vnet_hdr"))
        # No name of a run gets into the definition.
        self.assertNotIn("vnet0", self.daemon.rpc("Domain.GetXML", domain="one", options={"kind": "persistent"}))
        self.stopped()

    def test_queues(self):
        self.make_bridge()
        self.started(bridged("<driver queues='3'/><coalesce><rx><frames max='7'/></rx></coalesce>"))
        data = self.network.links()["vnet0"]["linkinfo"]["info_data"]
        self.assertTrue(data["multi_queue"])
        self.assertEqual(data["numqueues"] + data["numdisabled"], 3)      # the guest has not asked for all yet
        self.stopped()

    def test_bandwidth(self):
        self.make_bridge()
        inbound = "<inbound average='1000' peak='2000' burst='10'/>"
        self.started(bridged(f"<bandwidth>{inbound}</bandwidth>"))
        shown = self.network.run("tc", "class", "show", "dev", "vnet0")
        self.assertRegex(shown, r"class htb 1:1 root .*rate 8Mbit ceil 16Mbit burst 10Kb")
        self.stopped()
        both = bridged(f"<bandwidth>{inbound}<outbound average='500'/></bandwidth>")
        if self.can_police():
            self.started(both)
            self.assertIn("rate 4Mbit", self.network.run("tc", "filter", "show", "dev", "vnet0", "parent", "ffff:"))
            self.stopped()
        else:       # a kernel without that part
            self.define(both)
            self.start_fails("devices/interface[1]", "cannot limit what vnet0 receives")

    def can_police(self):
        self.network.run("ip", "tuntap", "add", "probe", "mode", "tap")
        self.network.run("tc", "qdisc", "add", "dev", "probe", "ingress")
        self.network.run(*"tc filter add dev probe parent ffff: protocol all u32 match u32 0 0 police rate 8mbit burst 10kb drop".split(),
                         check=False)
        shown = self.network.run("tc", "filter", "show", "dev", "probe", "parent", "ffff:")
        self.network.run("ip", "link", "delete", "probe")
        return "police" in shown

    def test_vlan(self):
        self.make_bridge()
        one = bridged("<vlan><tag id='7'/></vlan>")
        self.define(one)
        self.start_fails("devices/interface[1]", "br0 does not tell VLANs apart", "vlan_filtering 1")
        self.network.run("ip", "link", "set", "br0", "type", "bridge", "vlan_filtering", "1", check=False)
        if not self.network.links()["br0"]["linkinfo"]["info_data"]["vlan_filtering"]:
            self.skipTest("this kernel's bridges know no VLANs")
        self.started(one + bridged("<vlan trunk='yes'><tag id='8' nativeMode='untagged'/><tag id='9'/></vlan>",
                                   mac="52:54:00:12:34:57"))
        shown = json.loads(self.network.run("bridge", "-json", "vlan", "show"))
        vlans = {port["ifname"]: [(v["vlan"], sorted(v.get("flags", []))) for v in port["vlans"]] for port in shown}
        self.assertEqual(vlans["vnet0"], [(7, ["Egress Untagged", "PVID"])])
        self.assertEqual(vlans["vnet1"], [(8, ["Egress Untagged", "PVID"]), (9, [])])
        self.stopped()

    def test_guest_sends_to_the_bridge(self):
        """The firmware of the card asks for an address: that packet is seen on the bridge."""
        self.make_bridge()
        wire = self.network.listen("br0")
        self.addCleanup(wire.close)
        self.started("<serial type='pty'/>" + bridged(), paused=False, os="<boot dev='network'/>")
        wire.wait_for(lambda packet: is_dhcp_request(packet, bytes.fromhex(MAC.replace(":", ""))), "a DHCP request", 240)
        self.stopped()

    def test_daemon_comes_again(self):
        self.make_bridge()
        self.started(bridged())
        before = self.network.links()["vnet0"]
        live = self.daemon.rpc("Domain.GetXML", domain="one", options={"kind": "live"})
        for end in (self.daemon.kill, self.daemon.stop):
            end()
            self.assertEqual(self.network.links()["vnet0"], before)
            self.daemon.run()
            wait_for(lambda: self.daemon.info("one")["health"] == "ok", "the guest to answer")
            self.assertEqual(self.network.links()["vnet0"], before)
            self.assertEqual(self.daemon.rpc("Domain.GetXML", domain="one", options={"kind": "live"}), live)
        self.stopped()

    def test_no_such_bridge(self):
        self.define(bridged(bridge="br7"))
        self.start_fails("devices/interface[1]", "there is no bridge br7", "ip link add br7")
        self.network.run("ip", "link", "add", "br7", "type", "dummy", check=False)
        self.before = set(self.network.links())
        if "br7" in self.before:
            self.start_fails("br7 is no bridge")

    def test_later_failure_leaves_nothing(self):
        self.make_bridge()
        self.define(bridged() + bridged(bridge="nowhere", mac="52:54:00:00:00:08"))
        self.start_fails("devices/interface[2]", "nowhere")
        self.define(bridged(mac="fe:54:00:00:00:01"), name="two")
        self.assertIn("begins with fe", self.failure("two"))

    def test_name_in_use(self):
        self.make_bridge()
        self.started(bridged("<target dev='mine'/>"))
        self.daemon.define(guests.domain("two", devices=bridged("<target dev='mine'/>", mac="52:54:00:00:00:02")))
        self.assertIn("mine", self.failure("two"))
        self.assertIn("mine", self.network.links())
        self.stopped()


class Ethernet(Networks):
    def test_addresses_and_routes(self):
        links = self.started(interface("ethernet", """<source><ip address='192.0.2.1' prefix='24'/>
            <ip address='2001:db8::1' prefix='64' family='ipv6'/>
            <route address='198.51.100.0' netmask='255.255.255.0' gateway='192.0.2.9'/></source>
            <target dev='guest-e'/><mtu size='1280'/>"""))
        self.assertEqual(links, ["guest-e"])
        link = self.network.links()["guest-e"]
        self.assertEqual((link["address"], link["mtu"], link.get("master")), (HIGH, 1280, None))
        self.assertIn("UP", link["flags"])
        self.assertEqual(sorted(self.network.addresses("guest-e")), ["192.0.2.1/24", "2001:db8::1/64"])
        self.assertIn("198.51.100.0/24 via 192.0.2.9", self.network.run("ip", "route"))
        self.stopped()

    def test_one_that_is_there(self):
        self.network.run("ip", "tuntap", "add", "ready", "mode", "tap", "vnet_hdr")
        self.network.run("ip", "link", "set", "ready", "address", "02:00:00:00:00:01")
        self.before = set(self.network.links())
        self.assertEqual(self.started(interface("ethernet", "<target dev='ready' managed='no'/>")), ["ready"])
        self.assertEqual(self.network.links()["ready"]["address"], "02:00:00:00:00:01")
        self.stopped()
        self.define(interface("ethernet", "<target dev='missing' managed='no'/>"))
        self.start_fails("there is no link missing, and", "ip tuntap add missing")

    def script(self, name, text):
        path = os.path.join(self.daemon.folder, name)
        with open(path, "w") as file:
            file.write("#!/bin/sh\n" + text)
        os.chmod(path, 0o755)
        return path

    def test_scripts(self):
        heard = os.path.join(self.daemon.folder, "heard")
        up = self.script("up", f"ip link show dev $1 >/dev/null && echo up $1 $# >> {heard}\n")
        down = self.script("down", f"echo down $1 >> {heard}\n")
        scripts = f"<script path='{up}'/><downscript path='{down}'/>"
        self.started(interface("ethernet", scripts + "<target dev='guest-s'/>"))
        with open(heard) as file:
            self.assertEqual(file.read(), "up guest-s 1\n")
        self.daemon.kill()
        self.daemon.run()       # it knows what is to be done at the end
        wait_for(lambda: self.daemon.info("one")["health"] == "ok", "the guest to answer")
        self.stopped()
        with open(heard) as file:
            self.assertEqual(file.read(), "up guest-s 1\ndown guest-s\n")

    def test_script_that_fails(self):
        bad = self.script("bad", "echo no such luck >&2; exit 3\n")
        self.define(interface("ethernet", f"<script path='{bad}'/>"))
        self.start_fails("no such luck", "exited with status 3")


class Direct(Networks):
    def setUp(self):
        super().setUp()
        self.network.run("ip", "link", "add", "lower", "type", "veth", "peer", "name", "upper")
        for name in ("lower", "upper"):
            self.network.run("ip", "link", "set", name, "up")
        self.before = set(self.network.links())

    def direct(self, mode, inner="", **more):
        return interface("direct", f"<source dev='lower' mode='{mode}'/>{inner}", **more)

    def test_modes(self):
        for mode, shown in (("bridge", "bridge"), ("vepa", "vepa"), ("private", "private")):
            with self.subTest(mode):
                links = self.started(self.direct(mode))
                self.assertEqual(links, ["macvtap0"])
                link = self.network.links()["macvtap0"]
                self.assertEqual((link["link"], link["address"]), ("lower", MAC))
                self.assertEqual(link["linkinfo"]["info_data"]["mode"], shown)
                self.assertIn("UP", link["flags"])
                self.stopped()

    def test_passthrough_lends_the_address(self):
        before = self.network.links()["lower"]["address"]
        self.started(self.direct("passthrough"))
        self.assertEqual(self.network.links()["lower"]["address"], MAC)
        self.daemon.kill()
        self.daemon.run()
        wait_for(lambda: self.daemon.info("one")["health"] == "ok", "the guest to answer")
        self.daemon.define(guests.domain("two", devices=self.direct("passthrough", mac="52:54:00:00:00:02")))
        self.assertIn("in use by the domain one", self.failure("two"))
        self.stopped()
        self.assertEqual(self.network.links()["lower"]["address"], before)

    def test_queues_and_names(self):
        self.assertEqual(self.started(self.direct("bridge", "<driver queues='2'/>") +
                                      self.direct("bridge", "<target dev='mine'/>", mac="52:54:00:00:00:02")),
                         ["macvtap0", "mine"])
        self.stopped()

    def test_guest_sends_to_the_wire(self):
        wire = self.network.listen("upper")
        self.addCleanup(wire.close)
        self.started("<serial type='pty'/>" + self.direct("bridge"), paused=False, os="<boot dev='network'/>")
        wire.wait_for(lambda packet: is_dhcp_request(packet, bytes.fromhex(MAC.replace(":", ""))), "a DHCP request", 240)
        self.stopped()

    def test_failures(self):
        self.define(interface("direct", "<source dev='nowhere' mode='bridge'/>"))
        self.start_fails("there is no link nowhere")

    def test_qemu_killed_while_nobody_watched(self):
        self.started(self.direct("bridge"))
        pid = self.daemon.info("one")["pid"]
        self.daemon.kill()
        os.kill(pid, 9)
        wait_for(lambda: not case.alive(pid), "the guest's end")
        self.assertIn("macvtap0", self.network.links())
        self.daemon.run()
        self.daemon.wait_state("one", "shut-off")
        wait_for(lambda: set(self.network.links()) == self.before, "the link to be gone", 10)
        self.nothing_left(self.daemon, self.uuid)


class Sockets(Networks):
    """What QEMU does by itself."""

    def test_two_guests_on_a_wire(self):
        self.network.run("ip", "link", "set", "lo", "up")
        one = "<source address='127.0.0.1' port='5558'><local address='127.0.0.1' port='5559'/></source>"
        two = "<source address='127.0.0.1' port='5559'><local address='127.0.0.1' port='5558'/></source>"
        wire = self.network.listen("lo")
        self.addCleanup(wire.close)
        self.started(interface("udp", one), paused=False, os="<boot dev='network'/>")
        self.daemon.define(guests.domain("two", devices=interface("udp", two, mac="52:54:00:00:00:02")))
        self.assertEqual(self.daemon.start("two", paused=True)["state"], "succeeded")
        mac = bytes.fromhex(MAC.replace(":", ""))
        wire.wait_for(lambda packet: mac in packet and b"\x15\xb6" in packet, "the guest's packet on the wire", 240)
        self.daemon.destroy("two")
        self.stopped()

    def test_server_and_client(self):
        self.network.run("ip", "link", "set", "lo", "up")
        self.started(interface("server", "<source address='127.0.0.1' port='5560'/>"))
        self.daemon.define(guests.domain("two", devices=interface(
            "client", "<source address='127.0.0.1' port='5560'/>", mac="52:54:00:00:00:02")))
        self.assertEqual(self.daemon.start("two", paused=True)["state"], "succeeded")
        self.daemon.destroy("two")
        self.stopped()

    def test_vhost_user(self):
        path = os.path.join(self.daemon.folder, "switch.sock")
        self.define(interface("vhostuser", f"<source type='unix' path='{path}' mode='client'/>"))
        self.start_fails("there is no socket " + path)
        with open(path, "w"):
            pass
        self.start_fails("is no socket")
        os.unlink(path)


@unittest.skipUnless(shutil.which("setpriv"), "no setpriv")
class OrdinaryUser(Networks):
    """A daemon that may not make taps asks QEMU's helper."""
    UNPRIVILEGED = ("setpriv", "--bounding-set=-net_admin", "--inh-caps=-net_admin")
    # What the setuid program would do, with a tap that the test made.
    STAND_IN = """#!/usr/bin/python3 -IS
import fcntl, os, socket, struct, sys
if sys.argv[1:] != ["--use-vnet", "--fd=3", "--br=br0"]:
    sys.exit(f"not so: {sys.argv}")
tap = os.open("/dev/net/tun", os.O_RDWR)
fcntl.ioctl(tap, 0x400454ca, struct.pack("16sH14x", b"helped0", 0x5002))
socket.send_fds(socket.socket(fileno=3), [b"\\0"], [tap])
"""

    def setUp(self):
        super().setUp()
        self.network.make_bridge()
        self.network.run("ip", "tuntap", "add", "helped0", "mode", "tap", "vnet_hdr", "user", str(os.geteuid()))
        self.network.run("ip", "link", "set", "helped0", "master", "br0", "up")
        self.before = set(self.network.links())

    def test_tap_of_the_helper(self):
        self.use_program("qemu-bridge-helper", self.STAND_IN, self.UNPRIVILEGED)
        self.assertEqual(self.started(bridged()), ["helped0"])
        self.stopped()
        self.define(bridged("<mtu size='1300'/>"))
        self.start_fails("<mtu> can be set by a daemon of the whole system only")

    def test_helper_that_refuses(self):
        self.use_program("qemu-bridge-helper", "#!/bin/sh\necho access denied by acl file >&2\nexit 1\n", self.UNPRIVILEGED)
        self.define(bridged())
        self.start_fails("devices/interface[1]", "access denied by acl file", "/etc/qemu/bridge.conf", "allow br0")

    def test_what_nobody_helps_with(self):
        self.use_program("unused", "", self.UNPRIVILEGED)
        self.define(interface("ethernet"))
        self.start_fails("cannot make the tap vnet", "type='user'")
        self.define(interface("direct", "<source dev='br0' mode='bridge'/>"))
        self.start_fails("cannot make the macvtap", "type='user'")


class OpenVSwitch(Networks):
    """Its database is its own: what is written there is what a stand-in of ovs-vsctl hears, in a folder that only the
    daemon sees where programs are."""
    PORT = "<virtualport type='openvswitch'><parameters interfaceid='09b11c53-8b5c-4eeb-8f00-d84eaa0aaa4f' profileid='web'/></virtualport>"

    def setUp(self):
        super().setUp()
        self.make_bridge()
        if os.path.exists("/usr/bin/ovs-vsctl"):
            self.skipTest("this host has an Open vSwitch of its own")

    def use(self, stand_in):
        """The daemon, with this script as its ovs-vsctl."""
        self.heard = os.path.join(self.daemon.folder, "heard")
        self.use_program("ovs-vsctl", f"#!/bin/sh\necho \"$@\" >> {self.heard}\n{stand_in}\n")

    def calls(self):
        with open(self.heard) as file:
            return file.read().splitlines()

    def test_without_it(self):
        self.define(bridged(self.PORT))
        self.start_fails("devices/interface[1]", "no program ovs-vsctl", "openvswitch-switch")

    def test_port(self):
        self.use("exit 0")
        vlan = "<vlan trunk='yes'><tag id='7' nativeMode='untagged'/><tag id='8'/></vlan>"
        self.assertEqual(self.started(bridged(self.PORT + vlan)), ["vnet0"])
        link = self.network.links()["vnet0"]
        self.assertIsNone(link.get("master"))
        self.assertIn("UP", link["flags"])
        call, = self.calls()
        for words in ("--if-exists del-port vnet0 -- add-port br0 vnet0 vlan_mode=native-untagged tag=7 trunk=7,8",
                      f'external-ids:attached-mac="{MAC}"', 'external-ids:iface-id="09b11c53-8b5c-4eeb-8f00-d84eaa0aaa4f"',
                      f'external-ids:vm-id="{self.uuid}"', 'external-ids:port-profile="web"'):
            self.assertIn(words, call)
        self.daemon.kill()
        self.daemon.run()
        wait_for(lambda: self.daemon.info("one")["health"] == "ok", "the guest to answer")
        self.stopped()
        self.assertIn("--if-exists del-port br0 vnet0", self.calls()[-1])

    def test_switch_that_refuses(self):
        self.use("echo \"ovs-vsctl: no bridge named br0\" >&2; exit 1")
        self.define(bridged(self.PORT))
        self.start_fails("devices/interface[1]", "cannot put vnet0 on the bridge br0", "no bridge named br0", "ovs-vsctl show")


@unittest.skipUnless(os.path.exists("/usr/bin/passt"), "no passt")
class Passt(Networks):
    def setUp(self):
        super().setUp()
        for command in ("link set lo up", "link add out0 type veth peer name peer0", "link set out0 up", "link set peer0 up",
                        "address add 192.0.2.2/24 dev out0", "route add default via 192.0.2.1"):
            self.network.run("ip", *command.split())
        self.before = set(self.network.links())

    @staticmethod
    def passt(inner="", backend=""):
        return interface("user", f"<backend type='passt'{backend}/>{inner}")

    def servers(self):
        """pid → arguments of those that the daemon has noted and that run."""
        found = {}
        for entry in self.daemon.statuses()[self.uuid]["auxiliaries"]:
            with open(f"/proc/{entry['pid']}/cmdline") as line:
                found[entry["pid"]] = line.read().rstrip("\0").split("\0")
        return found

    def listens(self, port):
        return f":{port} " in self.network.run("ss", "-Hltn")

    def test_guest_gets_an_address(self):
        """The firmware of the card asks for one, and says what it got."""
        self.define("<serial type='pty'/>" + self.passt("<ip family='ipv4' address='198.51.100.7' prefix='24'/>"),
                    os="<boot dev='network'/><bios useserial='yes'/>")
        self.daemon.start("one")
        console = self.daemon.console("one")
        self.addCleanup(console.close)
        console.wait_for("198.51.100.7", 240)
        self.stopped()

    def test_ports(self):
        log = os.path.join(self.daemon.folder, "passt.log")
        self.started(self.passt("<portForward proto='tcp'><range start='2222' to='22'/><range start='3000' end='3002'/></portForward>"
                                "<portForward proto='udp' address='192.0.2.2'><range start='5000'/></portForward>"
                                "<source dev='out0'/>", f" logFile='{log}'"))
        (pid, arguments), = self.servers().items()
        for option, value in (("--tcp-ports", "2222:22,3000-3002"), ("--udp-ports", "192.0.2.2/5000"), ("--interface", "out0"),
                              ("--mac-addr", MAC), ("--log-file", log)):
            self.assertEqual(arguments[arguments.index(option) + 1], value)
        wait_for(lambda: self.listens(2222) and self.listens(3002), "the forwarded ports")
        self.daemon.kill()
        self.daemon.run()
        wait_for(lambda: self.daemon.info("one")["health"] == "ok", "the guest to answer")
        self.assertTrue(case.alive(pid) and self.listens(2222))
        self.stopped()
        self.assertFalse(case.alive(pid) or self.listens(2222))

    def test_port_that_is_taken(self):
        taken = subprocess.Popen(self.network.wrapper + [
            sys.executable, "-c", "import socket, time; s = socket.create_server(('', 2222)); print('up', flush=True); time.sleep(1000)"],
            stdout=subprocess.PIPE)
        self.addCleanup(taken.stdout.close)
        self.addCleanup(taken.wait)
        self.addCleanup(taken.kill)
        taken.stdout.readline()
        self.define(self.passt("<portForward proto='tcp'><range start='2222' to='22'/></portForward>"))
        self.start_fails("passt of device net0", "2222")


if __name__ == "__main__":
    case.main()
