"""The grid of conversions: what may be asked for, and which cells are refused.

The rules stand here a second time, as plain sets, so that a change of the converter's own shows.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

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
