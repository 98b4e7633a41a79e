"""Layers with random weights in every place, and what the tests compare them by."""

from __future__ import annotations

from typing import Any

import numpy as np

from edge.aliases import Array
from keras_lstm_plus import LSTMPlus


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


def relative(a: Any, b: Any) -> float:
    """Largest difference in units of the largest value of b."""
    a, b = np.asarray(a), np.asarray(b)
    return float(np.abs(a - b).max() / max(np.abs(b).max(), 1e-12))
