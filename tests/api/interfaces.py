# SPDX-License-Identifier: LGPL-2.1-or-later
"""interfaces/*.xml as data, for tests."""
import glob
import os
import xml.etree.ElementTree as ET

NS = "{urn:vireo:api:1}"


class Field:
    def __init__(self, element):
        self.name, self.signature, self.type = element.get("name"), element.get("type"), element.get(NS + "type")
        self.required = element.get("required") == "true"


    @classmethod
    def of(cls, other, signature):
        """A field of the same type with another signature: an element of an array."""
        field = cls.__new__(cls)
        field.name, field.signature, field.type, field.required = other.name, signature, other.type, other.required
        return field


class Method:
    def __init__(self, interface, element):
        arguments = element.findall("arg")
        self.interface, self.name = interface, element.get("name")
        self.inputs = [Field(a) for a in arguments if a.get("direction") == "in"]
        self.outputs = [Field(a) for a in arguments if a.get("direction") == "out"]

    @property
    def full_name(self):
        return f"{self.interface.brief}.{self.name}"


class Interface:
    def __init__(self, element):
        self.name, self.object = element.get("name"), element.get(NS + "object")
        self.brief = self.name.removeprefix("org.vireo1.")
        self.methods = {m.get("name"): Method(self, m) for m in element.findall("method")}
        self.signals = {s.get("name"): [Field(a) for a in s.findall("arg")] for s in element.findall("signal")}
        self.properties = {p.get("name"): Field(p) for p in element.findall("property")}


class Api:
    def __init__(self, source):
        roots = [ET.parse(path).getroot() for path in sorted(glob.glob(os.path.join(source, "interfaces", "*.xml")))]
        self.interfaces = {i.brief: i for i in (Interface(e) for r in roots for e in r.findall("interface"))}
        self.dictionaries = {d.get("name"): {k.get("name"): Field(k) for k in d.findall(NS + "key")}
                             for r in roots for d in r.findall(NS + "dict")}
        self.enumerations = {e.get("name"): [v.get("name") for v in e.findall(NS + "value")]
                             for r in roots for e in r.findall(NS + "enum")}

    def method(self, full_name):
        brief, name = full_name.rsplit(".", 1)
        return self.interfaces[brief].methods[name]

    def methods(self):
        return [m for i in self.interfaces.values() for m in i.methods.values()]
