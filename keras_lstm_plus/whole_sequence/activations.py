"""Squashing functions and the layer norm, with what the hand-derived gradient needs of them."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import tensorflow as tf

from keras_lstm_plus.aliases import Tensor
from keras_lstm_plus.step import LAYER_NORM_EPSILON


class Squash(NamedTuple):
    """y = value(x), dy/dx = slope(y): the derivative is had from the value alone."""

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


def normalise(value: Tensor) -> tuple[Tensor, Tensor]:
    """(value with mean 0 and variance 1 over the last axis, 1 / its standard deviation), in value's dtype."""
    wide = tf.cast(value, tf.float32) if value.dtype.size < 4 else value
    centred = wide - tf.reduce_mean(wide, axis=-1, keepdims=True)
    variance = tf.reduce_mean(tf.square(centred), axis=-1, keepdims=True)
    inverse = tf.math.rsqrt(variance + LAYER_NORM_EPSILON)
    return tf.cast(centred * inverse, value.dtype), tf.cast(inverse, value.dtype)
