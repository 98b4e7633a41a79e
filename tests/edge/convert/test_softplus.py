"""A softplus in a file: of large numbers, and in integers."""

from __future__ import annotations

from pathlib import Path

import keras
import numpy as np
import pytest

import edge
from edge.convert import convert
from tests.helpers.keras_models import FEATURES, keras_answer, motion, randomised, relative_error

layers = keras.layers


def model_of(activation: str, scale: float) -> keras.Model:
    x = keras.Input((6, FEATURES))
    scores = layers.Dense(4)(layers.LSTM(5, return_sequences=True)(x))
    model = keras.Model(x, layers.Activation(activation)(layers.Rescaling(scale)(scores)))
    return randomised(model)


@pytest.mark.parametrize("activation", ["softplus", "mish", "log_sigmoid"])
def test_of_large_numbers_it_is_finite(activation: str, tmp_path: Path) -> None:
    model, x = model_of(activation, 1000.0), motion(12, 6)
    wanted = keras_answer(model, x)[0]
    assert np.abs(wanted).max() > 150  # e^89 is no float32
    convert(model, tmp_path / "m.tflite", None, x)
    np.testing.assert_allclose(edge.load(tmp_path / "m.tflite").predict(x), wanted, rtol=1e-5, atol=1e-4)


def test_in_integers_its_exponential_is_real(tmp_path: Path) -> None:
    model, x = model_of("softplus", 12.0), motion(60, 6)
    convert(model, tmp_path / "m.tflite", "int8", x)
    used = motion(12, 6, seed=9)
    found = edge.load(tmp_path / "m.tflite").predict(used)
    assert relative_error(found, keras_answer(model, used)[0]) < 0.15
