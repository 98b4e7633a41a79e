"""Builds the native engines: two shared libraries, of one machinery.

    python native/build.py --out DIR [--compiler aarch64-linux-gnu-g++-12] [--training]

One both TensorFlow Lite runtimes load as a delegate; the other, of `training/`, is what the Keras layer
trains with. The standard library and a C++17 compiler are all they need. Every instruction set is compiled
from the same source (kernels.cc) with flags of its own; the library picks one when it is loaded.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

HERE = Path(__file__).resolve().parent
VERSION = "1.0"
SANITIZERS = ("address,undefined", "thread")
COMPILERS = ("g++", "clang++", "c++")
FLAGS = ("-std=c++17", "-O3", "-fPIC", "-fvisibility=hidden", "-fno-math-errno", "-Wall", "-Wextra")
# GCC warns of its own headers for AVX-512, and of vectors as arguments, which are all inlined.
QUIET = ("-Wno-uninitialized", "-Wno-maybe-uninitialized", "-Wno-psabi")
STATIC = (
    "-static-libstdc++",
    "-static-libgcc",  # a device's own may be older, and the runtime has one inside
    "-Wl,--exclude-libs,ALL",  # ours is not seen by others,
    "-Wl,--gc-sections",  # and of it stays what is called
)

# By processor: the flags of each instruction set. What is not named is compiled for the least of the family.
X86 = ("-mfma", "-mf16c", "-mavx2")
INSTRUCTION_SETS: dict[str, dict[str, tuple[str, ...]]] = {
    "x86_64": {
        "avx512vnni": (*X86, "-mavx512f", "-mavx512bw", "-mavx512dq", "-mavx512vl", "-mavx512vnni"),
        "avxvnni": (*X86, "-mavxvnni"),
        "avx2": X86,
        "portable": ("-DEDGE_PORTABLE",),
    },
    "aarch64": {
        "dotprod": ("-march=armv8.2-a+dotprod",),
        "neon": ("-march=armv8-a",),
        "portable": ("-DEDGE_PORTABLE",),
    },
    "arm": {
        # GCC uses NEON for floats with this flag alone: NEON of 32 bits flushes what is next to zero.
        "neon32": ("-march=armv7-a", "-mfpu=neon-vfpv4", "-mfloat-abi=hard", "-funsafe-math-optimizations"),
        "portable": ("-march=armv7-a", "-mfpu=vfpv3-d16", "-mfloat-abi=hard", "-DEDGE_PORTABLE"),
    },
    "": {"portable": ("-DEDGE_PORTABLE",)},
}
# What the training engine is compiled for: where TensorFlow is.
TRAINING_SETS: dict[str, dict[str, tuple[str, ...]]] = {
    "x86_64": {
        "avx512": (*X86, "-mavx512f", "-mavx512bw", "-mavx512dq", "-mavx512vl"),
        "avx2": X86,
        "portable": ("-DEDGE_PORTABLE",),
    },
    "aarch64": {"neon": ("-march=armv8-a",), "portable": ("-DEDGE_PORTABLE",)},
    "": {"portable": ("-DEDGE_PORTABLE",)},
}
PLAIN_FLAGS = {"arm": ("-march=armv7-a", "-mfpu=vfpv3-d16", "-mfloat-abi=hard")}


class BuildError(Exception):
    """The library cannot be built here; the message is a sentence."""


class Library(NamedTuple):
    """One of the libraries.

    Attributes:
        name: of the file, without its ending.
        sources: the folder of its sources.
        sets: the flags of each instruction set, by the family of the processor.
        links: flags of the linker.
    """

    name: str
    sources: Path
    sets: dict[str, dict[str, tuple[str, ...]]]
    links: tuple[str, ...] = ()


DEVICES = Library("libedge_lstm", HERE, INSTRUCTION_SETS)
TRAINING = Library("libkeras_lstm", HERE / "training", TRAINING_SETS, ("-pthread",))


def library_name(compiler: str | None = None, library: Library = DEVICES) -> str:
    """The file's name on the system that the compiler compiles for."""
    target = _target(compiler or find_compiler())
    return library.name + (".dylib" if "darwin" in target else ".so")


def find_compiler(compiler: str | None = None) -> str:
    """That C++ compiler, or this machine's: $CXX, or the first of the usual ones.

    Raises:
        BuildError: it is not there; or there is none.
    """
    if compiler is not None:
        if shutil.which(compiler):
            return compiler
        raise BuildError(f"There is no compiler {compiler}. Install it, or leave --compiler out.")
    for name in (os.environ.get("CXX", ""), *COMPILERS):
        if name and shutil.which(name):
            return name
    raise BuildError("No C++ compiler was found. Install one (Debian: apt-get install g++), or set CXX.")


