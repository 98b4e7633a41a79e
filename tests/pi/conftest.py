"""The Arm machines of the tests in this folder, and Python processes that run there."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from functools import lru_cache
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np
import pytest

from tests.pi.machine import MACHINES, PROJECT, Machine, UnavailableError

THERE = Path(__file__).parent / "there.py"
PLACES = (("arm64", "ai-edge-litert"), ("arm64", "tflite-runtime"), ("armhf", "tflite-runtime"))


def pytest_configure(config: pytest.Config) -> None:
    """The mark of the tests in this folder."""
    config.addinivalue_line("markers", "pi: on an emulated Raspberry Pi; `make test-pi` runs it")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """They need packages from the network: they run when asked for."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.pi)


class There:
    """A Python process on a machine, with one of its runtimes. Use it as a context manager."""

    def __init__(self, machine: Machine, runtime: str, code: Path) -> None:
        self.machine, self.runtime = machine, runtime
        self._process = subprocess.Popen(
            [machine.python(runtime), THERE],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            env={**os.environ, "PYTHONPATH": str(code)},
        )

    def ask(self, how: str, path: Path | None = None, *inputs: np.ndarray, **more: Any) -> dict[str, Any]:
        """What `tests/pi/there.py` answers; its errors are raised here as RuntimeError."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        request = {
            "how": how,
            "file": str(path),
            "runtime": self.runtime,
            "inputs": [each.tolist() for each in inputs],
            **more,
        }
        self._process.stdin.write(json.dumps(request) + "\n")
        self._process.stdin.flush()
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError(f"the process on {self.machine.arch} ended with {self._process.wait()}")
        answer: dict[str, Any] = json.loads(line)
        if "error" in answer:
            raise RuntimeError(answer["error"])
        return answer

    def __enter__(self) -> There:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.kill()
        self._process.communicate()


@lru_cache
def set_ups() -> dict[str, Future[None]]:
    """All machines, being set up side by side."""
    pool = ThreadPoolExecutor(len(MACHINES))
    return {arch: pool.submit(machine.set_up) for arch, machine in MACHINES.items()}


def ready(arch: str) -> Machine:
    """A machine, set up; or the test is skipped."""
    try:
        set_ups()[arch].result()
    except UnavailableError as error:
        pytest.skip(f"no emulated Raspberry Pi ({arch}): {error}")
    return MACHINES[arch]


@pytest.fixture(scope="session", params=sorted(MACHINES))
def machine(request: pytest.FixtureRequest) -> Machine:
    """Each architecture."""
    return ready(request.param)


@pytest.fixture(scope="session")
def device_half(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with `edge` alone, as copied to a device."""
    folder = tmp_path_factory.mktemp("device")
    shutil.copytree(
        PROJECT / "edge", folder / "edge", ignore=shutil.ignore_patterns("convert", "__pycache__")
    )
    return folder


@pytest.fixture(scope="session", params=PLACES, ids="-".join)
def there(request: pytest.FixtureRequest, device_half: Path) -> Iterator[There]:
    """Each architecture with each runtime that it has."""
    arch, runtime = request.param
    with There(ready(arch), runtime, device_half) as process:
        yield process
