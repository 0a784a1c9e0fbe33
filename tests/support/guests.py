# SPDX-License-Identifier: LGPL-2.1-or-later
"""Definitions that tests use: small, and run by TCG, so that no KVM is needed."""
import os
import struct
import unittest
import uuid as uuid_module

OVMF_CODE = "/usr/share/OVMF/OVMF_CODE_4M.fd"
OVMF_VARS = "/usr/share/OVMF/OVMF_VARS_4M.fd"


def read(path):
    with open(path, "rb") as file:
        return file.read()


TEMPLATE = read(OVMF_VARS) if os.path.exists(OVMF_VARS) else None
needs_ovmf = unittest.skipUnless(TEMPLATE, "Debian's package ovmf is not installed")


def domain(name, os="", devices="", memory=128, features="<acpi/><apic/>", more="", uuid=None, emulator=None):
    """A q35 guest without disks; os and devices are what goes into these elements."""
    uuid_element = f"<uuid>{uuid}</uuid>" if uuid else ""
    emulator_element = f"<emulator>{emulator}</emulator>" if emulator else ""
    firmware = " firmware='efi'" if "<firmware>" in os or "<!--efi-->" in os else ""
    return f"""<domain type='qemu'>
  <name>{name}</name>{uuid_element}
  <memory unit='MiB'>{memory}</memory>
  <vcpu>1</vcpu>
  <os{firmware}><type arch='x86_64' machine='q35'>hvm</type>{os}</os>
  <features>{features}</features>{more}
  <devices>{emulator_element}{devices}</devices>
</domain>"""


def bios(name, **more):
    """The smallest guest: SeaBIOS, nothing to boot from."""
    return domain(name, **more)


def uefi(name, **more):
    """Plain OVMF (no Secure Boot) that ends in the EFI shell on its serial port."""
    more.setdefault("memory", 256)
    more["devices"] = "<serial type='pty'/>" + more.get("devices", "")
    return domain(name, os="<firmware><feature enabled='no' name='secure-boot'/></firmware>" + more.pop("os", ""), **more)


class Shell:
    """The EFI shell of a uefi() guest, on its serial port."""
    LIMIT = 240.0  # seconds for the firmware to come so far on a machine with much else to do

    def __init__(self, console):
        self.console = console

    def ready(self):
        """Waits for the prompt, without the five seconds in which the firmware waits for a key."""
        self.console.wait_for("Press ESC", self.LIMIT)
        self.console.type("\x1b")
        self.console.wait_for("Shell>", self.LIMIT)
        return self

    def type(self, command):
        """Types a command once it was taken in whole, then Enter: firmware drops what comes too fast."""
        for attempt in range(10):
            self.console.text = ""
            self.console.type(command)
            try:
                self.console.wait_for(command, 5)
                break
            except AssertionError:
                self.console.type("\x1b")  # empties the line
        self.console.type("\r")

    def run(self, command):
        """What the command said."""
        self.type(command)
        return self.console.wait_for("Shell>", self.LIMIT)


def used_store(template, name="VireoTest", data=b"was here"):
    """A template of 4 MiB OVMF with one more variable, as the firmware would write it (EDK2, VariableFormat.h)."""
    first = 0x64
    assert template[first:first + 2] != b"\xaa\x55", "the template has variables of its own"
    text = name.encode("utf-16-le") + b"\0\0"
    vendor = uuid_module.UUID("11111111-2222-3333-4444-555555555555").bytes_le
    header = struct.pack("<HBBIQ16sIII", 0x55aa, 0x3f, 0, 0x3, 0, bytes(16), 0, len(text), len(data)) + vendor
    record = header + text + data
    return template[:first] + record + template[first + len(record):]


def scribble(path, text=b"a guest was here"):
    """Changes a variable store as a guest would, keeping it one that firmware takes; gives its bytes."""
    with open(path, "r+b") as store:
        store.seek(-len(text), 2)
        store.write(text)
        store.seek(0)
        return store.read()
