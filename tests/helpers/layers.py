"""Layers with random weights in every place, and what the tests compare them by."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from keras import ops

from edge.aliases import Array
from keras_lstm_plus import GridLSTM, LSTMPlus


def random_weights(shapes: dict[str, tuple[int, ...]], seed: int = 0, scale: float = 0.7) -> dict[str, Array]:
    """A value of its own for every weight, scales of a layer norm around one."""
    rng = np.random.default_rng(seed)
    draw = {name: rng.normal(scale=scale, size=shape) for name, shape in shapes.items()}
    if "layer_norm_scale" in draw:
        draw["layer_norm_scale"] += 1.0
    return draw


def randomise(layer: LSTMPlus, features: int, seed: int = 0, scale: float = 0.7) -> dict[str, Array]:
    """Build `layer` for that many features and give it random weights, which are returned."""
    if not layer.built:
        layer.build((None, None, features))
    weights = random_weights(layer.spec.weight_shapes(features, layer.units), seed, scale)
    for name, value in weights.items():
        getattr(layer.cell, name).assign(value)
    return weights


def check_no_step() -> None:
    """Sequences of no step are one sentence, whose way out is what the layers start from."""
    start = [np.random.default_rng(size).normal(size=(2, 3)).astype("float32") for size in (1, 2)]
    for sequences in (True, False):
        layers = (
            LSTMPlus(3, "peephole", return_sequences=sequences, return_state=True),
            LSTMPlus(3, "layer_norm", return_sequences=sequences, return_state=True, unroll=True),
            GridLSTM(3, return_sequences=sequences),
        )
        for layer in layers:
            for steps in (np.ones((2, 0, 4), "float32"), np.ones((0, 0, 4), "float32")):
                with pytest.raises(ValueError, match="have no time step.*Leave empty sequences out"):
                    layer(steps)
        for layer in layers[:2]:
            hidden = np.zeros((2, 1), bool)
            shown, *states = layer(np.ones((2, 1, 4), "float32"), initial_state=start, mask=hidden)
            assert not np.any(ops.convert_to_numpy(shown))
            for state, right in zip(states, start, strict=True):
                np.testing.assert_array_equal(ops.convert_to_numpy(state), right)


def relative(a: Any, b: Any) -> float:
    """Largest difference in units of the largest value of b."""
    a, b = np.asarray(a), np.asarray(b)
    return float(np.abs(a - b).max() / max(np.abs(b).max(), 1e-12))
