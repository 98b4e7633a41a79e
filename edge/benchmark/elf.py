"""What an executable runs on, read from the first bytes of the file. Standard library only."""

from __future__ import annotations

import struct
from pathlib import Path

# The machine numbers of ELF, by the name that Android has for each.
ABIS = {183: "arm64-v8a", 40: "armeabi-v7a", 62: "x86_64", 3: "x86", 243: "riscv64"}


def abi_of(path: str | Path) -> str:
    """Android's name for what an executable runs on, as `"arm64-v8a"`.

    Raises:
        ValueError: it is no executable for Android or Linux.
        OSError: it cannot be read.
    """
    with Path(path).open("rb") as file:
        head = file.read(20)
    if len(head) < 20 or head[:4] != b"\x7fELF" or head[5] not in (1, 2):
        raise ValueError(f"{path} is no program for Android: it is no ELF file.")
    kind, machine = struct.unpack("<HH" if head[5] == 1 else ">HH", head[16:])
    if kind not in (2, 3):  # an executable, or one that may lie anywhere
        raise ValueError(f"{path} is no program that can be started: its ELF type is {kind}.")
    return ABIS.get(machine, f"ELF machine {machine}")
