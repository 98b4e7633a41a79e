"""The library for the tests: compiled once, and again where a source has changed."""

from __future__ import annotations

import fcntl
from pathlib import Path

import pytest

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
