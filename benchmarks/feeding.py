"""How the data is fed to `model.fit`, and what short epochs wait for tf.data's autotuner."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from benchmarks.fitting import BATCHES, untuned
from benchmarks.turns import Steps
from keras_lstm_plus import LSTMPlus

WAYS = ("NumPy arrays", "tf.data", "tf.data, no autotuner")


def ways(batch: int, time: int, inputs: int, units: int) -> Steps:
    """One epoch of ten batches, by each way of feeding, with Keras's layer and with ours."""
    rng = np.random.default_rng(0)
    x = rng.normal(size=(BATCHES * batch, time, inputs)).astype("float32")
    y = rng.normal(size=(BATCHES * batch, 1)).astype("float32")
    data = tf.data.Dataset.from_tensor_slices((x, y)).batch(batch)

    def fits(layer: keras.layers.Layer) -> dict[str, Callable[[], Any]]:
        model = keras.Sequential([keras.Input((time, inputs)), layer, keras.layers.Dense(1)])
        model.compile("adam", "mse")
        fit = partial(model.fit, verbose=0, shuffle=False)
        calls = (partial(fit, x, y, batch_size=batch), partial(fit, data), partial(fit, untuned(data)))
        return dict(zip(WAYS, calls, strict=True))

    layers = {"Keras": keras.layers.LSTM(units), "LSTMPlus": LSTMPlus(units)}
    return {f"{name}, {way}": call for name, layer in layers.items() for way, call in fits(layer).items()}
