"""Calibration of what the runtime computes in the place of something else."""

from __future__ import annotations

from pathlib import Path

import keras
import pytest

import edge
from edge.convert import ConversionError, convert
from edge.convert.quantization import calibration
from tests.helpers.keras_models import FEATURES, keras_answer, motion, randomised, relative_error

layers = keras.layers


def test_an_lstm_whose_output_is_added_to_keeps_its_range(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The sum of both directions is larger than either, and lies where one of them was."""
    x = keras.Input((10, FEATURES))
    both = layers.Bidirectional(layers.LSTM(16, return_sequences=True), merge_mode="sum")(x)
    model, data, used = randomised(keras.Model(x, layers.Dense(3)(both))), motion(48, 10), motion(12, 10, 9)
    path = tmp_path / "m.tflite"
    convert(model, path, "int8", data)
    assert relative_error(edge.load(path).predict(used), keras_answer(model, used)[0]) < 0.05
    monkeypatch.setattr(calibration, "_keep_apart", lambda draft: None)
    with pytest.raises(ConversionError, match="differs from Keras by"):
        convert(model, path, "int8", data)
