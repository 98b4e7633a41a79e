"""Models to convert: random weights in every place, so that no gate looks like another."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import tensorflow as tf

from keras_lstm_plus import LSTMPlus

FEATURES = 6


def recurrent(variant: Any, units: int, **options: Any) -> Any:
    """A layer: `"stock"` is Keras's own LSTM."""
    if variant == "stock":
        return keras.layers.LSTM(units, **options)
    return LSTMPlus(units, variant, **options)


def two_layers(variant: Any, seed: int = 0) -> keras.Model:
    """`[time, 6]` of any length -> two recurrent layers -> two dense ones -> `[4]`."""
    inputs = keras.Input((None, FEATURES), name="motion")
    x = recurrent(variant, 24, return_sequences=True, name="first")(inputs)
    x = recurrent(variant, 16, name="second")(x)
    x = keras.layers.Dense(20, activation="relu")(x)
    return randomised(keras.Model(inputs, keras.layers.Dense(4, name="exercise")(x)), seed)


def randomised(model: keras.Model, seed: int = 0) -> keras.Model:
    """The model with random weights of sensible scale, biases and peepholes included."""
    rng = np.random.default_rng(seed)
    for weight in model.weights:
        if "seed" in weight.path:
            continue
        matrix = weight.ndim > 1 and weight.name not in ("peephole_kernel", "layer_norm_scale")
        value = rng.normal(scale=0.35 if matrix else 0.5, size=weight.shape)
        if weight.name == "layer_norm_scale":
            value += 1.0
        weight.assign(np.abs(value) if weight.name == "moving_variance" else value)
    return model


def motion(samples: int, length: int, seed: int = 1) -> np.ndarray:
    """Random input `[samples, length, 6]`."""
    return np.random.default_rng(seed).normal(size=(samples, length, FEATURES)).astype(np.float32)


def keras_answer(model: keras.Model, x: Any) -> list[np.ndarray]:
    """All outputs of the model, flat."""
    tensors = keras.tree.map_structure(tf.constant, x)
    function = tf.function(lambda value: model(value, training=False), autograph=False)
    outputs = function.get_concrete_function(tensors)(*keras.tree.flatten(tensors))
    return [np.asarray(output) for output in keras.tree.flatten(outputs)]


def relative_error(found: np.ndarray, wanted: np.ndarray) -> float:
    """Root of the mean squared error, in standard deviations of what was wanted."""
    return float(np.sqrt(np.mean((found - wanted) ** 2)) / wanted.std())


def rounds(x: np.ndarray) -> list[list[np.ndarray]]:
    """One call of a file a sample."""
    return [[row[None]] for row in x]
