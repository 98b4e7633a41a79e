"""Files that take and give their states, for the tests of the device half, each made once in a process."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import keras
import numpy as np

import edge
from edge.convert import convert
from edge.convert.graph import flatbuffer
from tests.helpers.device_files import CLASSES, FEATURES, FOLDER, STEPS, sequences

LABELS = ("squat", "lunge", "plank", "bridge", "rest")
NORMALIZATION = {"mean": [0.5] * FEATURES, "std": [2.0] * FEATURES}
FILES: dict[str, dict[str, Any]] = {
    "step": {"lowering": "step"},
    "noted": {"lowering": "step", "labels": LABELS, "normalization": NORMALIZATION},
    "step_int8": {"lowering": "step", "quantize": "int8"},
    "sequence": {"state": "explicit"},
    "sequence_int8": {"state": "explicit", "quantize": "int8"},
    "one_step": {"state": "explicit", "length": 1},
    "unrolled": {"state": "explicit", "lowering": "unrolled", "length": STEPS},
    "batch": {"state": "explicit", "batch": 3, "length": STEPS},
    "batch_step": {"lowering": "step", "batch": 3},
    "batch_reset": {"batch": 3},
    "batch_carry": {"batch": 2, "state": "carry"},
}


@cache
def two_ends() -> keras.Model:
    """An output at each step, and one for the whole sequence."""
    keras.utils.set_random_seed(3)
    x = keras.Input((None, FEATURES), name="x")
    h = keras.layers.LSTM(8, return_sequences=True, name="first")(x)
    last = keras.layers.LSTM(4, name="second")(h)
    every = keras.layers.Dense(CLASSES, name="every")(h)
    model = keras.Model(x, [every, keras.layers.Dense(2, name="score")(last)])
    rng = np.random.default_rng(0)
    model.set_weights([rng.normal(size=w.shape, scale=0.5) for w in model.get_weights()])
    return model


@cache
def explicit_file(kind: str) -> Path:
    """One of `FILES`."""
    path = FOLDER / f"{kind}.tflite"
    options = dict(FILES[kind])
    if options.get("quantize") == "int8":
        options["representative_data"] = sequences(32)
    convert(two_ends(), path, **options)
    return path


def changed(kind: str, edit: Callable[[Any], None], folder: Path) -> edge.EdgeModel:
    """The file after `edit` has changed its objects in place, loaded."""
    path = folder / "changed.tflite"
    model = flatbuffer.load(explicit_file(kind).read_bytes())
    edit(model)
    path.write_bytes(flatbuffer.pack(model))
    return edge.load(path)


def expected(x: np.ndarray) -> list[np.ndarray]:
    """What Keras computes: every step, and the score."""
    return list(two_ends().predict(x, verbose=0))


def oracle(x: np.ndarray, states: dict[str, np.ndarray] | None = None) -> tuple[Any, dict[str, np.ndarray]]:
    """The same by the equations, in float64, with the states: `[batch, size]` by the name of the layer."""
    sizes = {"first": 8, "second": 4}
    zeros = {f"{name}_{part}": np.zeros((len(x), n)) for name, n in sizes.items() for part in "hc"}
    state = {**zeros, **(states or {})}
    every, values = [], x.astype(np.float64)
    by_layer = {
        layer.name: [np.asarray(w, np.float64) for w in layer.get_weights()] for layer in two_ends().layers
    }
    for t in range(x.shape[1]):
        below = values[:, t]
        for name in ("first", "second"):
            kernel, recurrent, bias = by_layer[name]
            z = below @ kernel + state[f"{name}_h"] @ recurrent + bias
            i, f, g, o = np.split(z, 4, axis=-1)
            c = _sigmoid(f) * state[f"{name}_c"] + _sigmoid(i) * np.tanh(g)
            below = _sigmoid(o) * np.tanh(c)
            state = {**state, f"{name}_c": c, f"{name}_h": below}
        kernel, bias = by_layer["every"]
        every.append(state["first_h"] @ kernel + bias)
    kernel, bias = by_layer["score"]
    return [np.stack(every, 1), state["second_h"] @ kernel + bias], state


def _sigmoid(x: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-x))
