"""A model that has every kind of LSTM side by side: one conversion a precision shows all to the engine."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np

from keras_lstm_plus import LSTMPlus
from tests.helpers.layers import randomise

FEATURES = 5

# Sizes that no vector divides, beside one that all do. What runs as 8-bit weights has more than 32 cells.
LAYERS: dict[str, dict[str, Any]] = {
    "one": {"units": 1},
    "three": {"units": 3},
    "seventeen": {"units": 17},
    "sixty_three": {"units": 63},
    "sixty_four": {"units": 64},
    "peephole": {"units": 35, "variant": "peephole"},
    "cifg": {"units": 50, "variant": "cifg"},
    "cifg_small": {"units": 9, "variant": "cifg"},
    "layer_norm": {"units": 37, "variant": "layer_norm"},
    "projection": {"units": 40, "projection_units": 7},
    "peephole_projection": {"units": 33, "variant": "peephole", "projection_units": 21},
    "everything": {"units": 34, "variant": "peephole+cifg+layer_norm", "cell_clip": 0.8},
    "clipped": {"units": 36, "projection_units": 70, "cell_clip": 0.5, "projection_clip": 0.4},
    "no_output_gate": {"units": 12, "variant": "nog"},
    "diagonal": {"units": 19, "variant": "indy"},
}
NOT_IN_INTEGERS = {"diagonal"}


def layers_for(quantize: str | None) -> list[str]:
    """Those that `convert` writes in that precision."""
    integers = quantize in ("dynamic", "int8")
    return [name for name in LAYERS if not (integers and name in NOT_IN_INTEGERS)]


def build(names: list[str]) -> keras.Model:
    """All of them on one input, each with random weights and an output of its own, at every step."""
    inputs = keras.Input((None, FEATURES), name="x")
    outputs = {}
    for seed, name in enumerate(names):
        layer = LSTMPlus(return_sequences=True, name=name, **LAYERS[name])
        outputs[name] = layer(inputs)
        scale = 1.6 / np.sqrt(LAYERS[name]["units"] + FEATURES)
        randomise(layer, FEATURES, seed=seed, scale=scale)
    return keras.Model(inputs, outputs)


def stacked() -> keras.Model:
    """Two layers on each other, of which the first runs in both directions."""
    inputs = keras.Input((None, FEATURES), name="x")
    both = keras.layers.Bidirectional(keras.layers.LSTM(18, return_sequences=True))(inputs)
    return keras.Model(inputs, LSTMPlus(33, variant="peephole", return_sequences=True, name="top")(both))


def sequences(steps: int, seed: int = 0, batch: int = 1) -> np.ndarray:
    """`[batch, steps, FEATURES]`"""
    return np.random.default_rng(seed).normal(size=(batch, steps, FEATURES)).astype(np.float32)
