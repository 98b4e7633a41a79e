"""Activations of 16 bits: ranges with headroom."""

from __future__ import annotations

from pathlib import Path

import keras
import numpy as np
import pytest

import edge
from edge.convert import convert, passes
from keras_lstm_plus import LSTMPlus
from tests.helpers.keras_models import FEATURES, keras_answer, motion, randomised, relative_error


def test_data_half_as_large_again_is_not_clipped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """16 bits are plenty: twice the range that calibration saw costs nothing, and a stream meets more."""
    x = keras.Input((None, FEATURES))
    y = LSTMPlus(6, "peephole", return_sequences=True)(x)
    model = randomised(keras.Model(x, keras.layers.Dense(3)(y)))
    seen, larger = np.clip(motion(32, 9), -1, 1), 1.6 * np.clip(motion(8, 9, seed=7), -1, 1)
    wanted = keras_answer(model, larger)[0]

    def error() -> float:
        path = tmp_path / "model.tflite"
        convert(model, path, "int16x8", seen, lowering="step")
        return relative_error(np.asarray(edge.load(path).predict(larger)), wanted)

    assert error() < 0.01
    monkeypatch.setattr(passes, "give_headroom", lambda *_: None)
    assert error() > 0.02
