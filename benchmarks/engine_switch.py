"""The native training engine as a switch: the same layer with it and without it."""

from __future__ import annotations

import importlib
import importlib.util
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

SWITCH = "KERAS_LSTM_PLUS_ENGINE"
WITHOUT = "LSTMPlus, no engine"


def engine_is_here() -> bool:
    """Whether LSTMPlus takes a native engine on this machine; else there is nothing to leave out."""
    if importlib.util.find_spec("keras_lstm_plus.native") is None:
        return False
    library = importlib.import_module("keras_lstm_plus.native.library")
    try:
        library.find_engine()
    except library.EngineError:
        return False
    return True


@contextmanager
def switched_off() -> Iterator[None]:
    """No engine inside; a layer asks for it when a path is planned, so what was traced here stays without."""
    before = os.environ.get(SWITCH)
    os.environ[SWITCH] = "0"
    try:
        yield
    finally:
        if before is None:
            del os.environ[SWITCH]
        else:
            os.environ[SWITCH] = before


def without(step: Callable[[], Any]) -> Callable[[], Any]:
    """The same step without the engine, at its first call and at every other."""

    def run() -> Any:
        with switched_off():
            return step()

    return run
