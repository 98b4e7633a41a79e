<<<<<<< HEAD
"""The native engine in the package, as `make native` leaves it."""

from __future__ import annotations

from functools import cache
=======
"""The library for the tests: compiled once, and again where a source has changed."""

from __future__ import annotations

import fcntl
>>>>>>> native-2
from pathlib import Path

import pytest

<<<<<<< HEAD
from native.build import BuildError, find_compiler
from native.package import build_into_package


@cache
def built() -> Path:
    """The library in the package, made of these sources; without a compiler the test is skipped."""
    try:
        find_compiler()
    except BuildError as error:
        pytest.skip(str(error))
    return build_into_package()
=======
from native.build import BuildError, build, find_compiler
from tests.helpers.places import ROOT

KEPT = ROOT / ".cache" / "native"


def built(name: str = "here", compiler: str | None = None) -> Path:
    """The library of these sources; without a compiler the test is skipped."""
    newest = max(path.stat().st_mtime for path in (ROOT / "native").iterdir() if path.is_file())
    folder = KEPT / name
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lock").open("w") as lock:  # of several processes that test, one compiles
        fcntl.flock(lock, fcntl.LOCK_EX)
        for made in folder.glob("libedge_lstm.*"):
            if made.stat().st_mtime >= newest:
                return made
        try:
            compiler = find_compiler(compiler)
        except BuildError as error:
            pytest.skip(str(error))
        return build(folder, compiler)
>>>>>>> native-2
