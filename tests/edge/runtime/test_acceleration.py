"""`accelerate`: the native engine behind the same API, in every kind of session, on both runtimes."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest

import edge
from edge.convert import convert
from edge.convert.graph import flatbuffer
from edge.errors import ModelFileError
from edge.inspection import inspect
from edge.runtime import LayerPlace
from edge.runtime.engine import LocalEngine
from edge.runtime.interpreter import Runtime, find_runtime
from edge.tflite import describe
from keras_lstm_plus import LSTMPlus
from tests.helpers.device_files import FEATURES, model_file, sequences
from tests.helpers.layers import randomise
from tests.helpers.native_library import built
from tests.helpers.places import ROOT
from tests.helpers.runtimes import RUNTIMES

CELLS = 40  # more than the engine widens to floats where weights have 8 bits
TOLERANCE = {"float": 2e-6, "dynamic": 5e-3, "int8": 0.0}
FILES = {
    "float_reset": (None, "reset"),
    "float_explicit": (None, "explicit"),
    "dynamic_carry": ("dynamic", "carry"),
    "int8_carry": ("int8", "carry"),
    "int8_reset": ("int8", "reset"),
}


@cache
def two_layers() -> keras.Model:
    """Two layers on each other; an output at every step."""
    x = keras.Input((None, FEATURES), name="x")
    first, top = (LSTMPlus(CELLS, variant, return_sequences=True, name=name) for variant, name in LAYERS)
    model = keras.Model(x, keras.layers.Dense(5)(top(first(x))))
    randomise(first, FEATURES, seed=1, scale=0.3)
    randomise(top, CELLS, seed=2, scale=0.3)
    return model


LAYERS = (("standard", "below"), ("peephole", "above"))


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Every precision and state, of one model."""
    built()
    folder = tmp_path_factory.mktemp("accelerated")
    return {
        name: convert(two_layers(), folder / f"{name}.tflite", quantize, sequences(64, 12), state=state).path
        for name, (quantize, state) in FILES.items()
    }


@pytest.mark.parametrize("runtime", RUNTIMES)
def test_every_kind_of_session_gives_what_the_runtime_gives(runtime: str, files: dict[str, Path]) -> None:
    command: list[str | Path] = [
        sys.executable,
        "-m",
        "tests.helpers.accelerated_runs",
        runtime,
        *files.values(),
    ]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    if "ImportError" in done.stderr and runtime == "tflite-runtime":
        pytest.skip("tflite-runtime is not installed (it ends with Python 3.11)")
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout.splitlines()[-1])
    assert len(found) == len(files)
    for name, apart in found.items():
        limit = TOLERANCE[name.split("_")[0]]
        assert {kind: value for kind, value in apart.items() if not value <= limit} == {}, name
        assert len(apart) == (9 if "reset" in name else 14)


def test_a_model_says_what_runs_where(files: dict[str, Path]) -> None:
    model = edge.load(files["int8_reset"])
    found = model.acceleration
    assert (found.version, found.taken, found.why_not) == (edge.__version__, 2, "")
    assert [(layer.name, layer.accelerated, layer.kind) for layer in found.layers] == [
        ("below", True, "int8"),
        ("above", True, "int8"),
    ]
    assert str(found).splitlines()[0] == f"native engine {edge.__version__} ({found.isa}): 2 of 2 LSTM layers"
    off = edge.load(files["int8_reset"], accelerate=False).acceleration
    assert str(off) == "not accelerated: it was loaded with accelerate=False"
    assert [layer.accelerated for layer in off.layers] == [False, False]
    model.close()
    with pytest.raises(ValueError, match="is closed"):
        _ = model.acceleration


@pytest.mark.parametrize("wrong", ["yes", 1, None, "Auto"])
def test_there_are_three_wishes(wrong: Any) -> None:
    with pytest.raises(ValueError, match="accelerate must be 'auto', True or False, received"):
        edge.load(model_file("reset"), accelerate=wrong)


@pytest.fixture
def with_relu(files: dict[str, Path], tmp_path: Path) -> Path:
    """A file of which the engine does not take the second layer: its activation is not tanh."""
    model = flatbuffer.load(files["float_reset"].read_bytes())
    layers = [each for each in model.subgraphs[0].operators if each.builtinOptions and is_lstm(each)]
    layers[1].builtinOptions.fusedActivationFunction = 1
    path = tmp_path / "relu.tflite"
    path.write_bytes(flatbuffer.pack(model))
    return path


