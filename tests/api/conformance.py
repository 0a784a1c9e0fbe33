#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Every method of interfaces/ through both transports of one daemon: the same results, the same errors, the same events.

A read is asked of one object through both. A change is made through JSON-RPC to one domain and through D-Bus to its twin,
which differs in name and UUID only. What the last test finds uncovered is an error: whoever adds a method adds it here.
"""
import json
import os
import re
import sys
import tempfile
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import guests  # noqa: E402
from dbus_client import Bus, DBusError, Variant  # noqa: E402
from interfaces import Api, Field  # noqa: E402
from vireo import SOURCE, Daemon, RpcError, wait_for  # noqa: E402

ROOT = "/org/vireo1"
TWINS = {"rpc": ("twin-rpc", "11111111-1111-4111-8111-111111111111"), "bus": ("twin-bus", "22222222-2222-4222-8222-222222222222")}
# What differs between two calls by their nature: of one object, and of twins.
PASSING = {"as-of-usec", "duration-usec"}
PASSING_OF_TWINS = PASSING | {"start-usec", "begin-usec", "time-usec", "pid", "id", "requester", "revision", "modified-usec", "who"}
# A self-signed certificate of nobody, DER: "CN=Vireo test", valid for a hundred years.
CERTIFICATE = (
    "3082018030820127a00302010202140bd498d1b1f2dd59c1fb4c053b45a167000632db300a06082a8648ce3d0403023015311330110603"
    "5504030c0a566972656f20746573743020170d3236313132363131333434365a180f32313236313130323131333434365a301531133011"
    "06035504030c0a566972656f20746573743059301306072a8648ce3d020106082a8648ce3d0301070342000449026e57a948bf868396b9"
    "bad9a525281abf2dd24f7158cc6116bfbe96eb57a3aecbf446179d6c3e8fe1c9d1d373da0c73f1cb14c0ffe4cc2fc00b4a3aa295a0a353"
    "3051301d0603551d0e041604145b0882dff84819da75ea10bc4dc02310980e5bed301f0603551d230418301680145b0882dff84819da75"
    "ea10bc4dc02310980e5bed300f0603551d130101ff040530030101ff300a06082a8648ce3d040302034700304402200af8410d1671b8fd"
    "8fecde9a9a951f66f32c7d90eaa7e72fc69922bdb7229db80220522562e2dcb706c6760c6030fd33a7eb642d4e8873297ddba42a792721"
    "7a365c")
api = Api(SOURCE)
covered = set()


def variant(value):
    """A value without a declared type, as the codec of the daemon would type it."""
    if isinstance(value, bool):
        return Variant("b", value)
    if isinstance(value, int):
        return Variant("x", value)
    if isinstance(value, float):
        return Variant("d", value)
    if isinstance(value, str):
        return Variant("s", value)
    if isinstance(value, dict):
        return Variant("a{sv}", {k: variant(v) for k, v in value.items()})
    return Variant("av", [variant(v) for v in value])


def typed(field, value):
    """JSON → what the D-Bus client wants, by the declared types."""
    if field.signature == "a{sv}":
        keys = api.dictionaries.get(field.type, {})
        return {k: Variant(keys[k].signature, typed(keys[k], v)) if k in keys else variant(v) for k, v in value.items()}
    if field.signature == "aa{sv}":
        element = Field.of(field, "a{sv}")
        return [typed(element, v) for v in value]
    return value


def sample(field, **more):
    """A value that this argument or key can have, with more keys when it is a dictionary."""
    if field.signature == "a{sv}":
        keys = api.dictionaries.get(field.type, {})
        return {**{name: sample(key) for name, key in keys.items() if key.required}, **more}
    if field.signature == "s" and field.type in api.enumerations:
        return api.enumerations[field.type][0]
    return {"s": "x", "b": True, "u": 1, "as": [], "aa{sv}": []}[field.signature]


def path_of(uuid):
    return f"{ROOT}/domain/{uuid.replace('-', '_')}"


def masked(value, twins=True, key=None):
    """A result without what passes; twins look alike."""
    if isinstance(value, dict):
        return {k: masked(v, twins, k) for k, v in value.items()}
    if isinstance(value, list):
        return [masked(v, twins) for v in value]
    if key in (PASSING_OF_TWINS if twins else PASSING):
        return f"<{key}>"
    if isinstance(value, str) and twins:
        value = re.sub(r"revision \d+", "revision N", value)
        value = re.sub(r"/dev/pts/\d+", "/dev/pts/N", value)
        for name, uuid in TWINS.values():
            value = value.replace(name, "TWIN").replace(uuid, "UUID").replace(uuid.replace("-", "_"), "UUID")
        return re.sub(r"/job/\d+", "/job/N", value)
    return value


class Answer:
    """What a call gave: results by name, or an error and its details."""

    def __init__(self, result=None, error=None):
        self.result, self.error = result, error

    def comparable(self, twins):
        return masked({"result": self.result, "error": self.error}, twins)

    def value(self):
        if self.error:
            raise AssertionError(f"the call failed: {self.error}")
        return next(iter(self.result.values())) if len(self.result) == 1 else self.result


def one_line(text):
    return text.replace("\n", " ")


class Conformance(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.daemon = Daemon(bus=True)
        cls.addClassCleanup(cls.daemon.close)
        try:
            cls.daemon.__enter__()
            cls.daemon.uuids |= {uuid for _, uuid in TWINS.values()}
            cls.bus = cls.connect_bus()
            cls.addClassCleanup(cls.bus.close)
        except BaseException:
            cls.daemon.show_log()
            raise

    @classmethod
    def connect_bus(cls):
        bus = Bus(cls.daemon.environment["DBUS_SESSION_BUS_ADDRESS"])

        def there():
            (owned,) = bus.call("org.freedesktop.DBus", "/org/freedesktop/DBus", "org.freedesktop.DBus", "NameHasOwner", "s",
                                ["org.vireo1"])
            return owned
        wait_for(there, "org.vireo1 on the bus")
        return bus

    def run(self, result=None):
        before = len(result.failures) + len(result.errors)
        super().run(result)
        if len(result.failures) + len(result.errors) > before:
            self.daemon.show_log()

    # One call through one transport
    def through_rpc(self, full_name, object=None, **params):
        method = api.method(full_name)
        if method.interface.object:
            params[method.interface.object] = object
        client = self.daemon.connect()
        try:
            client.send(full_name, params, 1)
            result = client.answer(1)
            if any(f.signature == "h" for f in method.outputs):
                self.assertEqual(len(client.fds), 1)
            return Answer(result)
        except RpcError as error:
            details = {k: v for k, v in error.data.items() if k not in ("name", "message")}
            self.assertEqual(error.data["message"], error.message)
            details = {k: [one_line(c) for c in v] if isinstance(v, list) else one_line(v) for k, v in details.items()}
            return Answer(error={"name": error.data["name"], "message": one_line(error.message), **details})
        finally:
            client.close()

    def through_bus(self, full_name, object=None, **params):
        method = api.method(full_name)
        values = [typed(f, params.get(f.name, {})) for f in method.inputs]
        try:
            body = self.bus.call("org.vireo1", object or ROOT, method.interface.name, method.name,
                                 "".join(f.signature for f in method.inputs), values)
        except DBusError as error:
            lines = error.text.split("\n")
            told = {"name": error.name, "message": lines[0]}
            for line in lines[1:]:
                key, _, text = line.partition(": ")
                if key in ("cause", "needs"):
                    told.setdefault({"cause": "causes"}.get(key, key), []).append(text)
                else:
                    told[key] = text
            return Answer(error=told)
        for field, value in zip(method.outputs, body):
            if field.signature == "h":
                os.fstat(value)
                os.close(value)
        self.assertEqual(len(body), len(method.outputs))
        return Answer({f.name: 0 if f.signature == "h" else v for f, v in zip(method.outputs, body)})

    def compare(self, full_name, rpc, bus, twins=True):
        self.assertEqual(rpc.comparable(twins), bus.comparable(twins), f"{full_name}: JSON-RPC and D-Bus differ")
        if not rpc.error:
            covered.add(full_name)

    # The same call through both
    def read(self, full_name, object=None, **params):
        rpc, bus = self.through_rpc(full_name, object, **params), self.through_bus(full_name, object, **params)
        self.compare(full_name, rpc, bus, twins=False)
        return rpc

    # The same change of both twins
    def change(self, full_name, **params):
        answers = {}
        for transport, (name, uuid) in TWINS.items():
            own = {k: v.replace("TWIN", name).replace("UUID", uuid) if isinstance(v, str) else v for k, v in params.items()}
            if isinstance(own.get("definition"), dict):
                own["definition"] = json.loads(json.dumps(own["definition"]).replace("TWIN", name).replace("UUID", uuid))
            of_domain = api.method(full_name).interface.object == "domain"
            call = self.through_rpc if transport == "rpc" else self.through_bus
            answers[transport] = call(full_name, path_of(uuid) if of_domain else None, **own)
        self.compare(full_name, answers["rpc"], answers["bus"])
        return answers

    def job(self, full_name, **params):
        """A change that is a job: both jobs are waited for, and must end alike."""
        answers = self.change(full_name, **params)
        jobs = {t: a.result["job"] if a.result else None for t, a in answers.items()}
        if jobs["rpc"] is None:
            return answers
        ends = {"rpc": self.through_rpc("Job.Wait", jobs["rpc"], options={}),
                "bus": self.through_bus("Job.Wait", jobs["bus"], options={})}
        self.compare("Job.Wait", ends["rpc"], ends["bus"])
        return ends

    def succeed(self, full_name, **params):
        ends = self.job(full_name, **params)
        self.assertIsNone(ends["rpc"].error, full_name)

    def define(self, **more):
        more.setdefault("devices", "<serial type='pty'/>")
        self.change("Manager.DefineDomainXML", xml=guests.bios("TWIN", uuid="UUID", **more), options={})

    def define_uefi(self):
        self.change("Manager.DefineDomainXML", xml=guests.uefi("TWIN", uuid="UUID"), options={})

    def change_timed(self, full_name, **params):
        """A change whose content holds the time at which it is made."""
        PASSING_OF_TWINS.update(("sha256", "backup", "size-bytes"))
        try:
            answers = self.change(full_name, **params)
        finally:
            PASSING_OF_TWINS.difference_update(("sha256", "backup", "size-bytes"))
        self.assertIsNone(answers["rpc"].error, full_name)
        return answers

    def undefine(self):
        for name, uuid in TWINS.values():
            if path_of(uuid) in {d["domain"] for d in self.daemon.rpc("Manager.ListDomains")}:
                if self.daemon.state(uuid)[0] != "shut-off":
                    self.daemon.destroy(uuid)
                self.daemon.client.call("Domain.Undefine", domain=uuid)

    def fails(self, name, answer):
        self.assertEqual((answer.error or {}).get("name"), f"org.vireo1.Error.{name}")

    def capabilities(self):
        guests_of = {g["arch"]["name"]: g for g in self.read("Manager.GetCapabilities").value()["guest"]}
        self.assertIn("q35", [m["value"] for m in guests_of["x86_64"]["arch"]["machine"] if "canonical" in m])
        self.assertIn("<arch name='x86_64'>", self.read("Manager.GetCapabilitiesXML").value())
        options = {"architecture": "x86_64", "machine": "q35", "type": "qemu"}
        offered = self.read("Manager.GetDomainCapabilities", options=options).value()
        self.assertIn("virtio", offered["devices"]["disk"]["bus"])
        self.assertIn("<enum name='bus'>", self.read("Manager.GetDomainCapabilitiesXML", options=options).value())
        self.fails("Unsupported", self.read("Manager.GetDomainCapabilities", options={"machine": "no-such-machine"}))
        self.fails("Unsupported", self.read("Manager.GetDomainCapabilitiesXML", options={"type": "xen"}))

    def native(self):
        definition = guests.bios("native", uuid="4dea22b3-1d52-d8f3-2516-782e98ab3fa0")
        answer = self.read("Manager.DomainXMLToNative", xml=definition).value()
        self.assertIn("-machine", answer["command"])
        self.assertIn("<name>native</name>", answer["xml"])
        self.fails("InvalidConfig", self.read("Manager.DomainXMLToNative", xml="<domain/>"))

    def test_manager_reads(self):
        self.addCleanup(self.undefine)
        self.define()
        self.read("Manager.Ping")
        self.read("Manager.GetHostInfo")
        self.assertTrue(self.read("Manager.ListHypervisors").value())
        self.capabilities()
        self.native()
        self.read("Manager.ListFirmware")
        wanted = {"machine": "q35", "with-features": ["secure-boot"], "stateless": False, "domain": path_of(TWINS["rpc"][1])}
        self.assertIn("with secure-boot", self.read("Manager.DescribeFirmware", requirements=wanted).value()["wanted"])
        self.fails("InvalidArgument", self.read("Manager.DescribeFirmware", requirements={"machine": ""}))
        self.assertEqual(self.read("Manager.LookupDomain", key=TWINS["rpc"][0]).value(), path_of(TWINS["rpc"][1]))
        self.fails("NotFound", self.read("Manager.LookupDomain", key="nobody"))
        self.assertEqual(len(self.read("Manager.ListDomains", filter={}).value()), 2)
        self.assertEqual(len(self.read("Manager.ListDomains", filter={"name": "*-bus", "states": ["shut-off"], "active": False}).value()), 1)
        self.fails("InvalidArgument", self.read("Manager.ListDomains", filter={"states": ["asleep"]}))
        self.read("Manager.ListJobs")
        self.read("Manager.GetSnapshot")
        position = self.read("Manager.Subscribe", options={}).value()["position"]
        since = dict(position, sequence=position["sequence"] - 1)
        missed = self.read("Manager.Subscribe", options={"since": since}).value()
        self.assertEqual(len(missed["missed"]), 1)
        self.assertTrue(self.read("Manager.Subscribe", options={"since": {"epoch": "x", "sequence": 1}}).value()["gap"])
        self.fails("InvalidArgument", self.read("Manager.Subscribe", options={"since": {"epoch": "x"}}))
        self.read("Manager.Unsubscribe")

    def test_domain_reads(self):
        self.addCleanup(self.undefine)
        self.define()
        domain = path_of(TWINS["rpc"][1])
        self.assertEqual(self.read("Domain.GetInfo", domain).value()["state"], "shut-off")
        self.assertIn("<name>twin-rpc</name>", self.read("Domain.GetXML", domain, options={}).value())
        self.read("Domain.GetXML", domain, options={"kind": "persistent"})
        self.fails("InvalidState", self.read("Domain.GetXML", domain, options={"kind": "live"}))
        self.fails("InvalidArgument", self.read("Domain.GetXML", domain, options={"kind": "paper"}))
        self.assertTrue(self.read("Domain.GetDefinition", domain, options={}).value())
        self.assertTrue(self.read("Domain.ListConsoles", domain).value())

    def test_define(self):
        self.addCleanup(self.undefine)
        self.define()
        self.define()  # again: not created this time
        definition = self.through_rpc("Domain.GetDefinition", path_of(TWINS["rpc"][1]), options={}).value()
        self.undefine()
        definition = json.loads(json.dumps(definition).replace(TWINS["rpc"][0], "TWIN").replace(TWINS["rpc"][1], "UUID"))
        self.change("Manager.DefineDomain", definition=definition, options={})
        back = {t: self.through_rpc("Domain.GetDefinition", path_of(uuid), options={}).value() for t, (_, uuid) in TWINS.items()}
        self.assertEqual(masked(back["rpc"]), masked(back["bus"]))
        self.assertEqual(masked(back["rpc"]), masked(json.loads(json.dumps(definition))))
        dry = self.change("Manager.DefineDomainXML", xml=guests.bios("TWIN", uuid="UUID"), options={"dry-run": True})
        self.assertIn("<domain", dry["rpc"].value()["xml"])
        for broken in ("<domain", "<domain/>", guests.bios("TWIN", more="<colour>red</colour>"), guests.bios("")):
            self.fails("InvalidConfig", self.change("Manager.DefineDomainXML", xml=broken, options={})["rpc"])
        self.fails("InvalidConfig", self.change("Manager.DefineDomain", definition={"colour": "red"}, options={})["rpc"])
        conflict = self.change("Manager.DefineDomainXML", xml=guests.bios("TWIN", uuid="UUID"), options={"if-revision": 99})
        self.fails("Conflict", conflict["rpc"])

    def test_small_changes(self):
        self.addCleanup(self.undefine)
        self.define()
        self.change("Domain.SetAutostart", autostart=True, options={})
        self.fails("Conflict", self.change("Domain.SetAutostart", autostart=False, options={"if-revision": 99})["rpc"])
        self.change("Domain.Rename", **{"new-name": "TWIN-renamed", "options": {}})
        self.change("Domain.Rename", **{"new-name": "TWIN", "options": {}})
        self.fails("InvalidArgument", self.change("Domain.Rename", **{"new-name": "a/b", "options": {}})["rpc"])
        self.fails("NotApplicable", self.change("Domain.ImportTPM", folder="/nowhere")["rpc"])
        self.undefine()
        self.define(devices="<tpm model='tpm-crb'><backend type='emulator' version='2.0'/></tpm>")
        self.fails("NotFound", self.change("Domain.ImportTPM", folder="/nowhere")["rpc"])
        state = tempfile.TemporaryDirectory()
        self.addCleanup(state.cleanup)
        with open(os.path.join(state.name, "tpm2-00.permall"), "wb") as file:
            file.write(b"a state")
        self.assertIsNone(self.change("Domain.ImportTPM", folder=state.name)["rpc"].error)
        for name in ("Reset", "Suspend", "Resume"):
            self.fails("InvalidState", self.change(f"Domain.{name}", options={})["rpc"])
        self.fails("InvalidState", self.change("Domain.OpenConsole", options={})["rpc"])
        for name in ("Shutdown", "Reboot", "Destroy"):
            answers = self.job(f"Domain.{name}", options={})
            self.fails("InvalidState", answers["rpc"])
        self.change("Domain.Undefine", options={"nvram": "remove"})

    def test_life_of_a_guest(self):
        self.addCleanup(self.undefine)
        self.define()
        self.succeed("Domain.Start", options={"paused": True})
        self.fails("InvalidState", self.job("Domain.Start", options={})["rpc"])
        self.change("Domain.Resume", options={})
        self.change("Domain.Suspend", options={})
        self.change("Domain.Suspend", options={})  # again
        self.change("Domain.Resume", options={})
        self.change("Domain.Reset", options={})
        self.change("Domain.OpenConsole", options={})
        self.fails("NotFound", self.change("Domain.OpenConsole", options={"device": "serial7"})["rpc"])
        self.succeed("Domain.Reboot", options={})
        self.succeed("Domain.Shutdown", options={})
        for transport, (name, uuid) in TWINS.items():
            self.assertEqual(self.read("Domain.GetInfo", path_of(uuid)).value()["state"], "running")
        self.succeed("Domain.Destroy", options={})
        self.compare("Domain.GetInfo", *(self.through_rpc("Domain.GetInfo", path_of(uuid)) for _, uuid in TWINS.values()))

    def test_transient_guests(self):
        self.addCleanup(self.undefine)
        self.succeed("Manager.CreateDomainXML", xml=guests.bios("TWIN", uuid="UUID"), options={"paused": True})
        definition = self.through_rpc("Domain.GetDefinition", path_of(TWINS["rpc"][1]), options={"kind": "live"}).value()
        self.succeed("Domain.Destroy", options={})
        definition = json.loads(json.dumps(definition).replace(TWINS["rpc"][0], "TWIN").replace(TWINS["rpc"][1], "UUID"))
        self.succeed("Manager.CreateDomain", definition=definition, options={"paused": True})
        self.succeed("Domain.Destroy", options={})
        self.fails("InvalidConfig", self.change("Manager.CreateDomainXML", xml="<domain/>", options={})["rpc"])

    def test_variables(self):
        self.addCleanup(self.undefine)
        self.define_uefi()
        domain = path_of(TWINS["rpc"][1])
        mine = {"guid": "11111111-2222-3333-4444-555555555555", "name": "Mine", "data": "00ff"}
        self.assertEqual(self.read("Domain.Firmware.GetStatus", domain).value()["state"], "absent")
        self.change("Domain.Firmware.SetVariable", variable=mine, options={})
        timeout = {"guid": "global", "name": "Timeout", "decoded": {"seconds": 9}}
        self.change("Domain.Firmware.SetVariable", variable=timeout, options={})
        self.fails("Conflict", self.change("Domain.Firmware.SetVariable", variable=mine, options={"if-sha256": "0"})["rpc"])
        self.fails("InvalidArgument", self.change("Domain.Firmware.SetVariable", variable=dict(mine, data="x"), options={})["rpc"])
        self.read("Domain.Firmware.GetStatus", domain)
        self.read("Domain.Firmware.Check", domain)
        self.assertEqual(self.read("Domain.Firmware.GetFirmware", domain).value()["policy"], "follow")
        self.change("Domain.Firmware.SetFirmwarePolicy", policy="ask", options={})
        self.fails("Conflict", self.change("Domain.Firmware.SetFirmwarePolicy", policy="pin", options={"if-revision": 99})["rpc"])
        self.assertFalse(self.change("Domain.Firmware.AcceptFirmware", options={})["rpc"].value())
        got = self.read("Domain.Firmware.GetVariable", domain, name="Timeout", guid="").value()
        self.assertEqual(got["variable"]["decoded"], {"seconds": 9})
        self.fails("NotFound", self.read("Domain.Firmware.GetVariable", domain, name="Nobody", guid=""))
        self.read("Domain.Firmware.ListVariables", domain, filter={"classes": ["settings"], "name": "T*", "guid": "global"})
        exported = self.read("Domain.Firmware.Export", domain, filter={}).value()["variables"]
        self.assertEqual(len(exported), 2)
        self.read("Domain.Firmware.Diff", domain, options={"with": "template"})
        self.read("Domain.Firmware.Diff", domain, options={"other": TWINS["bus"][0]})
        self.change("Domain.Firmware.UnsetVariable", name="Mine", guid="", options={})
        self.change("Domain.Firmware.Import", variables=exported, options={"dry-run": True})
        self.change("Domain.Firmware.Import", variables=exported, options={"replace": True})
        self.change("Domain.Firmware.Compact", options={})
        entry = {"description": "Mine", "device-path": "\\EFI\\x.efi", "position": 0}
        self.change("Domain.Firmware.AddBootEntry", entry=entry, options={})
        self.change("Domain.Firmware.SetBootOrder", order=["Boot0000"], options={})
        self.change("Domain.Firmware.SetBootNext", entry="Boot0000", options={})
        self.change("Domain.Firmware.SetBootEntryActive", entry="Boot0000", active=False, options={})
        self.assertEqual(self.read("Domain.Firmware.ListBootEntries", domain).value()["boot"]["next"], "Boot0000")
        self.change("Domain.Firmware.RemoveBootEntry", entry="Boot0000", options={})
        self.fails("NotFound", self.change("Domain.Firmware.RemoveBootEntry", entry="Boot0000", options={})["rpc"])

    def test_keys_and_reset(self):
        self.addCleanup(self.undefine)
        self.define_uefi()
        domain = path_of(TWINS["rpc"][1])
        hashes = {"pk": CERTIFICATE, "db-hashes": ["ab" * 32]}
        self.change_timed("Domain.Firmware.EnrollKeys", options=hashes)
        self.assertTrue(self.read("Domain.Firmware.GetSecureBoot", domain).value()["secure-boot"]["enabled"])
        refused = self.change("Domain.Firmware.ClearKeys", options={})["rpc"]
        self.fails("NeedsConfirmation", refused)
        self.assertEqual(refused.error["needs"], ["secure-boot-keys"])
        yes = {"confirm": ["secure-boot-keys"]}
        self.change_timed("Domain.Firmware.SetSecureBootEnabled", enabled=False, options=yes)
        self.read("Domain.Firmware.PlanReset", domain, options={"classes": ["secure-boot-keys"]})
        self.change_timed("Domain.Firmware.ClearKeys", options=yes)
        self.change_timed("Domain.Firmware.BackUp")
        history = self.read("Domain.Firmware.GetHistory", domain).value()
        self.change_timed("Domain.Firmware.Restore", backup=history["backups"][-1]["id"], options=yes)
        self.change_timed("Domain.Firmware.Reset", options={"keep": ["settings"], **yes})
        self.change("Domain.Firmware.Prune", options={"keep": 1})
        self.fails("InvalidArgument", self.change("Domain.Firmware.Prune", options={})["rpc"])
        self.change("Domain.Firmware.CancelPendingReset")
        self.change_timed("Domain.Firmware.Migrate", options={})
        self.fails("AlreadyExists", self.change("Domain.Firmware.ImportStore", file=guests.OVMF_VARS)["rpc"])
        self.fails("InvalidArgument", self.change("Domain.Firmware.ImportStore", file="VARS.fd")["rpc"])
        self.undefine()
        self.define_uefi()
        thrown = {s["uuid"]: s["id"] for s in self.read("Manager.ListNvramTrash").value()}
        self.compare("Domain.Firmware.TakeBack",
                     *(call("Domain.Firmware.TakeBack", path_of(uuid), trash=thrown[uuid], options={}) for call, (_, uuid) in
                       zip((self.through_rpc, self.through_bus), TWINS.values())))
        self.undefine()
        self.define_uefi()
        self.change_timed("Domain.Firmware.ImportStore", file=guests.OVMF_VARS)
        self.undefine()
        thrown = [s["id"] for s in self.read("Manager.ListNvramTrash").value()]
        self.compare("Manager.RemoveNvramTrash", self.through_rpc("Manager.RemoveNvramTrash", ids=thrown[:1]),
                     self.through_bus("Manager.RemoveNvramTrash", ids=thrown[1:2]))
        self.define()
        self.fails("NotApplicable", self.change("Domain.Firmware.Reset", options={})["rpc"])
        self.assertEqual(self.read("Domain.Firmware.GetStatus", domain).value()["state"], "not-applicable")

    def test_jobs(self):
        self.addCleanup(self.undefine)
        self.define()
        path = self.daemon.client.call("Domain.Start", domain=TWINS["rpc"][1], options={"paused": True})["job"]
        self.daemon.rpc("Job.Wait", job=path)
        self.read("Job.GetInfo", path)
        self.read("Job.Wait", path, options={"timeout-usec": 1000000})
        self.read("Job.Cancel", path)  # a job that has ended is left as it is
        self.assertEqual(self.read("Job.GetInfo", path).value()["state"], "succeeded")

    def test_a_job_that_fails_fails_alike(self):
        self.addCleanup(self.undefine)
        self.define(devices="<disk type='file' device='disk'><driver name='qemu' type='raw'/><source file='/nowhere/TWIN.img'/>"
                            "<target dev='vda' bus='virtio'/></disk>")
        ends = self.job("Domain.Start", options={})
        self.assertIsNotNone(ends["rpc"].error)

    def test_unknown_options_are_refused_alike(self):
        self.addCleanup(self.undefine)
        self.define()
        job = self.daemon.client.call("Domain.Start", domain=TWINS["rpc"][1], options={"paused": True})["job"]
        self.daemon.rpc("Job.Wait", job=job)
        objects = {None: None, "domain": path_of(TWINS["rpc"][1]), "job": job}
        for method in api.methods():
            for option in (f for f in method.inputs if f.type in api.dictionaries):
                with self.subTest(method.full_name):
                    if option.signature != "a{sv}":
                        continue
                    params = {f.name: sample(f) for f in method.inputs}
                    params[option.name] = sample(option, **{"no-such-key": True})
                    answer = self.read(method.full_name, objects[method.interface.object], **params)
                    self.fails("InvalidArgument", answer)
                    self.assertIn("no-such-key", answer.error["message"])

    def test_unknown_objects(self):
        # D-Bus knows of an object that is not there before Vireo is asked: its own name for the same thing
        for full_name, path in (("Domain.GetInfo", f"{ROOT}/domain/none"), ("Job.GetInfo", f"{ROOT}/job/999999")):
            self.fails("NotFound", self.through_rpc(full_name, path))
            error = self.through_bus(full_name, path).error
            self.assertEqual(error["name"], "org.freedesktop.DBus.Error.UnknownObject")

    def test_the_same_events(self):
        self.addCleanup(self.undefine)
        client = self.daemon.connect()
        self.addCleanup(client.close)
        position = client.call("Manager.Subscribe")["subscription"]["position"]
        bus = self.connect_bus()
        self.addCleanup(bus.close)
        bus.match("type='signal',sender='org.vireo1'")
        self.define()
        self.succeed("Domain.Start", options={"paused": True})
        self.succeed("Domain.Destroy", options={})
        last = self.daemon.client.call("Manager.Subscribe", options={})["subscription"]["position"]["sequence"]
        told = {}
        while len(told) < last - position["sequence"]:
            signal = bus.next_signal()
            if signal.interface.startswith("org.vireo1."):
                fields = api.interfaces[signal.interface.removeprefix("org.vireo1.")].signals[signal.member]
                self.assertEqual("".join(f.signature for f in fields), signal.signature)
                arguments = dict(zip((f.name for f in fields), signal.body))
                told[arguments["stamp"]["sequence"]] = (signal.interface, signal.member, signal.path, arguments)
        replayed = self.through_bus("Manager.Subscribe", options={"since": position}).value()["missed"]
        self.assertEqual(len(replayed), len(told))
        for event in replayed:
            sequence = event["arguments"]["stamp"]["sequence"]
            self.assertEqual((event["interface"], event["signal"], event["object"], event["arguments"]), told[sequence])
        for expected in range(position["sequence"] + 1, last + 1):
            interface, member, path, arguments = told[expected]
            while True:
                notification = client.next_event()
                params = notification["params"]
                if "stamp" in params:  # changes of properties have none
                    break
            self.assertEqual(notification["method"].rsplit(".", 1)[1], member)
            self.assertEqual(params["stamp"]["sequence"], expected)
            self.assertEqual({k: params[k] for k in arguments}, arguments)

    def test_properties_say_what_get_info_says(self):
        self.addCleanup(self.undefine)
        self.define()
        domain = path_of(TWINS["rpc"][1])
        (objects,) = self.bus.call("org.vireo1", ROOT, "org.freedesktop.DBus.ObjectManager", "GetManagedObjects")
        properties = objects[domain]["org.vireo1.Domain"]
        self.assertEqual(set(properties), set(api.interfaces["Domain"].properties))
        info = self.through_rpc("Domain.GetInfo", domain).value()
        for key, name in (("state", "State"), ("reason", "Reason"), ("id", "Id"), ("max-memory-bytes", "MaxMemoryBytes"), ("vcpus", "VCPUCount")):
            self.assertEqual(info[key], properties[name])

    def test_zz_every_method_is_covered(self):
        """Runs last: tests run in the order of their names."""
        self.assertEqual({m.full_name for m in api.methods()} - covered, set(), "never succeeded through both transports")


if __name__ == "__main__":
    unittest.main(verbosity=2)
