"""A Raspberry Pi's Python on this machine: Debian's packages of the other architecture, run by QEMU.

Nothing is installed on this machine, and nobody needs to be root: packages are only unpacked, into a folder
of the user's cache. Python there runs `pip install` itself, as on a Pi. Numbers that it computes are those of
an Arm; times mean nothing.
"""

from __future__ import annotations

import getpass
import hashlib
import os
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.helpers import wheels

PROJECT = Path(__file__).parent.parent.parent
PYTHON = "python3.11"  # of Debian 12 and its Raspberry Pi OS; the last one that tflite-runtime was built for
COMMON = (PYTHON, "libstdc++6", "libgcc-s1", "zlib1g", "python3-pip-whl")
RECIPE = 1  # a higher number sets everything up anew

# ai-edge-litert reads it to know the processor, and fails without it.
PROCESSOR = (
    "processor\t: {}\nBogoMIPS\t: 108.00\nFeatures\t: fp asimd evtstrm crc32 cpuid\nCPU implementer\t: 0x41\n"
    "CPU architecture: 8\nCPU variant\t: 0x0\nCPU part\t: 0xd08\nCPU revision\t: 3\n\n"
)
MODEL = "Raspberry Pi 4 Model B Rev 1.4"


class UnavailableError(Exception):
    """Why there can be no such machine here; what a test is skipped with."""


