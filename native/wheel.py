"""What setup.py does more: the engines go into the wheel where a C++ compiler is at hand.

CXX=aarch64-linux-gnu-g++-12 pip wheel .    # for another machine: CXX names the compiler
EDGE_WITHOUT_NATIVE=1 pip wheel .           # for every machine, without the engines
"""

from __future__ import annotations

import os
import re
import shutil
import sys
import sysconfig
from pathlib import Path
from typing import Any

from setuptools.command.bdist_wheel import bdist_wheel
from setuptools.command.build_py import build_py

from native.package import BuildError, build_into_package, build_training_into_package, places

ROOT = Path(__file__).resolve().parent.parent
OLDEST_GLIBC = 17  # 2.17, from which on wheels may name what they need


# Where in the packages the libraries are, one folder a platform.
FOLDERS = (Path("edge") / "native", Path("keras_lstm_plus") / "native")


def engines() -> list[Path]:
    """The libraries, built into the checkout; none, and a sentence, where that cannot be."""
    if os.environ.get("EDGE_WITHOUT_NATIVE"):
        return []
    try:
        return [path for path in (build_into_package(), build_training_into_package()) if path is not None]
    except BuildError as error:
        print(f"Without the native engine: {error} Everything else works.", file=sys.stderr)
        return []


def wheel_platform(libraries: list[Path]) -> str:
    """What pip calls the machines that load them: the processor, and the oldest C library."""
    system, processor = libraries[0].parent.name.split("-")
    if system != "linux":
        return sysconfig.get_platform().replace("-", "_").replace(".", "_")
    content = b"".join(library.read_bytes() for library in libraries)
    versions = [int(number) for number in re.findall(rb"GLIBC_2\.(\d+)", content)]
    return f"manylinux_2_{max([OLDEST_GLIBC, *versions])}_{processor}"


class BuildPy(build_py):  # type: ignore[misc]
    """The Python files and the engines."""

    engines: tuple[Path, ...] = ()

    def run(self) -> None:
        """Compile, and copy what was compiled. In an editable installation it stays where it is."""
        super().run()
        for folder in FOLDERS:
            for left in (Path(self.build_lib) / folder).glob("*-*"):  # of another wheel, built before
                shutil.rmtree(left)
        self.engines = tuple(engines())
        if self.editable_mode:
            return
        for engine in self.engines:
            into = Path(self.build_lib) / engine.parent.relative_to(ROOT)
            into.mkdir(parents=True, exist_ok=True)
            for path in (engine, engine.with_name(engine.name + places.CHECKSUM)):
                shutil.copy2(path, into)


class BdistWheel(bdist_wheel):  # type: ignore[misc]
    """A wheel of this platform if the engines are in it: any Python, no ABI."""

    def run(self) -> None:
        """Build first: only then it is known whether there is an engine."""
        self.run_command("build")
        if self.get_finalized_command("build_py").engines:
            self.root_is_pure = False
            self.distribution.has_ext_modules = lambda: True  # to its eyes: not pure Python
        super().run()

    def get_tag(self) -> tuple[str, str, str]:
        """As `("py3", "none", "manylinux_2_35_x86_64")`."""
        libraries = self.get_finalized_command("build_py").engines
        if self.root_is_pure or not libraries:
            python, abi, platform = super().get_tag()
            return python, abi, platform
        return "py3", "none", wheel_platform(list(libraries))


COMMANDS: dict[str, Any] = {"build_py": BuildPy, "bdist_wheel": BdistWheel}
