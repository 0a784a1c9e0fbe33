# SPDX-License-Identifier: LGPL-2.1-or-later
"""Small EFI programs for a guest's firmware to run: each says one line on the console and ends. Made byte by byte, so
that no compiler for EFI is needed. Sources: Microsoft's PE format; UEFI specification, 2.1.1 "UEFI Images", 4.3
"EFI_SYSTEM_TABLE" (ConOut at 0x40), 12.4 (OutputString at 8)."""
import os
import shutil
import struct
import subprocess

MACHINE = {"x86_64": 0x8664, "aarch64": 0xaa64}
REMOVABLE = {"x86_64": "BOOTX64.EFI", "aarch64": "BOOTAA64.EFI"}  # what firmware boots from a disk without an entry

# SystemTable->ConOut->OutputString(ConOut, text); return EFI_SUCCESS. The text follows.
CODE = {
    "x86_64": bytes.fromhex("4883ec28"          # sub rsp, 0x28
                            "488b4a40"          # mov rcx, [rdx+0x40]
                            "488d150a000000"    # lea rdx, [rip+10]: the text
                            "ff5108"            # call [rcx+8]
                            "31c0"              # xor eax, eax
                            "4883c428"          # add rsp, 0x28
                            "c3"),              # ret
    "aarch64": struct.pack("<8I",
                           0xa9bf7bfd,          # stp x29, x30, [sp, #-16]!
                           0xf9402020,          # ldr x0, [x1, #0x40]
                           0x100000c1,          # adr x1, the text
                           0xf9400402,          # ldr x2, [x0, #8]
                           0xd63f0040,          # blr x2
                           0xd2800000,          # mov x0, #0
                           0xa8c17bfd,          # ldp x29, x30, [sp], #16
                           0xd65f03c0),         # ret
}
PAGE, BLOCK = 0x1000, 0x200


def program(text, architecture="x86_64"):
    """A PE32+ image that says `text` on a line of its own."""
    section = CODE[architecture] + f"\r\n{text}\r\n\0".encode("utf-16-le")
    raw = section + bytes(-len(section) % BLOCK)
    headers = b"MZ" + bytes(58) + struct.pack("<I", 64)
    headers += b"PE\0\0" + struct.pack("<HHIIIHH", MACHINE[architecture], 1, 0, 0, 0, 112 + 16 * 8, 0x22e)
    # The optional header: code, then no data; image base 0; subsystem 10 (EFI application); sixteen empty directories.
    headers += struct.pack("<HBBIIIII", 0x20b, 0, 0, len(raw), 0, 0, PAGE, PAGE)
    headers += struct.pack("<QIIHHHHHHIIIIHH", 0, PAGE, BLOCK, 0, 0, 0, 0, 0, 0, 0, 2 * PAGE, BLOCK, 0, 10, 0)
    headers += struct.pack("<QQQQII", 0, 0, 0, 0, 0, 16) + bytes(16 * 8)
    headers += struct.pack("<8sIIIIIIHHI", b".text", len(section), PAGE, len(raw), BLOCK, 0, 0, 0, 0, 0x60000020)
    assert len(section) <= PAGE and len(headers) <= BLOCK
    return headers.ljust(BLOCK, b"\0") + raw


def disk(path, files):
    """A disk image of 8 MiB with a FAT file system and these files: {"EFI/BOOT/BOOTX64.EFI": bytes}."""
    with open(path, "wb") as image:
        image.truncate(8 << 20)
    run = lambda *command: subprocess.run(command, check=True, capture_output=True, env={**os.environ, "MTOOLS_SKIP_CHECK": "1"})
    run("mformat", "-i", path, "-T", str((8 << 20) // 512), "-h", "16", "-s", "32", "::")
    made = set()
    for name, content in files.items():
        parts = name.split("/")
        for depth in range(1, len(parts)):
            folder = "/".join(parts[:depth])
            if folder not in made:
                run("mmd", "-i", path, f"::{folder}")
                made.add(folder)
        held = path + ".file"
        with open(held, "wb") as file:
            file.write(content)
        run("mcopy", "-i", path, held, f"::{name}")
        os.unlink(held)
    return path


def bootable(path, text, architecture="x86_64", key=None):
    """A disk whose default program says `text`; signed with key (see Key) when one is given."""
    content = program(text, architecture)
    return disk(path, {f"EFI/BOOT/{REMOVABLE[architecture]}": key.sign(content) if key else content})


class Key:
    """A self-signed certificate with its private key, in a folder: NAME.crt (PEM), NAME.key."""

    def __init__(self, folder, name):
        self.name = name
        self.certificate, self.private = os.path.join(folder, name + ".crt"), os.path.join(folder, name + ".key")
        subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "3650", "-subj", f"/CN={name}/",
                        "-keyout", self.private, "-out", self.certificate], check=True, capture_output=True)

    def pem(self):
        with open(self.certificate) as file:
            return file.read()

    def sign(self, image):
        unsigned, signed = self.private + ".efi", self.private + ".signed"
        with open(unsigned, "wb") as file:
            file.write(image)
        subprocess.run(["sbsign", "--key", self.private, "--cert", self.certificate, "--output", signed, unsigned],
                       check=True, capture_output=True)
        with open(signed, "rb") as file:
            return file.read()


def missing_tools(*tools):
    """Those of these programs that are not installed, for a test to be skipped by name."""
    return [tool for tool in tools or ("mformat", "sbsign", "openssl") if not shutil.which(tool)]
