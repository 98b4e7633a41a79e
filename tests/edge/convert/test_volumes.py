"""Pooling over time, height and width in a file: TensorFlow Lite has it for pictures alone."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest

import edge
from edge.convert import convert
from tests.helpers.keras_models import keras_answer, randomised

layers = keras.layers
KINDS = {"largest": layers.MaxPooling3D, "mean": layers.AveragePooling3D}
# Windows that overlap, end early at the edges, or lie in one axis alone.
WINDOWS: list[dict[str, Any]] = [
    {"pool_size": (3, 2, 3), "strides": (2, 1, 2), "padding": "same"},
    {"pool_size": (1, 2, 2)},
    {"pool_size": (2, 1, 1)},
]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("steps", [12, None])
def test_every_pooling_over_volumes(kind: str, steps: int | None, tmp_path: Path) -> None:
    x = inputs = keras.Input((steps, 7, 8, 2))
    for window in WINDOWS:
        x = KINDS[kind](**window)(x)
    x = layers.LSTM(5)(layers.TimeDistributed(layers.Flatten())(x))
    model = randomised(keras.Model(inputs, x))
    video = np.random.default_rng(3).normal(size=(6, 12, 7, 8, 2)).astype("float32")
    convert(model, tmp_path / "m.tflite", representative_data=video, batch=2)
    found = edge.load(tmp_path / "m.tflite").predict(video)
    np.testing.assert_allclose(found, keras_answer(model, video)[0], atol=1e-6)