def is_lstm(operator: Any) -> bool:
    return type(operator.builtinOptions).__name__.startswith("UnidirectionalSequenceLSTM")


def test_inspect_says_the_same_without_engine_and_runtime(files: dict[str, Path], with_relu: Path) -> None:
    for path in (*files.values(), with_relu):
        seen = [
            LayerPlace(each["name"], each["taken"], each["kind"], each["why_not"])
            for each in inspect(path)["engine"]
        ]
        assert tuple(seen) == edge.load(path).acceleration.layers
    assert inspect(model_file("dense"))["engine"] == []


def test_what_it_does_not_take_stays_with_the_runtime(with_relu: Path) -> None:
    model, plain = edge.load(with_relu), edge.load(with_relu, accelerate=False)
    below, above = model.acceleration.layers
    assert (below.accelerated, above.accelerated, above.why_not) == (
        True,
        False,
        "its activation is not tanh",
    )
    x = sequences(2, 20)
    np.testing.assert_allclose(model.predict(x), plain.predict(x), atol=2e-5)
    for isolated in (False, True):
        with pytest.raises(
            ModelFileError, match=r"'above' to the runtime: its activation.*accelerate='auto'"
        ):
            edge.load(with_relu, accelerate=True, isolated=isolated)


def refuses(at: str) -> Callable[..., Any]:
    """An interpreter that fails there when it has a delegate."""
    real = find_runtime("ai-edge-litert").interpreter

    class Refuses:
        def __init__(self, **options: Any) -> None:
            self.delegated = bool(options.get("experimental_delegates"))
            if self.delegated and at == "apply":
                raise RuntimeError("ModifyGraphWithDelegate failed")
            self.real = real(**options)

        def __getattr__(self, name: str) -> Any:
            return getattr(self.real, name)

        def allocate_tensors(self) -> None:
            if self.delegated and at == "allocate":
                raise RuntimeError("Node number 3 (EdgeLSTM) failed to prepare.")
            self.real.allocate_tensors()

    return Refuses


@pytest.mark.parametrize("at", ["apply", "allocate"])
def test_a_delegate_that_fails_leaves_a_working_interpreter(at: str, files: dict[str, Path]) -> None:
    name, version, _ = find_runtime("ai-edge-litert")
    runtime = Runtime(name, version, refuses(at))
    interface = describe(files["float_reset"])
    x = sequences(1, 20)
    engine = LocalEngine(interface, None, runtime, "auto")
    engine.allocate((x.shape,))
    assert {"apply": "ModifyGraph", "allocate": "EdgeLSTM"}[at] in engine.acceleration().why_not
    wanted = edge.load(files["float_reset"], accelerate=False).predict(x)
    np.testing.assert_array_equal(engine.run([x])[0], wanted)
    with pytest.raises(ModelFileError):
        LocalEngine(interface, None, runtime, True).allocate((x.shape,))


def test_wrong_shapes_are_the_runtimes_to_refuse_and_the_engine_stays(files: dict[str, Path]) -> None:
    engine = LocalEngine(describe(files["float_reset"]), None, find_runtime("ai-edge-litert"), "auto")
    with pytest.raises(ModelFileError, match=r"cannot run it on inputs of shape \[5, 12, 6\]"):
        engine.allocate(((5, 12, 6),))
    assert engine.acceleration().taken == 2
    engine.allocate(((1, 12, 6),))
    assert engine.run([sequences(1, 12)])[0].any()


def test_a_runtime_that_knows_no_delegates(files: dict[str, Path]) -> None:
    name, version, real = find_runtime("ai-edge-litert")

    def old(model_content: bytes, num_threads: int | None) -> Any:
        return real(model_content=model_content, num_threads=num_threads)

    runtime, interface = Runtime(name, version, old), describe(files["float_reset"])
    engine = LocalEngine(interface, None, runtime, "auto")
    assert "experimental_delegates" in engine.acceleration().why_not
    engine.allocate(((1, 4, FEATURES),))
    assert engine.run([sequences(1, 4)])[0].any()
    with pytest.raises(ModelFileError, match="does not take it with the native engine"):
        LocalEngine(interface, None, runtime, True)
