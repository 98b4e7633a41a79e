"""What setup.py does more: the engine goes into the wheel where a C++ compiler is at hand.

CXX=aarch64-linux-gnu-g++-12 pip wheel .    # for another machine: CXX names the compiler
EDGE_WITHOUT_NATIVE=1 pip wheel .           # for every machine, without the engine
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

from native.package import BuildError, build_into_package, places

OLDEST_GLIBC = 17  # 2.17, from which on wheels may name what they need


def engine() -> Path | None:
    """The library, built into the checkout; None, and a sentence, where that cannot be."""
    if os.environ.get("EDGE_WITHOUT_NATIVE"):
        return None
    try:
        return build_into_package()
    except BuildError as error:
        print(f"Without the native engine: {error} Everything else works.", file=sys.stderr)
        return None


def wheel_platform(library: Path) -> str:
    """What pip calls the machines that load it: the processor, and the oldest C library."""
    system, processor = library.parent.name.split("-")
    if system != "linux":
        return sysconfig.get_platform().replace("-", "_").replace(".", "_")
    versions = [int(number) for number in re.findall(rb"GLIBC_2\.(\d+)", library.read_bytes())]
    return f"manylinux_2_{max([OLDEST_GLIBC, *versions])}_{processor}"


class BuildPy(build_py):  # type: ignore[misc]
    """The Python files and the engine."""

    engine: Path | None = None

    def run(self) -> None:
        """Compile, and copy what was compiled. In an editable installation it stays where it is."""
        super().run()
        for left in (Path(self.build_lib) / "edge" / "native").glob("*-*"):  # of another wheel, built before
            shutil.rmtree(left)
        self.engine = engine()
        if self.engine is None or self.editable_mode:
            return
        into = Path(self.build_lib) / "edge" / "native" / self.engine.parent.name
        into.mkdir(parents=True, exist_ok=True)
        for path in (self.engine, self.engine.with_name(self.engine.name + places.CHECKSUM)):
            shutil.copy2(path, into)


class BdistWheel(bdist_wheel):  # type: ignore[misc]
    """A wheel of this platform if the engine is in it: any Python, no ABI."""

    def run(self) -> None:
        """Build first: only then it is known whether there is an engine."""
        self.run_command("build")
        if self.get_finalized_command("build_py").engine is not None:
            self.root_is_pure = False
            self.distribution.has_ext_modules = lambda: True  # to its eyes: not pure Python
        super().run()

    def get_tag(self) -> tuple[str, str, str]:
        """As `("py3", "none", "manylinux_2_35_x86_64")`."""
        library = self.get_finalized_command("build_py").engine
        if self.root_is_pure or library is None:
            python, abi, platform = super().get_tag()
            return python, abi, platform
        return "py3", "none", wheel_platform(library)


COMMANDS: dict[str, Any] = {"build_py": BuildPy, "bdist_wheel": BdistWheel}