def build(
    out: Path,
    compiler: str | None = None,
    extra: tuple[str, ...] = (),
    version: str = VERSION,
    library: Library = DEVICES,
) -> Path:
    """Compiles everything into `out`, and returns the library's path.

    Args:
        out: a folder; it is made.
        compiler: a C++17 compiler, or None for this machine's. A cross compiler builds for its own target.
        extra: flags more, as `-fsanitize=address`.
        version: what the library says its version is.
        library: which of the two.

    Raises:
        BuildError: there is no such compiler, or it fails; with what it printed first.
    """
    compiler = find_compiler(compiler)
    out.mkdir(parents=True, exist_ok=True)
    made = out / library_name(compiler, library)
    apple = made.suffix == ".dylib"
    with tempfile.TemporaryDirectory() as folder:
        objects = _compile(compiler, library.sources.glob("*.cc"), Path(folder), extra, version, library.sets)
        linked = Path(folder) / made.name
        static = () if apple else (*STATIC, "-s")
        _run([compiler, "-shared", *extra, *static, *objects, *library.links, "-o", str(linked)])
        # In one move: who reads it meanwhile has the old one or the new one.
        beside = made.with_name(f".{made.name}.new")
        shutil.copy2(linked, beside)
        os.replace(beside, made)
    return made


def check(out: Path, compiler: str | None = None) -> bool:
    """Runs every kernel and the delegate under each of the sanitizers (`check/`); whether all went well."""
    compiler = find_compiler(compiler)
    out.mkdir(parents=True, exist_ok=True)
    well = True
    for sanitizer in SANITIZERS:
        flags = (
            f"-fsanitize={sanitizer}",
            "-fno-sanitize-recover=all",
            "-fno-omit-frame-pointer",
            "-g1",
            "-O1",
        )
        program = out / f"check-{sanitizer.split(',')[0]}"
        with tempfile.TemporaryDirectory() as folder:
            sources = [*HERE.glob("*.cc"), *(HERE / "check").glob("*.cc")]
            objects = _compile(compiler, sources, Path(folder), flags, VERSION)
            _run([compiler, *flags, *objects, "-pthread", "-o", str(program)])
        print(f"{sanitizer}:", flush=True)
        well = subprocess.run([program]).returncode == 0 and well
    return well


def _compile(
    compiler: str,
    sources: Iterable[Path],
    folder: Path,
    extra: tuple[str, ...],
    version: str,
    sets: dict[str, dict[str, tuple[str, ...]]] = INSTRUCTION_SETS,
) -> list[str]:
    """Every source into an object in `folder`, the kernels once for each instruction set."""
    family = _family(_target(compiler))
    shared = (*FLAGS, *extra, f'-DEDGE_VERSION="{version}"')
    jobs: list[tuple[Path, str, tuple[str, ...]]] = []
    for path in sorted(sources):
        if path.name != "kernels.cc":
            jobs.append((path, path.stem, (*shared, *PLAIN_FLAGS.get(family, ()))))
            continue
        for name, flags in sets[family].items():
            jobs.append((path, f"kernels_{name}", (*shared, *flags, *QUIET, f"-DEDGE_ISA={name}")))

    def compile_one(job: tuple[Path, str, tuple[str, ...]]) -> str:
        source, name, flags = job
        made = str(folder / f"{name}.o")
        _run([compiler, *flags, "-c", str(source), "-o", made])
        return made

    with ThreadPoolExecutor(os.cpu_count() or 1) as pool:
        return list(pool.map(compile_one, jobs))


def _target(compiler: str) -> str:
    return subprocess.run(
        [compiler, "-dumpmachine"], capture_output=True, text=True, check=True
    ).stdout.strip()


def _family(target: str) -> str:
    processor = target.split("-")[0]
    if processor in ("x86_64", "amd64"):
        return "x86_64"
    if processor in ("aarch64", "arm64"):
        return "aarch64"
    return "arm" if processor.startswith("arm") else ""


def _run(command: list[str]) -> None:
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        first = next(
            (line for line in done.stderr.splitlines() if "error" in line), done.stderr.strip()[:300]
        )
        raise BuildError(f"{command[0]} failed: {first}")


def main() -> None:
    parser = argparse.ArgumentParser(description="Build the native engine.")
    parser.add_argument("--out", type=Path, required=True, help="the folder that the library is written to")
    parser.add_argument("--compiler", help="a C++17 compiler; this machine's by default")
    parser.add_argument("--flag", action="append", default=[], help="one compiler flag more")
    parser.add_argument("--training", action="store_true", help="the engine that the Keras layer trains with")
    parser.add_argument("--check", action="store_true", help="no library: run all of it under sanitizers")
    arguments = parser.parse_args()
    try:
        if arguments.check:
            sys.exit(not check(arguments.out, arguments.compiler))
        library = TRAINING if arguments.training else DEVICES
        print(build(arguments.out, arguments.compiler, tuple(arguments.flag), library=library))
    except BuildError as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
