"""Which library is for this machine, and where it lies: in this folder, one folder a platform.

Standard library only and no other module of the package: `native/package.py` uses it while it builds.
"""

from __future__ import annotations

import platform
import struct
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
CHECKSUM = ".sha256"  # beside the library, as `sha256sum` writes it

# What processors are called: in the name of a folder, and by those who ask them.
PROCESSORS = {
    "x86_64": ("x86_64", "amd64"),
    "aarch64": ("aarch64", "arm64"),
    "armv7l": ("armv7l", "armv8l", "arm"),
}
# A 32-bit Raspberry Pi OS may run a 64-bit kernel, which says what it is and not what the programs are.
IN_32_BITS = {"aarch64": "armv7l"}


def platform_of(system: str, processor: str, bits: int = 64) -> str | None:
    """The name of the folder for a machine, `"linux-aarch64"`; None: the engine is not made for it.

    Args:
        system: as `sys.platform` says it.
        processor: as `platform.machine()` says it.
        bits: of a pointer.
    """
    name = next((name for name, all_of in PROCESSORS.items() if processor.lower() in all_of), None)
    if name is not None and bits == 32 and name != "armv7l":
        name = IN_32_BITS.get(name)
    if name is None or (system == "darwin" and name == "armv7l"):
        return None
    return f"{system}-{name}" if system in ("linux", "darwin") else None


def this_platform() -> str | None:
    """That of the Python that runs this."""
    return platform_of(sys.platform, platform.machine(), struct.calcsize("P") * 8)


def library_path(name: str, folder: Path = HERE) -> Path:
    """Where the library for a platform lies."""
    return folder / name / ("libedge_lstm" + (".dylib" if name.startswith("darwin") else ".so"))
