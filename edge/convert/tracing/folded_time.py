"""A layer for each time step, `TimeDistributed`: all steps at once, as rows of one larger batch.

Keras calls the inner layer once a step where it knows how many there are. Where it does not it takes the
batch for the time (Keras 3.14 and later), and the graph is wrong.
"""

from __future__ import annotations

import inspect
from collections.abc import Sequence
from typing import Any

import keras
import tensorflow as tf

from keras_lstm_plus.aliases import Tensor
from keras_lstm_plus.private import flat_layers


def time_distributed_layers(model: keras.Model) -> list[Any]:
    """Those of a model that do what Keras's does, however deep."""
    kind = keras.layers.TimeDistributed
    return [each for each in flat_layers(model) if isinstance(each, kind) and type(each).call is kind.call]


def call_folded(layer: Any, inputs: Tensor, training: bool | None, mask: Tensor | None) -> Tensor:
    """What the layer gives for `inputs [batch, time, ...]`, its inner layer being called once.

    The numbers are those of one call a step: an inner layer that looks from row to row (none of Keras does
    for inference) is not one to be distributed over time.
    """
    known = inspect.signature(layer.layer.call).parameters
    keywords: dict[str, Any] = {}
    if "mask" in known and mask is not None:
        keywords["mask"] = folded(mask)
    if "training" in known:
        keywords["training"] = training
    return unfolded(layer.layer.call(folded(inputs), **keywords), inputs)


def folded(x: Tensor) -> Tensor:
    """`[batch, time, ...]` to `[batch * time, ...]`."""
    batch, time, *rest = x.shape
    rows = -1 if batch is None or time is None else batch * time
    return tf.reshape(x, [rows, *_sizes(x, rest, 2)])


def unfolded(y: Tensor, like: Tensor) -> Tensor:
    """`[batch * time, ...]` to `[batch, time, ...]`, both as `like` has them."""
    known = [*like.shape[:2], *y.shape[1:]]
    if known.count(None) == 1:
        return tf.reshape(y, [-1 if size is None else size for size in known])
    rows, rest = _sizes(like, like.shape[:2], 0), _sizes(y, y.shape[1:], 1)
    return tf.ensure_shape(tf.reshape(y, [*rows, *rest]), known)


def _sizes(x: Tensor, known: Sequence[int | None], first: int) -> list[Any]:
    """The sizes of the axes of `x` from `first` on: numbers where they are known."""
    if None not in known:
        return list(known)
    return [tf.shape(x)[first + n] if size is None else size for n, size in enumerate(known)]
