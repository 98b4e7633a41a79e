"""`length=`: one for all inputs, or one for each by its name."""

from __future__ import annotations

from argparse import ArgumentTypeError
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
from keras import layers

import edge
from edge.cli.parser import lengths_of
from edge.convert import convert
from tests.helpers.command_line import run

LENGTHS = {"source": 7, "target": 5}


@pytest.fixture(scope="module")
def attending() -> keras.Model:
    """Two sequences of lengths of their own: what attends, and what it attends to."""
    keras.utils.set_random_seed(0)
    source, target = (keras.Input((None, 4), name=name) for name in LENGTHS)
    h, *state = layers.LSTM(6, return_sequences=True, return_state=True)(source)
    y = layers.LSTM(6, return_sequences=True)(target, initial_state=state)
    return keras.Model([source, target], layers.Dense(3)(layers.Attention()([y, h])))


def data_of(lengths: dict[str, int], samples: int = 24) -> dict[str, Any]:
    rng = np.random.default_rng(1)
    return {name: rng.normal(size=(samples, n, 4)).astype("float32") for name, n in lengths.items()}


def test_each_its_own(attending: keras.Model, tmp_path: Path) -> None:
    convert(attending, tmp_path / "m.tflite", length=LENGTHS, target="microcontroller")
    data = data_of(LENGTHS, 1)
    found = edge.load(tmp_path / "m.tflite").predict(data)
    np.testing.assert_allclose(found, attending.predict(data, verbose=0), atol=1e-5)


def test_one_for_all_says_how_to_give_each_its_own(attending: keras.Model, tmp_path: Path) -> None:
    options: dict[str, Any] = {"target": "microcontroller", "representative_data": data_of(LENGTHS)}
    with pytest.raises(ValueError, match=r"length=\{'source': 7, 'target': 5\}"):
        convert(attending, tmp_path / "m.tflite", length=7, **options)
    with pytest.raises(ValueError, match=r"Use length=\{'source': 7, 'target': 5\}"):
        convert(attending, tmp_path / "m.tflite", **options)
    convert(attending, tmp_path / "m.tflite", length=LENGTHS, **options)  # the way out


@pytest.mark.parametrize(
    ("length", "sentence"),
    [
        ({"source": 7}, "whose time axis is free are 'source', 'target'"),
        ({"source": 7, "target": 5, "other": 2}, "Name each of them, and no other"),
        ({"source": 7, "target": 0}, "length of input 'target' is the number of time steps"),
        ({}, "length is the number of time steps"),
    ],
)
def test_what_does_not_fit(
    attending: keras.Model, tmp_path: Path, length: dict[str, int], sentence: str
) -> None:
    with pytest.raises(ValueError, match=sentence):
        convert(attending, tmp_path / "m.tflite", length=length)


def test_on_the_command_line(attending: keras.Model, tmp_path: Path) -> None:
    attending.save(tmp_path / "m.keras")
    command = ("convert", tmp_path / "m.keras", "-o", tmp_path / "m.tflite", "--length")
    assert run(*command, "7,5")[0] == 2
    assert run(*command, "source=7,target=5")[0] == 0
    assert [each.shape for each in edge.load(tmp_path / "m.tflite").inputs] == [(1, 7, 4), (1, 5, 4)]


@pytest.mark.parametrize("written", ["7,5", "7,source=5", "source=7,source=5", "source=seven", "0", "", "-3"])
def test_what_is_no_length_on_the_command_line(written: str) -> None:
    with pytest.raises(ArgumentTypeError, match="neither a number of steps nor NAME=N,NAME=N"):
        lengths_of(written)
