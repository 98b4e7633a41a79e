"""Every example in a docstring runs and gives what it shows; every public name has a docstring."""

from __future__ import annotations

import doctest
import importlib
import importlib.util
import pkgutil
from pathlib import Path

import keras
import pytest

import edge
import edge.convert
import keras_lstm_plus
from keras_lstm_plus import interop

MODULES = [
    module.name
    for package in (keras_lstm_plus, edge)
    for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}.")
    if not module.name.endswith("__main__")
]
PUBLIC = [keras_lstm_plus, interop, edge, edge.convert]
PEERS = {"torch_lstm": "torch", "onnx": "onnxruntime"}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where examples run: the model and the two files that those of `edge` read (docs/reference/run.md)."""
    folder = tmp_path_factory.mktemp("examples")
    memory = keras.layers.LSTM(8)
    model = keras.Sequential([keras.Input((None, 6)), memory, keras.layers.Dense(7, activation="softmax")])
    model.save(folder / "exercise.keras")
    edge.convert.convert(model, folder / "exercise.tflite")
    edge.convert.convert(model, folder / "exercise_stream.tflite", state="carry")
    return folder


@pytest.mark.parametrize("name", MODULES)
def test_its_examples_run(name: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder)
    for part, peer in PEERS.items():
        if part in name and importlib.util.find_spec(peer) is None:
            pytest.skip(f"{peer} is not installed")
    result = doctest.testmod(importlib.import_module(name), optionflags=doctest.NORMALIZE_WHITESPACE)
    assert result.failed == 0


@pytest.mark.parametrize("package", PUBLIC, ids=lambda package: package.__name__)
def test_public_names_are_documented(package: object) -> None:
    for name in package.__all__:  # type: ignore[attr-defined]
        value = getattr(package, name)
        if callable(value):
            assert value.__doc__, name
            assert ">>> " in value.__doc__, f"{name} has no example"
