"""The network: one LSTM, whose last output is classified."""

from __future__ import annotations

import keras
import numpy as np

from edge.aliases import Array
from examples.search_space.data import Task
from keras_lstm_plus import LSTMPlus, get_spec

UNITS = 32


def build(task: Task, variant: str) -> keras.Model:
    """Sequences `[batch, time, features]` to probabilities `[batch, classes]`; `variant` is of `LSTMPlus`."""
    inputs = keras.Input(task.train.x.shape[1:])
    mean, variance = statistics(task.train.x)
    x = keras.layers.Normalization(mean=mean, variance=np.maximum(variance, 1e-6))(inputs)
    # FGR takes Keras's general loop, whose gradient XLA refuses; written out over time it does not.
    unroll = get_spec(variant).gate_recurrence
    x = LSTMPlus(UNITS, variant=variant, unroll=unroll, name="lstm")(x)
    outputs = keras.layers.Dense(task.classes, activation="softmax", name="classes")(x)
    return keras.Model(inputs, outputs)


def statistics(x: Array) -> tuple[Array, Array]:
    """Mean and variance of each feature, `[features]` each."""
    flat = x.reshape(-1, x.shape[-1])
    return flat.mean(axis=0), flat.var(axis=0)
