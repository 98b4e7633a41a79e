"""The network: a convolution that halves the rate, one LSTM, the average of its outputs, seven classes."""

from __future__ import annotations

from collections.abc import Sequence

import keras
import numpy as np

from edge.aliases import Array
from examples.exercise_recognition.augment import MIRROR
from examples.exercise_recognition.data import CHANNELS, CLASSES, Recording
from keras_lstm_plus import LSTMPlus

UNITS = 64


def build(recurrent: keras.Layer, mean: Array, variance: Array) -> keras.Model:
    """Raw sensor values `[batch, time, 6]` in, probabilities `[batch, 7]` out, for any length of time.

    Args:
        recurrent: the layer at its heart, giving a sequence.
        mean: of each channel, `[6]`; the network standardises its own input, so that a device need not.
        variance: of each channel, `[6]`.
    """
    inputs = keras.Input((None, len(CHANNELS)), name="motion")
    x = keras.layers.Normalization(mean=mean, variance=variance, name="standardise")(inputs)
    # 50 samples a second become 25, each made of a tenth of a second.
    x = keras.layers.Conv1D(32, 5, strides=2, padding="same", activation="relu", name="stem")(x)
    x = keras.layers.Dropout(0.1)(x)
    x = recurrent(x)
    x = keras.layers.GlobalAveragePooling1D(name="average")(x)
    x = keras.layers.Dropout(0.3)(x)
    outputs = keras.layers.Dense(len(CLASSES), activation="softmax", name="exercise")(x)
    return keras.Model(inputs, outputs)


def lstm_plus(variant: str) -> keras.Layer:
    """The layer of this project."""
    return LSTMPlus(UNITS, variant=variant, return_sequences=True, name="lstm")


def with_keras_lstm(model: keras.Model) -> keras.Model:
    """The twin of a `"standard"` network that has `keras.layers.LSTM` instead, with the same weights."""
    standardise = model.get_layer("standardise")
    plain = keras.layers.LSTM(UNITS, return_sequences=True, name="lstm")
    twin = build(plain, standardise.input_mean, standardise.input_variance)
    twin.set_weights(model.get_weights())
    return twin


def statistics(recordings: Sequence[Recording]) -> tuple[Array, Array]:
    """Mean and variance of each channel, `[6]` each, over recordings and their mirror images."""
    samples = np.concatenate([recording.series for recording in recordings])
    both = np.concatenate([samples, samples * MIRROR])
    return both.mean(axis=0), both.var(axis=0)
