"""The network: one LSTM between the features and a probability of each digit, at every step."""

from __future__ import annotations

import keras
import numpy as np

from edge.aliases import Array
from examples.spoken_digits.settings import FEATURES, LABELS
from keras_lstm_plus import LSTMPlus

UNITS = 96


def build(mean: Array, deviation: float) -> keras.Model:
    """Log-mel features `[batch, time, mels]` in, a probability of each class at each step out.

    Nothing in it looks ahead, so that it runs step by step as the features come.

    Args:
        mean: of each band, `[mels]`; the network standardises its own input, so that a device need not.
        deviation: of all bands together, so that the shape of the spectrum is kept.
    """
    inputs = keras.Input((None, FEATURES.mels), name="log_mel")
    variance = np.full(FEATURES.mels, deviation**2)
    x = keras.layers.Normalization(mean=mean, variance=variance, name="standardise")(inputs)
    x = LSTMPlus(UNITS, return_sequences=True, name="lstm")(x)
    x = keras.layers.Dropout(0.3)(x)
    outputs = keras.layers.Dense(len(LABELS), activation="softmax", name="digit")(x)
    return keras.Model(inputs, outputs)
