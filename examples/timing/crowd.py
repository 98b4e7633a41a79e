"""Many small networks in one layer: ten seeds are trained in hardly more than the time of one.

A time step of a few cells costs a processor the same whether they are one or fifty. So R networks of equal
shape stand side by side in one layer of R times the cells, whose matrices are zero outside the blocks on the
diagonal: no network sees another, each has data of its own, and each is what it would be alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from edge.aliases import Array
from keras_lstm_plus.aliases import Tensor


class Crowd(keras.layers.Layer):
    """R networks side by side, each a recurrent layer (F inputs, C cells) and a dense layer (O outputs).

    Weights: those of a layer like theirs of R * C units; `readout [R, C, O]`, `readout_bias [R, O]`.

    Args:
        networks: Sequential models (recurrent layer, Dense), all of one shape. Their weights are copied.

    Call: `x [batch, time, R, F]` to `[batch, time, R, O]`, before the activation of the dense layer.

    Attributes:
        owners: for each weight an array of its shape: the number of the network that each element belongs to,
            or R for the elements outside the blocks, which are nobody's and stay zero.
    """

    def __init__(self, networks: Sequence[keras.Sequential]) -> None:
        super().__init__()
        self.runs = len(networks)
        layer, dense = networks[0].layers
        self.cells, self.outputs = int(layer.units), int(dense.units)
        self.inputs = int(networks[0].input_shape[-1])
        self.memory = type(layer).from_config({**layer.get_config(), "units": self.runs * self.cells})
        self.memory.build((None, None, self.runs * self.inputs))
        self.readout = self.add_weight(shape=(self.runs, self.cells, self.outputs), name="readout")
        self.readout_bias = self.add_weight(shape=(self.runs, self.outputs), name="readout_bias")
        self.built = True
        # In the order of the weights of a network.
        self.order = [*self.memory.trainable_weights, self.readout, self.readout_bias]
        self.owners = [self._owner(weight) for weight in self.order]
        parts = zip(*(network.get_weights() for network in networks), strict=True)
        for weight, owner, mine in zip(self.order, self.owners, parts, strict=True):
            values = np.zeros(weight.shape, np.float32)
            for run, part in enumerate(mine):
                values[owner == run] = part.ravel()
            weight.assign(values)

    def call(self, x: Tensor, training: bool = False) -> Tensor:
        batch, time = x.shape[:2]
        h = self.memory(tf.reshape(x, (batch, time, self.runs * self.inputs)), training=training)
        h = tf.reshape(h, (batch, time, self.runs, self.cells))
        return tf.einsum("btrc,rco->btro", h, self.readout) + self.readout_bias

    def copy_to(self, network: keras.Sequential, run: int) -> None:
        """Give a network of their shape the weights of one of them."""
        mine = [weight.numpy()[owner == run] for weight, owner in zip(self.order, self.owners, strict=True)]
        shapes = [weight.shape for weight in network.weights]
        network.set_weights([part.reshape(shape) for part, shape in zip(mine, shapes, strict=True)])

    def _owner(self, weight: Any) -> Array:
        """Of each element of a weight. The blocks of a gate follow each other: `[..., gate, run, cell]`."""
        if weight is self.readout or weight is self.readout_bias:
            return np.indices(weight.shape)[0]
        columns = np.arange(weight.shape[-1]) % (self.runs * self.cells) // self.cells
        if weight.name not in ("kernel", "recurrent_kernel"):
            return np.broadcast_to(columns, weight.shape)
        rows = np.arange(weight.shape[0]) // (weight.shape[0] // self.runs)
        return np.where(rows[:, None] == columns, columns, self.runs)
