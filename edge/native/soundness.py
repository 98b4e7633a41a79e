"""Whether a file may be handed to the system's loader, which trusts it: a cut one may end the process."""

from __future__ import annotations

import hashlib
import struct
from pathlib import Path

from edge.native.places import CHECKSUM

# The machine numbers of ELF, and bits of a pointer.
MACHINES = {"x86_64": (62, 64), "aarch64": (183, 64), "armv7l": (40, 32)}
NAMES = {62: "x86-64", 183: "64-bit Arm", 40: "32-bit Arm", 3: "32-bit x86", 243: "RISC-V"}
SHARED = 3  # the type of an ELF file that is a library
MACH_O = b"\xcf\xfa\xed\xfe"


def fault(path: Path, platform: str) -> str | None:
    """What is wrong with a library, in a clause: "is cut"; None: nothing.

    Args:
        path: of the file.
        platform: that it is to run on, the name of its folder.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        return f"cannot be read ({error.strerror or error})"
    if platform.startswith("darwin"):
        return _checksum(path, content) if content[:4] == MACH_O else "is no library for macOS"
    return _header(content, platform) or _checksum(path, content)


def _header(content: bytes, platform: str) -> str | None:
    """What the head of an ELF file says against it."""
    if content[:4] != b"\x7fELF" or len(content) < 64:
        return "is no library (it is no ELF file)" if content else "is empty"
    machine, bits = MACHINES[platform.split("-")[1]]
    if content[5] != 1:
        return "is for a machine whose integers are the other way round"
    kind, of = struct.unpack_from("<HH", content, 16)
    if of != machine or content[4] != (2 if bits == 64 else 1):
        return f"is for {NAMES.get(of, f'another processor (ELF machine {of})')}"
    if kind != SHARED:
        return f"is no library (its ELF type is {kind})"
    if bits == 64:
        (sections,), (size, count) = (
            struct.unpack_from("<Q", content, 40),
            struct.unpack_from("<HH", content, 58),
        )
    else:
        (sections,), (size, count) = (
            struct.unpack_from("<I", content, 32),
            struct.unpack_from("<HH", content, 46),
        )
    if sections + size * count > len(content):  # the table of sections is the end of the file
        return f"is cut: {len(content):,} bytes of {sections + size * count:,}"
    return None


def _checksum(path: Path, content: bytes) -> str | None:
    """A copy from a bad connection or a failing disk may have the right length and the wrong bytes."""
    noted = path.with_name(path.name + CHECKSUM)
    try:
        words = noted.read_text(encoding="ascii", errors="replace").split()
    except OSError:
        return f"came without its checksum, {noted.name}"
    if not words or words[0] != hashlib.sha256(content).hexdigest():
        return f"is not what was built ({noted.name} does not fit it)"
    return None
