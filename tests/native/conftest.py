"""The library, built once for the tests; without a compiler they are skipped."""

from __future__ import annotations

import ctypes
import importlib.util
import os
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from tests.helpers.native_library import built
from tests.helpers.native_worker import NativeWorker
from tests.helpers.runtimes import RUNTIMES


@pytest.fixture(scope="session")
def library() -> Path:
    """The shared library, of these sources."""
    return built()


@pytest.fixture(scope="session")
def isas(library: Path) -> list[str]:
    """The instruction sets that are compiled and that this machine has."""
    functions = ctypes.CDLL(str(library))
    functions.edge_native_isas.restype = ctypes.c_char_p
    os.environ.pop("EDGE_NATIVE_ISA", None)
    return str(functions.edge_native_isas().decode()).split(",")


@pytest.fixture(scope="session")
def start_worker() -> Iterator[Any]:
    """start_worker(runtime): its worker, started once."""
    workers: list[NativeWorker] = []

    @cache
    def start(runtime: str) -> NativeWorker:
        workers.append(NativeWorker(runtime))
        return workers[-1]

    yield start
    for worker in workers:
        worker.__exit__(None, None, None)


@pytest.fixture(params=RUNTIMES)
def worker(request: pytest.FixtureRequest, start_worker: Any) -> NativeWorker:
    """A test that takes this runs once on each runtime."""
    if importlib.util.find_spec(request.param.replace("-", "_")) is None:
        pytest.skip(f"{request.param} is not installed (tflite-runtime ends with Python 3.11)")
    made: NativeWorker = start_worker(request.param)
    return made
