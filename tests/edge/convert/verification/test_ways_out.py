"""A file in numbers too coarse for its model is refused, and what the sentence names instead does it."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest

import edge
from edge.convert import ConversionError, convert
from edge.convert.stages import OTHERS
from tests.helpers.keras_models import FEATURES, keras_answer, motion, randomised, recurrent, relative_error

layers = keras.layers
CLASSES = 3000


def named(error: BaseException) -> str:
    """The numbers that a refusal names."""
    found = re.search(r"[Uu]se quantize='(\w+)', whose error is [\d.]+%\.$", str(error))
    assert found, str(error)
    return found[1]


def test_a_softmax_over_thousands(tmp_path: Path) -> None:
    """In steps of 1/256 it is zeros alone. The ways out: other numbers, or no softmax in the file."""
    x, path = motion(40, 10), tmp_path / "m.tflite"
    inputs = keras.Input((None, FEATURES))
    scores = layers.Dense(CLASSES, name="scores")(recurrent("stock", 16)(inputs))
    model = randomised(keras.Model(inputs, layers.Softmax(name="word")(scores)))
    for weight in model.get_layer("scores").weights:
        weight.assign(0.3 * weight)
    with pytest.raises(
        ConversionError, match=r"'word' differs .* end the model before the softmax"
    ) as refusal:
        convert(model, path, "int8", x)
    assert "convolution" not in str(refusal.value)
    assert not list(tmp_path.iterdir())
    wanted = keras_answer(model, x)[0]
    convert(model, path, named(refusal.value), x)
    assert relative_error(edge.load(path).predict(x), wanted) < 0.05
    convert(keras.Model(inputs, scores), path, "int8", x)
    found = np.exp(edge.load(path).predict(x))
    assert relative_error(found / found.sum(axis=-1, keepdims=True), wanted) < 0.1


def test_a_step_in_8_bits_names_16(tmp_path: Path) -> None:
    """The command of the page on microcontrollers: the reason is the numbers, and no convolution."""
    x, path = 3 * motion(40, 30), tmp_path / "m.tflite"
    model = randomised(
        keras.Sequential([keras.Input((None, FEATURES)), recurrent("peephole", 24), layers.Dense(3)])
    )
    for weight in model.weights:
        if weight.name in ("recurrent_kernel", "peephole_kernel"):
            weight.assign(3.0 * weight)
    told: list[str] = []
    options: dict[str, Any] = {"lowering": "step", "target": "microcontroller"}
    options["progress"] = lambda done, total, stage: told.append(stage)
    with pytest.raises(
        ConversionError, match="differs from Keras by .* of its standard deviation"
    ) as refusal:
        convert(model, path, "int8", x, **options)
    assert "several time steps" not in str(refusal.value)
    assert named(refusal.value) == "int16x8"
    assert told[-1] == OTHERS
    result = convert(model, path, "int16x8", x, **options)
    assert result.errors[0].relative < 0.15
