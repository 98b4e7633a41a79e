"""The usual layers beside an LSTM in 16-bit activations: those without a kernel stay in real numbers."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest

from edge.convert import convert, passes
from keras_lstm_plus import LSTMPlus
from tests.helpers.keras_models import FEATURES, keras_answer, motion, randomised, relative_error, rounds
from tests.helpers.runtimes import Runtime

layers = keras.layers
STEPS, UNITS = 6, 6
HEADS: dict[str, Callable[[Any], Any]] = {
    "layer_norm": lambda y: layers.LayerNormalization()(y),
    "batch_norm": lambda y: layers.BatchNormalization()(y),
    "conv": lambda y: layers.Conv1D(4, 3, padding="causal", activation="elu")(y),
    "max_pool": lambda y: layers.MaxPooling1D(2)(y),
    "average_pool": lambda y: layers.AveragePooling1D(2)(y),
    "mean": lambda y: layers.GlobalAveragePooling1D()(y),
    "max": lambda y: layers.GlobalMaxPooling1D()(y),
    "attention": lambda y: layers.Attention()([y, y]),
    "heads": lambda y: layers.MultiHeadAttention(2, 3)(y, y),
    "softmax": lambda y: layers.Dense(4, activation="softmax")(y),
    "gelu": lambda y: layers.Dense(4, activation="gelu")(layers.Dropout(0.3)(y)),
    "silu": lambda y: layers.Dense(4, activation="silu")(y),
    "flatten": lambda y: layers.Dense(3)(layers.Flatten()(y)),
    "permute": lambda y: layers.Reshape((4, 9))(layers.Permute((2, 1))(y)),
    "up": lambda y: layers.UpSampling1D(2)(y),
    "repeat": lambda y: layers.RepeatVector(3)(layers.GlobalMaxPooling1D()(y)),
    "multiply": lambda y: layers.Multiply()([y, layers.Dense(UNITS, activation="sigmoid")(y)]),
    "join": lambda y: layers.Concatenate()([y, layers.Subtract()([y, layers.Average()([y, y * y])])]),
    "gru": lambda y: layers.GRU(UNITS)(y),
    "rnn": lambda y: layers.SimpleRNN(UNITS)(y),
    "both": lambda y: layers.Bidirectional(layers.LSTM(4))(y),
    "by_step": lambda y: layers.TimeDistributed(layers.Dense(4, activation="relu"))(y),
    "power": lambda y: keras.ops.sqrt(keras.ops.abs(y) + 0.1) / (keras.ops.square(y) + 1.0),
}


@pytest.fixture(scope="module")
def all_heads(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, keras.Model]:
    x = keras.Input((STEPS, FEATURES), name="x")
    y = layers.LSTM(UNITS, return_sequences=True)(x)
    outputs = [layers.Identity(name=f"{name}_head")(head(y)) for name, head in HEADS.items()]
    model = randomised(keras.Model(x, outputs))
    path = tmp_path_factory.mktemp("heads") / "m.tflite"
    convert(model, path, "int16x8", motion(64, STEPS))
    return path, model


def test_every_usual_layer(all_heads: tuple[Path, keras.Model], runtime: Runtime) -> None:
    path, model = all_heads
    x = motion(16, STEPS, seed=5)
    found = [np.concatenate(each) for each in zip(*runtime.run(path, rounds(x)), strict=True)]
    for name, value, wanted in zip(HEADS, found, keras_answer(model, x), strict=True):
        assert relative_error(value, wanted) < 0.03, name


def test_a_bias_that_all_steps_share(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is counted in steps of the input: with a range for each time step, it was another at each."""
    x = keras.Input((STEPS, FEATURES))
    model = randomised(keras.Model(x, layers.GRU(8)(x)))
    data = motion(64, STEPS)
    error = convert(model, tmp_path / "m.tflite", "int16x8", data).errors[0].relative
    assert error < 0.012
    monkeypatch.setattr(passes, "tie_shared_weights", lambda *_: None)
    assert convert(model, tmp_path / "m.tflite", "int16x8", data).errors[0].relative > 1.5 * error


def test_a_layer_norm_within_the_cell(tmp_path: Path, runtime: Runtime) -> None:
    """Its differences, squares and roots have no kernel of 16 bits: they stay real numbers."""
    x = keras.Input((3, FEATURES))
    model = randomised(keras.Model(x, LSTMPlus(UNITS, "layer_norm")(x)))
    path = convert(model, tmp_path / "m.tflite", "int16x8", motion(64, 3)).path
    new = motion(16, 3, seed=5)
    found = np.concatenate([outputs[0] for outputs in runtime.run(path, rounds(new))])
    assert relative_error(found, keras_answer(model, new)[0]) < 0.03
