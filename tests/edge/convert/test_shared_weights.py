"""A layer that is called many times has its weights in the file once."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest

from edge.convert import convert
from edge.convert.graph import flatbuffer
from tests.helpers.keras_models import randomised

layers = keras.layers
UNITS, STEPS, FEATURES = 64, 6, 6
BYTES = {None: 4, "float16": 2, "dynamic": 1, "int8": 1, "int16x8": 1}  # of a weight


def twins(layer: Any) -> keras.Model:
    """Two sequences through one and the same layer."""
    x, y = keras.Input((STEPS, FEATURES)), keras.Input((STEPS, FEATURES))
    return randomised(keras.Model([x, y], layers.Dense(2)(layers.Concatenate()([layer(x), layer(y)]))))


def distributed() -> keras.Model:
    inner = layers.TimeDistributed(layers.LSTM(UNITS))
    return randomised(keras.Sequential([keras.Input((10, STEPS, FEATURES)), inner, layers.LSTM(2)]))


@pytest.mark.parametrize("quantize", BYTES)
@pytest.mark.parametrize("name", ["twins", "distributed"])
def test_weights_lie_in_the_file_once(name: str, quantize: str | None, tmp_path: Path) -> None:
    model = distributed() if name == "distributed" else twins(layers.LSTM(UNITS))
    rng = np.random.default_rng(1)
    data = [rng.normal(size=(32, *spec.shape[1:])).astype(np.float32) for spec in model.inputs]
    path = tmp_path / "m.tflite"
    lowering = "unrolled" if quantize == "int16x8" else "fused"
    convert(model, path, quantize, data if len(data) > 1 else data[0], lowering=lowering)
    file = flatbuffer.load(path.read_bytes())
    most = 1.1 * BYTES[quantize] * model.count_params() + 4000
    large = sum(len(buffer) for buffer in flatbuffer.arrays(file) if len(buffer) > 300)
    assert large < most, f"{large} bytes for {model.count_params()} weights"


@pytest.mark.parametrize("lowering", ["unrolled", "step"])
def test_a_shared_gru_too(lowering: str, tmp_path: Path) -> None:
    shared = layers.GRU(UNITS)
    x, y = keras.Input((None, FEATURES)), keras.Input((None, FEATURES))
    model = randomised(keras.Model([x, y], layers.Concatenate()([shared(x), shared(y)])))
    options: dict[str, Any] = {"length": STEPS} if lowering == "unrolled" else {}
    convert(model, tmp_path / "m.tflite", lowering=lowering, **options)
    file = flatbuffer.load((tmp_path / "m.tflite").read_bytes())
    assert sum(map(len, flatbuffer.arrays(file))) < 4.4 * model.count_params() + 4000


def test_equal_bytes_of_other_types_are_shared_and_stay_what_they_are() -> None:
    model = _model_of_constants()
    flatbuffer.share_equal_buffers(model)
    flatbuffer.drop_unused_buffers(model)
    values = [flatbuffer.constant(model, index) for index in range(3)]
    np.testing.assert_array_equal(values[0], np.ones(4, np.float32))
    np.testing.assert_array_equal(values[1], np.ones((2, 2), np.float32))
    np.testing.assert_array_equal(values[2], np.full(4, 1065353216, np.int32))
    assert len(model.buffers) == 2  # the empty one, and these bytes


def _model_of_constants() -> flatbuffer.Model:
    from ai_edge_litert import schema_py_generated as schema

    part = schema.SubGraphT(tensors=[], inputs=[], outputs=[], operators=[])
    model = schema.ModelT(version=3, buffers=[schema.BufferT()], subgraphs=[part], metadata=[])
    ones = np.ones(4, np.float32)
    for name, value in (("flat", ones), ("square", ones.reshape(2, 2)), ("whole", ones.view(np.int32))):
        flatbuffer.add_constant(model, name, value)
    return model
