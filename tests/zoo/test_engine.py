"""A slice of the zoo on the native engine: both runtimes, every instruction set of this machine."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import edge
from edge.benchmark.worker import Worker
from edge.convert import convert
from edge.native import find_library
from edge.runtime import Acceleration
from tests.helpers.native_library import built
from tests.zoo import trial as trials
from tests.zoo.inventory import ZOO
from tests.zoo.judge import FLOAT, error_of
from tests.zoo.slices import SLICE

FORMS = {"float": None, "dynamic": "dynamic", "int8": "int8"}
RUNTIMES = ("ai-edge-litert", "tflite-runtime")
CASES = [(name, form) for name in SLICE for form in FORMS if ZOO[name].refusal(form) is None]


@pytest.mark.parametrize(("name", "form"), CASES)
def test_the_engine_says_what_keras_says(
    name: str, form: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    built()
    architecture, path = ZOO[name], tmp_path / "zoo.tflite"
    data = architecture.inputs(11, trials.CALIBRATED)
    model = trials.model_of(name, "plus")
    convert(model, path, FORMS[form], data if len(data) > 1 else data[0], **architecture.options)
    x, wanted = trials.wanted_of(name, longer="length" not in architecture.options)
    for runtime in RUNTIMES:
        if importlib.util.find_spec(runtime.replace("-", "_")) is None:
            continue
        kernel, _ = answers(name, path, x, runtime, False)
        for isa in find_library().isas:
            monkeypatch.setenv("EDGE_NATIVE_ISA", isa)
            found, acceleration = answers(name, path, x, runtime, True)
            monkeypatch.delenv("EDGE_NATIVE_ISA")
            assert (acceleration.isa, acceleration.taken) == (isa, len(acceleration.layers)), acceleration
            if form == "int8":
                assert all(np.array_equal(a, b) for a, b in zip(kernel, found, strict=True)), (runtime, isa)
                continue
            error = error_of(form, wanted, found)
            limit = max(FLOAT, architecture.exact)
            if form == "dynamic":
                limit = 1.1 * error_of(form, wanted, kernel) + 1e-3
            assert error <= limit, (runtime, isa)


def answers(
    name: str, path: Path, x: Any, runtime: str, accelerate: bool
) -> tuple[list[np.ndarray], Acceleration]:
    """What the file says, and where its layers ran. Outside of this process: tflite-runtime fails here."""
    if ZOO[name].as_stream and runtime == RUNTIMES[0]:
        model = edge.load(path, runtime=runtime, accelerate=accelerate)
        return trials._stream(model, x), model.acceleration
    with Worker(str(path), 120) as worker:
        loaded = worker.ask("load", str(path), 1, runtime, accelerate)
        return worker.ask("predict", x), loaded.acceleration
