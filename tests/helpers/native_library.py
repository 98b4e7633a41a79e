"""The native engine in the package, as `make native` leaves it: compiled again where a source changed."""

from __future__ import annotations

import fcntl
from pathlib import Path

import pytest

from native.build import BuildError, find_compiler
from native.package import build_into_package
from tests.helpers.places import ROOT

LOCKS = ROOT / ".cache" / "native"


def built(name: str = "here", compiler: str | None = None) -> Path:
    """The library of these sources, for this machine or another; without a compiler the test is skipped."""
    LOCKS.mkdir(parents=True, exist_ok=True)
    with (LOCKS / f"{name}.lock").open("w") as lock:  # of several processes that test, one compiles
        fcntl.flock(lock, fcntl.LOCK_EX)
        try:
            compiler = find_compiler(compiler)
        except BuildError as error:
            pytest.skip(str(error))
        return build_into_package(compiler)
