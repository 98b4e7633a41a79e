"""The float form of the very graph that is quantized is judged first: no tolerance hides a wrong graph."""

from __future__ import annotations

from pathlib import Path

import keras
import pytest

from edge.convert import ConversionError, convert, making
from edge.convert.graph import flatbuffer
from edge.convert.job import Job
from edge.convert.passes import Pass
from edge.convert.tracing.draft import Draft
from tests.helpers.keras_models import FEATURES, motion, randomised, recurrent

layers = keras.layers


def bent(draft: Draft, _: Job) -> None:
    """One weight in a hundred is off by one in a hundred: less than 8 bits lose."""
    model = draft.model
    for index in range(len(flatbuffer.graph(model).tensors)):
        if flatbuffer.is_constant(model, index) and flatbuffer.tensor_dtype(model, index).kind == "f":
            value = flatbuffer.constant(model, index).copy()
            value.reshape(-1)[::100] *= 1.01
            flatbuffer.set_constant(model, index, value)


def small() -> keras.Model:
    return randomised(
        keras.Sequential([keras.Input((None, FEATURES)), recurrent("peephole", 12), layers.Dense(3)])
    )


@pytest.mark.parametrize("quantize", ["int8", "dynamic"])
def test_a_graph_that_is_a_little_wrong_is_refused(
    quantize: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It would pass for one that was quantized."""
    monkeypatch.setattr(making, "TO_FLOAT", (*making.TO_FLOAT, Pass(bent, "a fault")))
    with pytest.raises(ConversionError, match="not kept: before it was quantized, output .* by up to 0.00"):
        convert(small(), tmp_path / "m.tflite", quantize, motion(40, 10))
    assert not list(tmp_path.iterdir())
    if quantize == "int8":
        monkeypatch.setattr(making, "_judge_float", lambda *_: [])
        assert convert(small(), tmp_path / "m.tflite", quantize, motion(40, 10)).errors[0].relative < 0.03


@pytest.mark.parametrize("quantize", [None, "dynamic"])
def test_a_model_whose_rows_depend_on_each_other(quantize: str | None, tmp_path: Path) -> None:
    """Keras itself gives one sequence something else than six: no file is right for both, and it is said."""
    mixed = layers.Lambda(lambda x: x - keras.ops.mean(x, axis=0, keepdims=True))
    model = keras.Sequential([keras.Input((None, FEATURES)), mixed, recurrent("stock", 5, name="memory")])
    with pytest.raises(
        ConversionError, match="output 'memory' of the Keras model itself depends on how many"
    ):
        convert(model, tmp_path / "m.tflite", quantize, motion(6, 5))
    assert not list(tmp_path.iterdir())
