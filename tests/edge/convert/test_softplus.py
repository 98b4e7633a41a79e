"""A softplus in a file: of large numbers, and in integers; an exponential there."""

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


def test_an_output_that_is_an_exponential_is_real(tmp_path: Path) -> None:
    """Of which the largest value, beyond all that calibration saw, is not cut off."""
    x = keras.Input((6, FEATURES))
    h = layers.LSTM(8)(x)
    heads = [layers.Dense(3, name="mean")(h), layers.Dense(3, activation="exponential", name="spread")(h)]
    model = randomised(keras.Model(x, heads))
    kernel = model.get_layer("spread").kernel
    kernel.assign(8.0 * kernel)
    data, used = motion(48, 6), 1.5 * motion(12, 6, seed=9)
    result = convert(model, tmp_path / "m.tflite", "int8", data)
    assert any("'spread' stays a real number" in note for note in result.notes)
    mean, spread = edge.load(result.path).outputs
    assert (mean.dtype, spread.dtype) == (np.int8, np.float32)
    found, wanted = edge.load(result.path).predict(used)[1], keras_answer(model, used)[1]
    assert relative_error(found, wanted) < 0.3
