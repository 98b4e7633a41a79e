"""What `convert` says of a file holds where there is no engine: the runtime's own kernels are its judge."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import keras
import pytest

import edge
from edge.convert import convert
from keras_lstm_plus import LSTMPlus
from tests.helpers.keras_models import FEATURES, motion


def test_convert_runs_the_file_without_the_engine(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    asked: list[Any] = []
    load = edge.load

    def spy(path: Path, **options: Any) -> Any:
        asked.append(options.get("accelerate", "auto"))
        return load(path, **options)

    monkeypatch.setattr(edge, "load", spy)
    model = keras.Sequential([keras.Input((None, FEATURES)), LSTMPlus(4)])
    convert(model, tmp_path / "m.tflite", "dynamic", motion(24, 9), state="carry")
    assert len(asked) > 1
    assert set(asked) == {False}
