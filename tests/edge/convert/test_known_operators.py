"""What is written for a microcontroller runs there: other operators in the place of those that it lacks."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest

from edge.aliases import Array
from edge.convert import convert
from edge.inspection.operators import operator_reasons
from edge.targets import get_target
from edge.tflite import parser
from tests.helpers.keras_models import FEATURES, keras_answer, motion, randomised, relative_error, rounds
from tests.helpers.other_runtimes import micro

layers, ops = keras.layers, keras.ops
needs_micro = pytest.mark.skipif(
    importlib.util.find_spec("tflite_micro") is None,
    reason="tflite-micro is not installed (Linux on x86 only)",
)
STEPS, UNITS, TOKENS = 4, 5, 20


def padded(seed: int = 0) -> Array:
    x = motion(32, STEPS, seed=seed + 1)
    for row, length in zip(x, np.random.default_rng(seed).integers(1, STEPS + 1, len(x)), strict=True):
        row[length:] = -1
    return x


def words(seed: int = 0) -> Array:
    return np.random.default_rng(seed).integers(0, TOKENS, (128, STEPS)).astype(np.int32)


def clips(seed: int = 0) -> Array:
    return np.random.default_rng(seed).normal(size=(32, STEPS, 6, 6, 1)).astype(np.float32)


# A model by what it would need: layers, data, the shape and type of an input.
KINDS: dict[str, tuple[Callable[[], list[Any]], Callable[..., Array], tuple[int, ...], str]] = {
    "REDUCE_ANY": (
        lambda: [layers.Masking(-1.0), layers.Bidirectional(layers.LSTM(UNITS, return_sequences=True))],
        padded,
        (STEPS, FEATURES),
        "float32",
    ),
    "SELECT": (
        lambda: [layers.Embedding(TOKENS, 6, mask_zero=True), layers.LSTM(UNITS)],
        words,
        (STEPS,),
        "int32",
    ),
    "TILE": (
        lambda: [layers.UpSampling1D(2), layers.LSTM(UNITS), layers.RepeatVector(3)],
        lambda seed=0: motion(32, STEPS, seed=seed + 1),
        (STEPS, FEATURES),
        "float32",
    ),
    "ONE_HOT": (
        lambda: [layers.Lambda(lambda x: ops.one_hot(x, TOKENS)), layers.LSTM(UNITS)],
        words,
        (STEPS,),
        "int32",
    ),
    "STRIDED_SLICE": (
        lambda: [
            layers.TimeDistributed(layers.Conv2D(2, 3, activation="relu")),
            layers.Lambda(lambda x: x[:, ::2, 1:]),
            layers.TimeDistributed(layers.Flatten()),
            layers.LSTM(UNITS),
        ],
        clips,
        (STEPS, 6, 6, 1),
        "float32",
    ),
}


@needs_micro
@pytest.mark.parametrize("quantize", [None, "int8", "int16x8"])
@pytest.mark.parametrize("kind", KINDS)
def test_what_it_lacks_is_written_as_what_it_has(kind: str, quantize: str | None, tmp_path: Path) -> None:
    stack, data, shape, dtype = KINDS[kind]
    model = randomised(keras.Sequential([keras.Input(shape, dtype=dtype), *stack()]))
    path = convert(model, tmp_path / "m.tflite", quantize, data(), target="microcontroller").path
    file = parser.parse(path.read_bytes())
    reasons = list(operator_reasons(file, get_target("microcontroller")))
    assert [reason for reason in reasons if reason.weight == "refused"] == []
    x = data(seed=7)[:8]
    found = np.concatenate([outputs[0] for outputs in micro(path, rounds(x))])
    wanted = keras_answer(model, x)[0]
    if quantize is None:
        assert np.abs(found - wanted).max() < 1e-5
    else:
        assert relative_error(found, wanted) < 0.06


def test_what_it_cannot_have_is_one_sentence(tmp_path: Path) -> None:
    path = tmp_path / "m.tflite"

    def model(activation: str) -> keras.Model:
        head = [layers.LSTM(UNITS), layers.Dense(4, activation=activation)]
        return randomised(keras.Sequential([keras.Input((STEPS, FEATURES)), *head]))

    with pytest.raises(ValueError, match="needs GELU, which TensorFlow Lite Micro lacks.*by another one"):
        convert(model("gelu"), path, target="microcontroller")
    assert not list(tmp_path.iterdir())
    assert convert(model("tanh"), path, target="microcontroller").path == path  # the way out


def test_tokens_of_64_bits_are_one_sentence_and_those_of_32_the_way_out(tmp_path: Path) -> None:
    stack, data, shape, _ = KINDS["SELECT"]

    def model(dtype: str) -> keras.Model:
        return randomised(keras.Sequential([keras.Input(shape, dtype=dtype), *stack()]))

    with pytest.raises(ValueError, match=r"not int64\. To do: let whole numbers be int32, keras\.Input"):
        convert(model("int64"), tmp_path / "m.tflite", target="microcontroller")
    convert(model("int32"), tmp_path / "m.tflite", None, data(), target="microcontroller")


def test_other_targets_keep_the_shorter_form(tmp_path: Path) -> None:
    stack, data, shape, dtype = KINDS["TILE"]
    model = randomised(keras.Sequential([keras.Input(shape, dtype=dtype), *stack()]))
    result = convert(model, tmp_path / "m.tflite", None, data())
    assert "TILE" in result.ops
    assert "BROADCAST_TO" not in result.ops
