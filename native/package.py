"""Builds the engines into the Python packages: for this machine, or with a cross compiler for another.

    python native/package.py [--compiler aarch64-linux-gnu-g++-12]

The libraries go to `edge/native/PLATFORM/` and `keras_lstm_plus/native/PLATFORM/`, each with its checksum
beside it, and say their version: the packages take no other. What is there already and no older than its
sources stays.
"""

from __future__ import annotations

import argparse
import hashlib
import importlib.util
import re
import subprocess
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent
INTO = ROOT / "edge" / "native"
TRAINING_INTO = ROOT / "keras_lstm_plus" / "native"


def _module(path: Path) -> ModuleType:
    """A module by its file: setup.py and a script find no packages here."""
    spec = importlib.util.spec_from_file_location(f"_{path.stem}", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


build = _module(HERE / "build.py")
places = _module(INTO / "places.py")
BuildError: type[Exception] = build.BuildError


def version() -> str:
    """The package's."""
    found = re.search(r'__version__ = "(.+)"', (ROOT / "edge" / "version.py").read_text())
    assert found is not None
    return found.group(1)


def target_of(compiler: str) -> str:
    """The platform that a compiler compiles for.

    Raises:
        BuildError: it is no compiler, or the package knows no such platform.
    """
    try:
        triple = subprocess.run(
            [compiler, "-dumpmachine"], capture_output=True, text=True, check=True
        ).stdout.strip()
    except (OSError, subprocess.CalledProcessError) as error:
        raise BuildError(f"{compiler} is no compiler that works ({error}).") from None
    processor = triple.split("-")[0]
    system = "darwin" if "darwin" in triple else "linux" if "linux" in triple else triple
    bits = 32 if processor.startswith("arm") and processor != "arm64" else 64
    found = places.platform_of(system, processor, bits)
    if found is None:
        raise BuildError(f"{compiler} compiles for {triple}, which the engine is not made for.")
    return str(found)


def build_into_package(compiler: str | None = None) -> Path:
    """The engine for devices in its place; made where it is missing or older than what it is made of.

    Raises:
        BuildError: no compiler, or it fails.
    """
    compiler = compiler or build.find_compiler()
    return _up_to_date(build.DEVICES, places.library_path(target_of(compiler)), compiler)


def build_training_into_package(compiler: str | None = None) -> Path | None:
    """The same of the training engine; None where it is not made for the compiler's target.

    Raises:
        BuildError: no compiler, or it fails.
    """
    compiler = compiler or build.find_compiler()
    target = target_of(compiler)
    if target.endswith("armv7l"):  # there is no TensorFlow to train with
        return None
    made = TRAINING_INTO / target / build.library_name(compiler, build.TRAINING)
    return _up_to_date(build.TRAINING, made, compiler)


def _up_to_date(library: Any, made: Path, compiler: str) -> Path:
    noted = made.with_name(made.name + places.CHECKSUM)
    newest = max(path.stat().st_mtime for path in _sources(library.sources))
    if made.is_file() and noted.is_file() and made.stat().st_mtime >= newest and is_sound(made, noted):
        return made
    noted.unlink(missing_ok=True)  # what is in the middle of being replaced is not taken
    found: Path = build.build(made.parent, compiler, version=version(), library=library)
    noted.write_text(f"{hashlib.sha256(found.read_bytes()).hexdigest()}  {found.name}\n")
    return found


def _sources(folder: Path) -> list[Path]:
    """What a library is made of; those of the training engine take headers of the other one."""
    return [*folder.glob("*.cc"), *HERE.rglob("*.h"), HERE / "build.py", ROOT / "edge" / "version.py"]


def is_sound(made: Path, noted: Path) -> bool:
    """Whether a library is the one that was built."""
    return noted.read_text().startswith(hashlib.sha256(made.read_bytes()).hexdigest())


def main() -> None:
    parser = argparse.ArgumentParser(description="Build the native engine into the package.")
    parser.add_argument("--compiler", help="a C++17 compiler; this machine's by default")
    parser.add_argument("--optional", action="store_true", help="without a compiler, say so and go on")
    arguments = parser.parse_args()
    try:
        print(build_into_package(arguments.compiler))
        print(build_training_into_package(arguments.compiler) or "No training engine for that machine.")
    except BuildError as error:
        if not arguments.optional:
            sys.exit(str(error))
        print(f"Without the native engine: {error} Everything else works.")


if __name__ == "__main__":
    main()
