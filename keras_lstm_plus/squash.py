"""Squashing functions whose derivative can be had from their value, for the hand-derived gradient."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import tensorflow as tf

Tensor = Any


class Squash(NamedTuple):
    """y = value(x), dy/dx = slope(y)."""

    value: Callable[[Tensor], Tensor]
    slope: Callable[[Tensor], Tensor]


def _inside(low: float, high: float, slope: float) -> Callable[[Tensor], Tensor]:
    return lambda y: tf.cast((y > low) & (y < high), y.dtype) * slope


SQUASH: dict[str, Squash] = {
    "tanh": Squash(tf.tanh, lambda y: 1 - y * y),
    "sigmoid": Squash(tf.sigmoid, lambda y: y * (1 - y)),
    "linear": Squash(lambda x: x, tf.ones_like),
    "relu": Squash(tf.nn.relu, _inside(0, float("inf"), 1)),
    "relu6": Squash(tf.nn.relu6, _inside(0, 6, 1)),
    "hard_sigmoid": Squash(lambda x: tf.nn.relu6(x + 3) / 6, _inside(0, 1, 1 / 6)),
}
