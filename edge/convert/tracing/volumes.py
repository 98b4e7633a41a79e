"""Pooling over time, height and width, which small runtimes have for pictures alone: these first, then time.

The largest of the largest is the largest, and the mean of means over as many numbers each is the mean: at the
edges, too, where a window ends early in each picture alike.
"""

from __future__ import annotations

from typing import Any

import keras
from keras import ops

from edge.convert.tracing.folded_time import folded, unfolded
from keras_lstm_plus.aliases import Tensor
from keras_lstm_plus.private import flat_layers

_POOL = {keras.layers.MaxPooling3D: ops.max_pool, keras.layers.AveragePooling3D: ops.average_pool}


def volume_poolings(model: keras.Model) -> list[Any]:
    """The layers of a model that pool over volumes, as Keras has them."""
    return [
        layer
        for layer in flat_layers(model)
        if any(isinstance(layer, kind) and type(layer).call is kind.call for kind in _POOL)
        and layer.data_format == "channels_last"
    ]


def pool_volumes(layer: Any, x: Tensor) -> Tensor:
    """What the layer gives for `[batch, time, height, width, channels]`."""
    pool = next(function for kind, function in _POOL.items() if isinstance(layer, kind))
    sizes, strides = layer.pool_size, layer.strides
    if (sizes[1:], strides[1:]) != ((1, 1), (1, 1)):
        pictures = pool(folded(x), sizes[1:], strides[1:], layer.padding, "channels_last")
        x = unfolded(pictures, x)
    if (sizes[0], strides[0]) == (1, 1):
        return x
    batch, steps, height, width, channels = ops.shape(x)
    rows = ops.reshape(x, (batch, steps, height * width, channels))
    rows = pool(rows, (sizes[0], 1), (strides[0], 1), layer.padding, "channels_last")
    return ops.reshape(rows, (batch, ops.shape(rows)[1], height, width, channels))