@dataclass(frozen=True)
class Machine:
    """One architecture.

    Attributes:
        arch: as Debian calls it.
        machine: as Linux calls it.
        qemu, cpu: what runs it.
        compiler: what makes programs for it here.
        packages: of Debian, beside the common ones.
        extra: what is installed of this project: `pip install ".[extra]"`.
        others: what goes beside it into a folder of its own: the other runtime.
    """

    arch: str
    machine: str
    qemu: str
    cpu: str
    compiler: str
    extra: str
    packages: tuple[str, ...] = ()
    others: tuple[str, ...] = ()

    @property
    def folder(self) -> Path:
        """Where it lies; another one when what is installed changes."""
        cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
        made_of = (RECIPE, self, (PROJECT / "setup.py").read_text())
        key = hashlib.sha256(repr(made_of).encode()).hexdigest()[:12]
        return cache / "keras-lstm-plus" / "pi" / f"{self.arch}-{key}"

    def python(self, runtime: str = "") -> Path:
        """The command that starts Python there, with the other runtime if that is named."""
        return self.folder / (f"python-{runtime}" if runtime in OTHER else "python")

    def run(
        self, arguments: Sequence[str | Path], runtime: str = "", **environment: str
    ) -> subprocess.CompletedProcess[str]:
        """Run Python there, to its end."""
        return subprocess.run(
            [self.python(runtime), *arguments],
            capture_output=True,
            text=True,
            cwd=self.folder,
            env={**os.environ, **environment},
        )

    def pip(self, folder: Path, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
        """pip there, which installs nothing that has to be built.

        It is not started by the `python` command: pip looks into the file of its interpreter for what that
        can load, and a script tells it nothing.
        """
        (pip,) = (folder / "root/usr/share/python-wheels").glob("pip-*.whl")
        command = [*self._emulator(folder), folder / f"root/usr/bin/{PYTHON}", pip / "pip", *arguments]
        return subprocess.run(
            command,
            capture_output=True,
            text=True,
            cwd=folder,
            env={**os.environ, "PYTHONNOUSERSITE": "1", "PYTHONWARNINGS": "ignore"},
        )

    def set_up(self) -> None:
        """Make it, unless it is there.

        Raises:
            UnavailableError: it cannot be had here.
            RuntimeError: the installation of this project failed.
        """
        if self.folder.exists():
            return
        for tool in ("apt-get", "dpkg-deb", "dpkg"):
            if shutil.which(tool) is None:
                raise UnavailableError(f"there is no {tool} here; a Debian is needed")
        self.folder.parent.mkdir(parents=True, exist_ok=True)
        draft = Path(tempfile.mkdtemp(prefix=f".{self.arch}-", dir=self.folder.parent))
        draft.chmod(0o755)
        try:
            unpack(host(), ("qemu-user-static",), draft / "host", with_dependencies=False)
            unpack(self.arch, (*COMMON, *self.packages), draft / "root")
            self._furnish(draft)
            self._install(draft)
            _replace(draft, self.folder)
        finally:
            shutil.rmtree(draft, ignore_errors=True)

    def _furnish(self, folder: Path) -> None:
        """The files that are not in a package, and the commands."""
        root = folder / "root"
        (root / "proc/device-tree").mkdir(parents=True)
        (root / "proc/cpuinfo").write_text(
            "".join(PROCESSOR.format(core) for core in range(4)) + f"Model\t\t: {MODEL}\n"
        )
        (root / "proc/device-tree/model").write_text(MODEL + "\0")
        emulator = " ".join(str(word) for word in self._emulator(Path("$HERE")))
        for name, sites in (("python", ("site",)), ("python-tflite-runtime", ("other", "site"))):
            script = folder / name
            path = ":".join(f"$HERE/{site}" for site in sites)
            # -0: Python then starts others by this script, too.
            script.write_text(
                f'#!/bin/sh\nHERE=$(dirname "$0")\n'
                f'export PYTHONPATH="${{PYTHONPATH:+$PYTHONPATH:}}{path}" PYTHONHOME="$HERE/root/usr"\n'
                f"export PYTHONNOUSERSITE=1 PYTHONDONTWRITEBYTECODE=1\n"
                f'exec {emulator} -0 "$0" "$HERE/root/usr/bin/{PYTHON}" "$@"\n'
            )
            script.chmod(0o755)

    def _install(self, folder: Path) -> None:
        """What a person does on a Pi: pip install ".[edge]"."""
        with tempfile.TemporaryDirectory() as place:
            wheel = build_wheel(Path(place) / "wheel", self.compiler)
            common = ("install", "--quiet", "--no-compile", "--only-binary=:all:", "--break-system-packages")
            # --prefix, not --target: what Debian has is not installed again.
            for done in (
                self.pip(folder, *common, "--prefix", folder / "prefix", f"{wheel}[{self.extra}]"),
                *(
                    self.pip(folder, *common, "--target", folder / "other", *self.others)
                    for _ in self.others[:1]
                ),
            ):
                if done.returncode:
                    raise RuntimeError(f"pip there: {done.stderr.strip() or done.stdout.strip()}")
        (site,) = (folder / "prefix").rglob("*-packages")
        (folder / "site").symlink_to(site.relative_to(folder))

    def _emulator(self, folder: Path) -> list[str | Path]:
        own = self.libraries(folder / "root")
        return [folder / "host/usr/bin" / self.qemu, "-cpu", self.cpu, *own, "-L", folder / "root"]

    def libraries(self, root: Path) -> list[str]:
        """What QEMU is told of libraries that the system there would find by a link."""
        atlas = root / "usr/lib/arm-linux-gnueabihf/atlas"
        return ["-E", f"LD_LIBRARY_PATH={atlas}"] if self.arch == "armhf" else []


MACHINES = {
    machine.arch: machine
    for machine in (
        Machine(
            "arm64",
            "aarch64",
            "qemu-aarch64-static",
            "cortex-a72",
            "aarch64-linux-gnu-g++-12",
            extra="edge",
            others=("tflite-runtime==2.14.0", "numpy<2"),
        ),
        Machine(
            "armhf",
            "armv7l",
            "qemu-arm-static",
            "cortex-a7",
            "arm-linux-gnueabihf-g++-12",
            extra="edge-armv7",
            packages=("python3-numpy", "libatlas3-base"),
        ),
    )
}
OTHER = ("tflite-runtime",)


def host() -> str:
    """The architecture of this machine, as Debian calls it.

    Raises:
        UnavailableError: this is no Debian.
    """
    if shutil.which("dpkg") is None:
        raise UnavailableError("there is no dpkg here; a Debian is needed")
    return _run("dpkg", "--print-architecture").strip()


def unpack(arch: str, packages: Sequence[str], folder: Path, with_dependencies: bool = True) -> None:
    """Debian's packages for an architecture, unpacked into a folder.

    Raises:
        UnavailableError: they cannot be had: no network, another Debian.
    """
    with tempfile.TemporaryDirectory() as place:
        apt, debs = Path(place), Path(place) / "cache/archives"
        for each in ("state/lists/partial", "cache/archives/partial"):
            (apt / each).mkdir(parents=True)
        (apt / "status").touch()  # as if nothing were installed
        options = {
            "APT::Architecture": arch,
            "APT::Architectures": arch,
            "APT::Sandbox::User": getpass.getuser(),
            "Acquire::Languages": "none",
            "Acquire::Retries": 2,
            "Dir::State": apt / "state",
            "Dir::State::status": apt / "status",
            "Dir::Cache": apt / "cache",
        }
        command = [
            "apt-get",
            "-q",
            *(word for name, value in options.items() for word in ("-o", f"{name}={value}")),
        ]
        # One of several lists may be out of step; what counts is whether the packages are found.
        subprocess.run([*command, "update"], capture_output=True)
        if with_dependencies:
            _run(*command, "--yes", "--no-install-recommends", "--download-only", "install", *packages)
        else:
            _run(*command, "download", *packages, cwd=debs)
        folder.mkdir(parents=True, exist_ok=True)
        for deb in sorted(debs.glob("*.deb")):
            _run("dpkg-deb", "--extract", deb, folder)


def build_wheel(folder: Path, compiler: str) -> Path:
    """This project as a wheel; with the native engine where the cross compiler is installed."""
    engine = {"CXX": compiler} if shutil.which(compiler) else {"EDGE_WITHOUT_NATIVE": "1"}
    return wheels.build_wheel(folder, "--quiet", environment=engine)[0]


def _run(*command: str | Path, cwd: Path | None = None) -> str:
    done = subprocess.run(command, capture_output=True, text=True, cwd=cwd)
    if done.returncode:
        last = (done.stderr.strip().splitlines() or ["no reason given"])[-1]
        raise UnavailableError(f"{command[0]} cannot get what is needed: {last}")
    return done.stdout


def _replace(draft: Path, folder: Path) -> None:
    """Whole or not at all; somebody else may have been faster."""
    try:
        draft.rename(folder)
    except OSError:
        if not folder.exists():
            raise
