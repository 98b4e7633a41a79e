"""What `convert` says of where a file is fast: full int8 is for chips, on a processor it needs the engine."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest

from edge.convert import convert
from edge.convert.making import SLOW_INT8


@pytest.mark.parametrize(
    ("options", "is_said"),
    [
        ({"quantize": "int8"}, True),
        ({"quantize": "int8", "target": "raspberry-pi-armv7"}, True),
        ({"quantize": "int8", "lowering": "unrolled", "length": 4}, False),
        ({"quantize": "int8", "target": "microcontroller", "length": 4}, False),
        ({"quantize": "dynamic"}, False),
    ],
)
def test_int8_of_a_fused_lstm_on_a_processor(options: dict[str, Any], is_said: bool, tmp_path: Path) -> None:
    x = keras.Input((None, 3))
    model = keras.Model(x, keras.layers.LSTM(4)(x))
    data = np.random.default_rng(0).normal(size=(32, 4, 3)).astype("float32")
    result = convert(model, tmp_path / "model.tflite", representative_data=data, **options)
    assert (SLOW_INT8 in result.notes) == is_said
