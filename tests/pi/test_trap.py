"""A trap of tflite-runtime 2.14 on Arm: its integer kernel is wrong for a layer norm of 16 cells or more."""

from __future__ import annotations

from pathlib import Path

import keras
import numpy as np
import pytest

from edge.convert import convert
from keras_lstm_plus import LSTMPlus
from tests.helpers import conversion_grid
from tests.helpers.keras_models import randomised, relative_error
from tests.pi.conftest import There

CELLS = 16


@pytest.fixture(scope="module")
def model() -> keras.Model:
    inputs = keras.Input((None, conversion_grid.FEATURES), name="x")
    layer = LSTMPlus(CELLS, "layer_norm", return_sequences=True, name="memory")
    return randomised(keras.Model(inputs, layer(inputs)))


def error(there: There, model: keras.Model, path: Path) -> float:
    x = conversion_grid.sequences(2, 8)
    found = there.ask("predict", path, x)["outputs"][0][0]
    return relative_error(np.array(found), np.asarray(model(x)))


def test_where_it_is_wrong_and_where_it_is_right(there: There, model: keras.Model, tmp_path: Path) -> None:
    path = tmp_path / "int8.tflite"
    convert(model, path, "int8", conversion_grid.sequences(1, 256), target="litert", lowering="fused")
    if there.runtime == "tflite-runtime":
        assert error(there, model, path) > 0.2
    else:
        assert error(there, model, path) < 0.05


def test_the_target_refuses_it_and_its_way_out_is_right(
    there: There, model: keras.Model, tmp_path: Path
) -> None:
    path = tmp_path / "model.tflite"
    with pytest.raises(
        ValueError, match=r"wrong with a layer norm\. Use lowering='step', or quantize='dynamic'"
    ):
        convert(
            model,
            path,
            "int8",
            conversion_grid.sequences(1, 256),
            target="raspberry-pi-armv7",
            lowering="fused",
        )
    assert not path.exists()
    convert(model, path, "dynamic", target="raspberry-pi-armv7")
    assert error(there, model, path) < 0.05
