"""Counts the instructions of an inference on an emulated Arm: the engine's, the runtime's own kernel's."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from tests.pi.machine import MACHINES, PROJECT, Machine, UnavailableError, host, unpack

HERE = Path(__file__).parent
# QEMU's user mode that takes plugins, and the libraries of Debian 12 that it is linked with.
PACKAGES = (
    *("qemu-user", "libcapstone4", "liburing2", "libglib2.0-0", "libnuma1", "libgnutls30", "libp11-kit0"),
    *("libidn2-0", "libunistring2", "libtasn1-6", "libnettle8", "libhogweed6", "libgmp10", "libffi8"),
    "libpcre2-8-0",
)
GETPPID = {"arm64": 173, "armhf": 64}  # its number there
LENGTHS = (50, 150)  # time steps: the difference is that of 100
MODULES = {"ai-edge-litert": "ai_edge_litert.interpreter", "tflite-runtime": "tflite_runtime.interpreter"}


class Place(NamedTuple):
    """A processor: its machine, its name in QEMU (None: the machine's own), the runtime, the engine's set."""

    arch: str
    cpu: str | None
    runtime: str
    isa: str

    @property
    def machine(self) -> Machine:
        """Set up or not."""
        return MACHINES[self.arch]


PLACES = (
    Place("arm64", None, "ai-edge-litert", "neon"),
    Place("arm64", "max", "ai-edge-litert", "dotprod"),
    Place("armhf", None, "tflite-runtime", "neon32"),
)


class Counter:
    """QEMU with the plugin, in a folder of the user's cache.

    Raises:
        UnavailableError: it cannot be had here: no Debian, no network, no C compiler.
    """

    def __init__(self) -> None:
        self.folder = MACHINES["arm64"].folder.parent / "counter-1"
        if not self.folder.exists():
            draft = Path(tempfile.mkdtemp(prefix=".counter-", dir=self.folder.parent))
            try:
                unpack(host(), PACKAGES, draft / "root", with_dependencies=False)
                (draft / "root").rename(self.folder)
            finally:
                shutil.rmtree(draft, ignore_errors=True)
        self.plugin = self.folder / "counter.so"
        compiler = shutil.which("cc") or shutil.which("gcc")
        if compiler is None:
            raise UnavailableError("there is no C compiler here")
        subprocess.run(
            [compiler, "-O2", "-shared", "-fPIC", HERE / "counter.c", "-o", self.plugin], check=True
        )

    def per_step(self, place: Place, library: Path, isa: str, paths: Sequence[Path]) -> list[float]:
        """Instructions of one time step of each file; with `isa` "" those of the runtime's own kernel."""
        with tempfile.TemporaryDirectory() as folder:
            marks = Path(folder) / "marks"
            self._run(
                place, marks, [MODULES[place.runtime], library, isa, ",".join(map(str, LENGTHS)), *paths]
            )
            counts = [int(line) for line in marks.read_text().split()]
        calls = [after - before for before, after in zip(counts[::2], counts[1::2], strict=True)]
        assert len(calls) == 2 * len(paths), calls
        steps = LENGTHS[1] - LENGTHS[0]
        return [(many - few) / steps for few, many in zip(calls[::2], calls[1::2], strict=True)]

    def _run(self, place: Place, marks: Path, arguments: Sequence[str | Path]) -> None:
        machine = place.machine
        root = machine.folder / "root"
        emulator = machine.qemu.removesuffix("-static")
        (libraries,) = self.folder.glob("usr/lib/*-linux-gnu")
        plugin = f"{self.plugin},out={marks},call={GETPPID[place.arch]}"
        there = {"PYTHONPATH": str(machine.folder / "site"), "PYTHONHOME": str(root / "usr")}
        set_there = [word for name, value in there.items() for word in ("-E", f"{name}={value}")]
        command: list[str | Path] = [self.folder / "usr/bin" / emulator, "-plugin", plugin]
        command += ["-cpu", place.cpu or machine.cpu, *machine.libraries(root), *set_there, "-L", root]
        command += [root / "usr/bin/python3.11", HERE / "counted.py", *arguments]
        done = subprocess.run(
            command,
            cwd=PROJECT,
            env={**os.environ, "LD_LIBRARY_PATH": str(libraries), "PYTHONHASHSEED": "0"},
            capture_output=True,
            text=True,
        )
        if done.returncode:
            raise RuntimeError(f"{place}: {done.stderr.strip()[-500:]}")
