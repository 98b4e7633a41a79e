"""A file in numbers too coarse for its model is refused, and what the sentence names instead does it."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest

import edge
from edge.convert import ConversionError, convert, verify
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


@pytest.mark.parametrize("quantize", ["int8", "dynamic", "float16", None])
def test_an_output_that_varies_by_roundings_alone(quantize: str | None, tmp_path: Path) -> None:
    """The sum of a softmax is one, give or take a bit: what is off by less than a hundredth is right."""
    x, path = motion(40, 10), tmp_path / "m.tflite"
    inputs = keras.Input((None, FEATURES))
    shares = layers.Dense(5, "softmax")(recurrent("peephole", 12)(inputs))
    model = randomised(keras.Model(inputs, layers.Dense(1, use_bias=False, name="sum")(shares)))
    model.get_layer("sum").set_weights([np.ones((5, 1), np.float32)])
    wanted = keras_answer(model, x)[0]
    assert 0 < wanted.std() < 1e-6
    result = convert(model, path, quantize, x)
    assert result.errors[0].relative < 0.02
    assert verify(model, path, x).is_ok
    np.testing.assert_allclose(edge.load(path).predict(x), wanted, atol=0.02)


def small(size: float, offset: float) -> keras.Model:
    """Its answers are `size` large, around an offset."""
    inputs = keras.Input((None, FEATURES))
    model = randomised(keras.Model(inputs, layers.Dense(1, name="small")(recurrent("peephole", 12)(inputs))))
    kernel, _ = model.get_layer("small").get_weights()
    model.get_layer("small").set_weights([size * kernel, np.full(1, offset, np.float32)])
    return model


@pytest.mark.parametrize(("size", "offset"), [(1e-7, 0.0), (1e-4, 0.3)])
def test_small_answers_in_half_precision(size: float, offset: float, tmp_path: Path) -> None:
    """Below the smallest number of 16 bits, or their steps: refused, though all is off by 1e-4 at most."""
    x, path = motion(40, 10), tmp_path / "m.tflite"
    model = small(size, offset)
    with pytest.raises(ConversionError, match="of its standard deviation. Use quantize=None"):
        convert(model, path, "float16", x)
    result = convert(model, path, None, x)
    assert result.errors[0].relative < 0.01
    assert verify(model, path, x).is_ok
    found = verify(small(-size, offset), path, x)
    assert not found.is_ok
    # Where all of it is below the tolerance of real numbers, the error is told in what the output varies.
    assert ("standard deviations" in str(found)) == (offset == 0.0)


def test_small_answers_of_a_stream(tmp_path: Path) -> None:
    x, path = motion(12, 30), tmp_path / "m.tflite"
    convert(small(1e-7, 0.0), path, state="carry")
    assert verify(small(1e-7, 0.0), path, x, drift_steps=300).is_ok
    drift = verify(small(-1e-7, 0.0), path, x, drift_steps=300).drift
    assert drift is not None
    (output,) = drift.outputs
    assert not drift.is_ok
    assert output.error > output.limit > 0.1


def test_the_way_out_is_one_that_leads_out(tmp_path: Path) -> None:
    """Half precision is none where the output varies less than its steps."""
    x, path = motion(40, 10), tmp_path / "m.tflite"
    model = small(1e-4, 0.3)
    with pytest.raises(ConversionError, match="differs from Keras") as refusal:
        convert(model, path, "int8", x)
    assert named(refusal.value) not in ("int8", "float16")
    convert(model, path, named(refusal.value), x)
    assert relative_error(edge.load(path).predict(x), keras_answer(model, x)[0]) < 0.15
