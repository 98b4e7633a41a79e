"""`load_keras`: saved models, and files that are none."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import h5py
import keras
import numpy as np
import pytest

from edge.convert.keras_model.load import load_keras
from tests.helpers.keras_models import motion, two_layers


@keras.saving.register_keras_serializable("tests")
class Halved(keras.layers.Layer):
    """Code of somebody's own."""

    def call(self, x: Any) -> Any:
        return x / 2


@pytest.mark.parametrize("suffix", [".keras", ".h5"])
def test_saved_models_load_as_they_were(suffix: str, tmp_path: Path) -> None:
    model = two_layers("peephole")
    model.save(tmp_path / f"m{suffix}")
    x = motion(2, 5)
    np.testing.assert_array_equal(load_keras(tmp_path / f"m{suffix}")(x), model(x))


def test_files_that_do_not_load_say_why(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    model = two_layers("standard")
    whole = tmp_path / "m.keras"
    model.save(whole)
    model.save_weights(tmp_path / "m.weights.h5")
    content = whole.read_bytes()
    (tmp_path / "cut.keras").write_bytes(content[: len(content) // 2])
    flipped = bytearray(content)
    flipped[len(content) // 2] ^= 0xFF
    (tmp_path / "flipped.keras").write_bytes(flipped)
    (tmp_path / "m.model").write_bytes(content)
    (tmp_path / "empty.keras").touch()
    (tmp_path / "text.keras").write_text("no model")
    (tmp_path / "lite.keras").write_bytes(b"\x1c\0\0\0TFL3")
    inputs = keras.Input((4,))
    keras.Model(inputs, Halved()(inputs)).save(tmp_path / "own.keras")
    keras.Model(inputs, keras.layers.Lambda(lambda x: x)(inputs)).save(tmp_path / "lambda.keras")
    monkeypatch.delitem(keras.saving.get_custom_objects(), "tests>Halved")
    monkeypatch.delattr(f"{__name__}.Halved")
    for name, words in (
        ("no.keras", "There is no file"),
        (".", "is a folder"),
        ("empty.keras", "is empty"),
        ("text.keras", "is no saved Keras model"),
        ("lite.keras", "is a TensorFlow Lite file already"),
        ("cut.keras", "is cut or damaged"),
        ("flipped.keras", "is cut or damaged"),
        ("m.model", "call it m.keras"),
        ("m.weights.h5", "has weights alone"),
        ("own.keras", "needs 'Halved'"),
        ("lambda.keras", "has a Lambda layer"),
    ):
        with pytest.raises((ValueError, FileNotFoundError), match=words) as caught:
            load_keras(tmp_path / name)
        assert "\n" not in str(caught.value)


@pytest.mark.parametrize("time_major", [False, True])
def test_what_keras_2_wrote_into_its_layers(time_major: bool, tmp_path: Path) -> None:
    x = keras.Input((None, 6))
    layers = [keras.layers.LSTM(4, return_sequences=True), keras.layers.Bidirectional(keras.layers.GRU(3))]
    model = keras.Model(x, layers[1](layers[0](x)))
    path = tmp_path / "old.h5"
    model.save(path)
    with h5py.File(path, "r+") as file:
        config = json.loads(file.attrs["model_config"])
        age(config, time_major)
        file.attrs["model_config"] = json.dumps(config)
    if time_major:
        with pytest.raises(ValueError, match="of Keras 2, and its layer .*time_major=True") as caught:
            load_keras(path)
        assert "\n" not in str(caught.value)
    else:
        loaded = load_keras(path)
        assert type(loaded.layers[1]) is keras.layers.LSTM
        np.testing.assert_array_equal(loaded(motion(2, 5)), model(motion(2, 5)))


def age(value: Any, time_major: bool) -> None:
    """Make what Keras 3 writes of a model what Keras 2 wrote."""
    if isinstance(value, dict) and value.get("class_name") in ("LSTM", "GRU"):
        value["config"]["time_major"] = time_major
    parts = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    for part in parts:
        age(part, time_major)
