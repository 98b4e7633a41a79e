"""The two runtimes, each in a worker process of its own for the whole session."""

from __future__ import annotations

import gc
import importlib.util
import sys
import zlib
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from functools import cache

import pytest

from tests.helpers.runtimes import RUNTIMES, Runtime
from tests.wide import COLLECTED, left_to_test_all, wide_among


@pytest.hookimpl(tryfirst=True)  # before pytest chooses by the marks
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    nodes = [item.nodeid for item in items]
    config.stash[COLLECTED] = nodes
    wide = wide_among(nodes)
    rest = left_to_test_all(node for node in nodes if node in wide)
    for item in items:
        if item.nodeid in wide:
            item.add_marker(pytest.mark.wide)
        if item.nodeid in rest:
            item.add_marker(pytest.mark.slow)


def pytest_collection_finish() -> None:
    """What the imports left behind stays: each conversion has TensorFlow collect garbage among all of it."""
    gc.collect()
    gc.freeze()


@pytest.fixture(autouse=True)
def seeded(request: pytest.FixtureRequest) -> None:
    """Each test draws the same weights in every run, and others than its neighbours: a failure comes back."""
    keras = sys.modules.get("keras")  # not imported for tests of the device half
    if keras is not None:
        keras.utils.set_random_seed(zlib.crc32(request.node.nodeid.encode()))


@pytest.fixture(scope="session")
def start_runtime() -> Iterator[Callable[[str], Runtime]]:
    """start_runtime(name): the worker of that runtime, started once."""
    with ExitStack() as workers:
        yield cache(lambda name: workers.enter_context(Runtime(name)))


# The parameter is of function scope: of session scope, pytest would run all modules for one runtime and then
# for the other, and make all that a module shares twice.
@pytest.fixture(params=RUNTIMES)
def runtime(request: pytest.FixtureRequest, start_runtime: Callable[[str], Runtime]) -> Runtime:
    """A test that takes this runs once on ai-edge-litert and once on tflite-runtime."""
    if importlib.util.find_spec(request.param.replace("-", "_")) is None:
        pytest.skip(f"{request.param} is not installed (tflite-runtime ends with Python 3.11)")
    return start_runtime(request.param)
