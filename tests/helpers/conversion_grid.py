"""The grid of conversions: what may be asked for, and which cells are refused.

The rules stand here a second time, as plain sets, so that a change of the converter's own shows.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple, Protocol

import keras
import numpy as np

from keras_lstm_plus import LSTMPlus
from keras_lstm_plus.variants import VARIANTS
from tests.helpers import oracle
from tests.helpers.layers import randomise

FEATURES, UNITS, STEPS, SAMPLES = 4, 6, 7, 24

CELLS: dict[str, dict[str, Any]] = {
    **{name: {"variant": name} for name in VARIANTS if name != "np"},  # which is the standard one again
    "projection": {"variant": "standard", "projection_units": 4},
    "peephole+projection": {"variant": "peephole", "projection_units": 4},
    "peephole+cifg+layer_norm": {"variant": "peephole+cifg+layer_norm"},
    "zoneout": {"variant": "standard", "zoneout_output": 0.2, "zoneout_cell": 0.3},
    "stock": {},
    "simple_rnn": {},
    "gru": {},
}
LOWERINGS = ("fused", "unrolled", "step")
STATES = ("reset", "carry", "explicit")
QUANTIZE = (None, "float16", "dynamic", "int8", "int16x8")

NOT_FUSED = {"niaf", "noaf", "fgr", "zoneout", "gru"}
NO_INTEGER_KERNEL = {"indy": ("dynamic", "int8"), "simple_rnn": ("int8",)}


class Cell(NamedTuple):
    """One conversion: a variant, and what `convert` is asked for."""

    variant: str
    lowering: str
    state: str
    quantize: str | None

    def __str__(self) -> str:
        return "-".join(map(str, self))

    @property
    def may_be_too_coarse(self) -> bool:
        """Whether the data, taken for a stream, may drive a cell that is kept in 8 bits too far."""
        return self.quantize == "int8" and self.lowering != "fused" and self.state == "explicit"

    @property
    def refused(self) -> bool:
        """Whether `convert` has to say no."""
        if self.lowering == "step":
            return self.state != "explicit"
        if self.lowering == "unrolled":
            return self.state == "carry"
        no_kernel = self.quantize in NO_INTEGER_KERNEL.get(self.variant, ())
        return self.variant in NOT_FUSED or self.quantize == "int16x8" or no_kernel


def everything() -> list[Cell]:
    """The full grid."""
    return [Cell(v, low, s, q) for v in CELLS for low in LOWERINGS for s in STATES for q in QUANTIZE]


def some() -> Iterator[Cell]:
    """All of it for one variant, and for every other one each lowering with some of the rest."""
    for cell in everything():
        if cell.variant == "peephole":
            yield cell
    for position, variant in enumerate(CELLS):
        if variant != "peephole":
            yield Cell(variant, "fused", STATES[position % 3], QUANTIZE[position % 4])
            yield Cell(variant, "unrolled", STATES[2 * (position % 2)], QUANTIZE[(position + 1) % 5])
            yield Cell(variant, "step", "explicit", QUANTIZE[(position + 3) % 5])


def build(variant: str) -> keras.Model:
    """A layer with random weights in every place, which gives its output at each step."""
    inputs = keras.Input((None, FEATURES), name="x")
    if variant in ("stock", "simple_rnn", "gru"):
        kind = {"stock": "LSTM", "simple_rnn": "SimpleRNN", "gru": "GRU"}[variant]
        layer = getattr(keras.layers, kind)(UNITS, return_sequences=True, name="memory")
    else:
        layer = LSTMPlus(UNITS, return_sequences=True, name="memory", **CELLS[variant])
    model = keras.Model(inputs, layer(inputs))
    if isinstance(layer, LSTMPlus):
        randomise(layer, FEATURES, seed=3, scale=0.5)
    else:
        rng = np.random.default_rng(3)
        for weight in model.weights:
            weight.assign(rng.normal(scale=0.5, size=weight.shape))
    return model


def sequences(seed: int, samples: int = SAMPLES) -> np.ndarray:
    """`[samples, STEPS, FEATURES]`."""
    return np.random.default_rng(seed).normal(size=(samples, STEPS, FEATURES)).astype(np.float32)


def starts(model: keras.Model, samples: int = SAMPLES) -> list[np.ndarray]:
    """A state for every sample, not zero, for each state of the layer."""
    rng = np.random.default_rng(11)
    sizes = keras.tree.flatten(model.get_layer("memory").cell.state_size)
    return [rng.uniform(0.1, 0.6, size=(samples, size)).astype(np.float32) for size in sizes]


def answer(model: keras.Model, x: np.ndarray, states: list[np.ndarray]) -> list[np.ndarray]:
    """What is right: all outputs, then the states after the last step.

    From the NumPy oracle, which shares no code with the layer, for what it knows; else from Keras's own
    cells, one step at a time.
    """
    layer = model.get_layer("memory")
    spec = getattr(layer, "spec", None)
    if spec is not None and not spec.zoneout and not spec.gate_recurrence:
        weights = {name: np.asarray(getattr(layer.cell, name), np.float64) for name in layer_weights(layer)}
        seen = oracle.run(spec.to_dict(), weights, x.astype(np.float64), *states)
        return [seen["h"], seen["h"][:, -1], seen["c"][:, -1]]
    outputs = []
    tensors: list[Any] = list(states)
    for step in range(x.shape[1]):
        output, new = layer.cell(x[:, step], tensors)
        tensors = keras.tree.flatten(new)
        outputs.append(np.asarray(output))
    return [np.stack(outputs, axis=1), *(np.asarray(tensor) for tensor in tensors)]


def layer_weights(layer: Any) -> list[str]:
    """The names of the weights that the layer has."""
    return list(layer.spec.weight_shapes(FEATURES, UNITS))


class Runs(Protocol):
    """A runtime: `tests.helpers.runtimes.Runtime`, or one with the native engine."""

    def run(self, path: Any, rounds: list[list[np.ndarray]]) -> list[list[np.ndarray]]:
        """The outputs of every round, in real numbers."""


def run_file(
    cell: Cell, runtime: Runs, path: Path, x: np.ndarray, given: list[np.ndarray]
) -> list[np.ndarray]:
    """What the file of a cell says to all samples: every output of it, `[samples, ...]`.

    Args:
        given: the states from which those start that take any.
    """
    ways = {"reset": _at_once, "carry": _carried, "explicit": _explicit}
    return (_stepwise if cell.lowering == "step" else ways[cell.state])(runtime, path, x, given)


def _at_once(runtime: Runs, path: Path, x: np.ndarray, given: Any) -> list[np.ndarray]:
    """Every sample in one call; the second call must know nothing of the first."""
    return [np.concatenate([outputs[0] for outputs in runtime.run(path, [[row[None]] for row in x])])]


def _carried(runtime: Runs, path: Path, x: np.ndarray, given: Any) -> list[np.ndarray]:
    """Every sample in two calls, on an interpreter of its own."""
    rows = []
    for row in x:
        parts = [[row[None, :3]], [row[None, 3:6]]]
        rows.append(np.concatenate([outputs[0] for outputs in runtime.run(path, parts)], axis=1))
    rest = [runtime.run(path, [[row[None]]])[0][0][:, 6:] for row in x]
    return [np.concatenate([np.concatenate(rows), np.concatenate(rest)], axis=1)]


def _explicit(runtime: Runs, path: Path, x: np.ndarray, given: list[np.ndarray]) -> list[np.ndarray]:
    """Every sample in one call, from a state of its own."""
    rounds = [[row[None], *(state[n : n + 1] for state in given)] for n, row in enumerate(x)]
    return [np.concatenate(outputs) for outputs in zip(*runtime.run(path, rounds), strict=True)]


def _stepwise(runtime: Runs, path: Path, x: np.ndarray, given: list[np.ndarray]) -> list[np.ndarray]:
    """All samples step by step, each step started from what the one before gave."""
    outputs, states = [], given
    for step in range(x.shape[1]):
        rounds = [[row[None, step : step + 1], *(s[n : n + 1] for s in states)] for n, row in enumerate(x)]
        output, *states = (np.concatenate(parts) for parts in zip(*runtime.run(path, rounds), strict=True))
        outputs.append(output)
    return [np.concatenate(outputs, axis=1), *states]
