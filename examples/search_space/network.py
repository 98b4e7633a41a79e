"""The network: one LSTM, whose last output is classified."""

from __future__ import annotations

import keras
import numpy as np

from examples.search_space.data import Task
from keras_lstm_plus import LSTMPlus, get_spec

UNITS = 32


def build(task: Task, variant: str) -> keras.Model:
    """Sequences `[batch, time, features]` to probabilities `[batch, classes]`; `variant` is of `LSTMPlus`."""
    inputs = keras.Input(task.train.x.shape[1:])
    mean, variance = task.train.x.mean(axis=(0, 1)), np.maximum(task.train.x.var(axis=(0, 1)), 1e-6)
    x = keras.layers.Normalization(mean=mean, variance=variance, name="standardise")(inputs)
    # FGR takes Keras's general loop, whose gradient XLA refuses; written out over time it does not.
    unroll = get_spec(variant).gate_recurrence
    x = LSTMPlus(UNITS, variant=variant, unroll=unroll, name="lstm")(x)
    outputs = keras.layers.Dense(task.classes, activation="softmax", name="classes")(x)
    return keras.Model(inputs, outputs)
