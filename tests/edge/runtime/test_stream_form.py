"""How many steps a call of a file takes, and which axis is that of time; what cannot be, in one sentence."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest

import edge
from edge.convert import convert
from tests.edge.runtime.test_blocks import X, close
from tests.helpers.block_files import block_file
from tests.helpers.explicit_files import changed, explicit_file


@pytest.mark.parametrize(
    ("path", "steps", "message"),
    [
        (lambda: block_file("noted"), 4, "takes 5 steps a call .* steps=4: leave steps out, feed takes any"),
        (lambda: explicit_file("step"), 4, "takes 1 step a call .* steps=4"),
        (lambda: explicit_file("sequence"), 0, "1 or more; received 0"),
        (lambda: explicit_file("sequence"), True, "1 or more; received True"),
        (lambda: explicit_file("sequence"), 2.0, "1 or more; received 2.0"),
    ],
)
def test_steps_that_the_file_does_not_take(path: Any, steps: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message) as caught:
        edge.load(path()).stream(steps=steps)
    assert "\n" not in str(caught.value)


def test_the_way_out_of_another_number_of_steps() -> None:
    stream = edge.load(block_file("noted")).stream()
    assert [len(each) for each in stream.feed(X[0, :12])] == [10, 2]
    assert edge.load(explicit_file("sequence")).stream(steps=4).steps == 4


def test_inputs_with_different_numbers_of_steps(tmp_path: Path) -> None:
    layers = keras.layers
    a, b = keras.Input((None, 3), name="a"), keras.Input((None, 2), name="b")
    ends = layers.Concatenate()([layers.LSTM(4)(a), layers.LSTM(4)(b)])
    model, path = keras.Model([a, b], layers.Dense(2)(ends)), tmp_path / "two.tflite"
    convert(model, path, state="explicit", length={"a": 5, "b": 10})
    with pytest.raises(ValueError, match=r"two.tflite .*'a' \[1, 5, 3\].*'b' \[1, 10, 2\].*step.*length="):
        edge.load(path).stream()
    convert(model, path, lowering="step")  # the ways out that it names
    assert edge.load(path).stream().steps == 1
    convert(model, path, state="explicit", length=5)
    assert edge.load(path).stream().steps == 5


def test_a_wave_has_no_axis_of_features(tmp_path: Path) -> None:
    """`[1, 8]` is eight features or eight samples; the file notes which."""
    x = keras.Input((None,))
    every = keras.layers.LSTM(4, return_sequences=True)(keras.layers.Reshape((-1, 1))(x))
    model = keras.Model(x, keras.layers.Dense(1)(every))
    convert(model, tmp_path / "wave.tflite", state="carry", length=8)
    stream, wave = edge.load(tmp_path / "wave.tflite").stream(), X[0].ravel()[:20]
    assert (stream.steps, stream.form.single) == (8, [()])
    close(stream.feed(wave), np.asarray(model(wave[None, :16]))[0])


def test_a_file_that_takes_no_step(tmp_path: Path) -> None:
    def empty(model: Any) -> None:
        graph = model.subgraphs[0]
        tensor = graph.tensors[graph.inputs[0]]
        tensor.shape = np.array([1, 0, 6], np.int32)
        tensor.shapeSignature = None

    with pytest.raises(edge.ModelFileError, match=r"changed.tflite takes no step at all: .* again\.$"):
        changed("sequence", empty, tmp_path).stream()
