"""The training engine in the package, compiled again where a source changed."""

from __future__ import annotations

import fcntl
from functools import cache

import pytest

from keras_lstm_plus.native import Engine, find_engine
from native.build import BuildError
from native.package import build_training_into_package
from tests.helpers.native_library import LOCKS


@cache
def training_engine() -> Engine:
    """The engine of these sources; without a compiler the test is skipped."""
    LOCKS.mkdir(parents=True, exist_ok=True)
    with (LOCKS / "training.lock").open("w") as lock:  # of several processes that test, one compiles
        fcntl.flock(lock, fcntl.LOCK_EX)
        try:
            build_training_into_package()
        except BuildError as error:
            pytest.skip(str(error))
    return find_engine()
