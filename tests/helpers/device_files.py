"""Small model files for the tests of the device half, each made once in a process."""

from __future__ import annotations

import atexit
import shutil
import tempfile
import warnings
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from edge.convert import convert
from edge.convert.graph import flatbuffer
from keras_lstm_plus import LSTMPlus
from tests.helpers.layers import randomise

FEATURES, CLASSES, STEPS = 6, 5, 10
FOLDER = Path(tempfile.mkdtemp(prefix="edge-files-"))
atexit.register(shutil.rmtree, FOLDER, ignore_errors=True)
OURS: dict[str, dict[str, Any]] = {
    "reset": {},
    "carry": {"state": "carry"},
    "dynamic": {"quantize": "dynamic"},
    "int8": {"quantize": "int8"},
    "int8_carry": {"quantize": "int8", "state": "carry"},
    "int8_real_ends": {"quantize": "int8", "input_type": "float32", "output_type": "float32"},
    "int16x8": {"quantize": "int16x8"},
    "unrolled": {"lowering": "unrolled", "length": STEPS},
    "unrolled_int8": {"lowering": "unrolled", "length": STEPS, "quantize": "int8"},
}


def sequences(batch: int, steps: int = STEPS, seed: int = 0) -> np.ndarray:
    """Float32 input `[batch, steps, FEATURES]`."""
    return np.random.default_rng(seed).normal(size=(batch, steps, FEATURES)).astype(np.float32)


@cache
def keras_model(kind: str = "sequences") -> keras.Model:
    """The Keras model behind a file."""
    keras.utils.set_random_seed(1)
    layers = keras.layers
    if kind == "sequences":  # an output at each step
        x = keras.Input((None, FEATURES))
        lstm = LSTMPlus(8, "peephole", return_sequences=True)
        model = keras.Model(x, layers.Dense(CLASSES)(lstm(x)))
        randomise(lstm, FEATURES, scale=0.5)
        return model
    if kind == "stock":  # TensorFlow's converter takes one row of fixed length at best
        x = keras.Input(batch_shape=(1, STEPS, FEATURES))
        return keras.Model(x, layers.Dense(CLASSES)(layers.LSTM(8, return_sequences=True)(x)))
    if kind == "dense":
        x = keras.Input((FEATURES,))
        return keras.Model(x, layers.Dense(CLASSES)(layers.Dense(8, activation="relu")(x)))
    if kind == "tokens":
        x = keras.Input((None,), dtype="int32")
        return keras.Model(x, layers.GlobalAveragePooling1D()(layers.Embedding(20, 4)(x)))
    if kind == "stateful":
        x = keras.Input(batch_shape=(1, 1, FEATURES))
        return keras.Model(x, layers.LSTM(4, stateful=True, unroll=True)(x))
    if kind == "cnn":
        x = keras.Input((12, 12, 2))
        h = layers.BatchNormalization()(layers.Conv2D(8, 3, strides=2, activation="relu")(x))
        h = layers.Conv2D(16, 3, padding="same")(h)  # large enough for the converter to make it 8-bit
        h = layers.DepthwiseConv2D(2, padding="same", activation="relu6")(layers.MaxPooling2D(2, 1)(h))
        h = layers.Flatten()(layers.AveragePooling2D(2)(layers.Concatenate()([h, layers.Conv2D(4, 1)(h)])))
        return keras.Model(x, layers.Softmax()(layers.Dense(CLASSES)(h)))
    if kind == "gru":  # a loop too
        x = keras.Input(batch_shape=(1, STEPS, FEATURES))
        return keras.Model(x, layers.Dense(CLASSES)(layers.GRU(8)(x)))
    assert kind == "multi"
    a, b = keras.Input((None, 3), name="a"), keras.Input((2,), name="b")
    joined = layers.Concatenate()([layers.GlobalMaxPooling1D()(a), b])
    return keras.Model([a, b], [layers.Dense(3)(joined), layers.Conv1D(4, 3, padding="same")(a)])


@cache
def model_file(kind: str) -> Path:
    """A file: those of `OURS` are by `convert`; `stock`, `gru`, `dense`, `cnn`, `tokens`, `multi` and
    `stateful` are by TensorFlow's converter, some also with `_int8` or `_dynamic` behind the name."""
    path = FOLDER / f"{kind}.tflite"
    if kind in OURS:
        options = dict(OURS[kind])
        if options.get("quantize") in ("int8", "int16x8"):
            options["representative_data"] = sequences(32)
        convert(keras_model(), path, **options)
        return path
    name, _, numbers = kind.partition("_")
    model = keras_model(name)
    converter = tf.lite.TFLiteConverter.from_keras_model(model)
    if numbers:
        converter.optimizations = [tf.lite.Optimize.DEFAULT]
    if numbers == "int8":
        rng = np.random.default_rng(0)
        data = rng.normal(size=(64, *model.input_shape[1:])).astype(np.float32)
        converter.representative_dataset = lambda: ([row[None]] for row in data)
        converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
        converter.inference_input_type = converter.inference_output_type = tf.int8
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it warns of its own defaults
        path.write_bytes(converter.convert())
    return path


def edited(kind: str, edit: Callable[[Any], None]) -> bytes:
    """The bytes of a file after `edit` has changed its objects in place."""
    model = flatbuffer.load(model_file(kind).read_bytes())
    edit(model)
    return flatbuffer.pack(model)
