"""Files that keep their state and take several steps a call, for the tests of streams; each made once."""

from __future__ import annotations

import importlib.util
from functools import cache
from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from edge.convert import convert
from tests.helpers.device_files import FEATURES, FOLDER, sequences
from tests.helpers.explicit_files import LABELS, NORMALIZATION, two_ends

BLOCK = 5
TOKENS, BANDS = 20, 3
MEAN, STD = [1.0, -2.0, 0.5], [2.0, 0.5, 3.0]  # of the bands
FILES: dict[str, dict[str, Any]] = {
    "noted": {"state": "carry", "labels": LABELS, "normalization": NORMALIZATION},
    "int8": {"state": "explicit", "quantize": "int8"},
}


@cache
def block_file(kind: str) -> Path:
    """One of `FILES`, of `two_ends`: an output for each step, and one for the block."""
    path = FOLDER / f"{kind}_blocks.tflite"
    options = dict(FILES[kind])
    if "quantize" in options:
        options["representative_data"] = sequences(32, 8 * BLOCK)
    convert(two_ends(), path, length=BLOCK, **options)
    return path


@cache
def mixed_model() -> keras.Model:
    """Tokens and bands that come with every step, and a setting that has no axis of time."""
    keras.utils.set_random_seed(5)
    words = keras.Input((None,), dtype="int32", name="words")
    sound, knob = keras.Input((None, BANDS), name="sound"), keras.Input((2,), name="knob")
    seen = keras.layers.Concatenate()([keras.layers.Embedding(TOKENS, 4)(words), sound])
    every = keras.layers.LSTM(6, return_sequences=True)(seen)
    scale = keras.layers.Reshape((1, 6))(keras.layers.Dense(6)(knob))
    return keras.Model([words, sound, knob], keras.layers.Dense(4)(keras.layers.Multiply()([every, scale])))


@cache
def mixed_file() -> Path:
    """Of `mixed_model`, in blocks, with a normalization of the bands."""
    path = FOLDER / "mixed_blocks.tflite"
    scaling = {"mean": MEAN, "std": STD}
    convert(mixed_model(), path, state="carry", length=BLOCK, normalization=scaling)
    return path


@cache
def stock_model() -> keras.Model:
    """A stateful layer of Keras that takes blocks."""
    keras.utils.set_random_seed(2)
    x = keras.Input(batch_shape=(1, BLOCK, FEATURES))
    lstm = keras.layers.LSTM(4, stateful=True, unroll=True, return_sequences=True)
    return keras.Model(x, keras.layers.Dense(3)(lstm(x)))


@cache
def stock_file() -> Path:
    """By TensorFlow's converter, which puts the state into resource variables."""
    path = FOLDER / "stock_blocks.tflite"
    path.write_bytes(tf.lite.TFLiteConverter.from_keras_model(stock_model()).convert())
    return path


def wake_words() -> list[Path]:
    """The files that the package pymicro-wakeword carries; none where it is not installed."""
    found = importlib.util.find_spec("pymicro_wakeword")
    places = (found.submodule_search_locations or []) if found else []
    return sorted(path for place in places for path in Path(place).glob("models/*.tflite"))


def spectrogram(frames: int, seed: int) -> np.ndarray:
    """Blots of loud and quiet, as speech has them: `[frames, 40]`, 0 to 26."""
    blots = np.random.default_rng(seed).normal(size=(frames // 16 + 1, 10))
    return np.clip(13 * (np.kron(blots, np.ones((16, 4)))[:frames] + 1), 0, 26).astype(np.float32)
