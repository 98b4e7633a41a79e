"""Data that comes piece by piece: the same arrays, whatever brings them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf

from edge.convert import convert, verify
from edge.convert.gathered import MOST_SAMPLES, gathered
from edge.convert.keras_model.signature import signature_of
from edge.convert.samples import check_samples
from tests.helpers.keras_models import FEATURES, motion, randomised, recurrent

layers = keras.layers
X, SIDE = motion(10, 4), np.arange(20, dtype=np.float32).reshape(10, 2)
Y = np.arange(10)


def one() -> keras.Model:
    x = keras.Input((None, FEATURES), name="x")
    return randomised(keras.Model(x, recurrent("stock", 4)(x)))


def two() -> keras.Model:
    x, side = keras.Input((None, FEATURES), name="x"), keras.Input((2,), name="side")
    return keras.Model([x, side], layers.Concatenate()([recurrent("stock", 4)(x), side]))


class Batches(keras.utils.PyDataset):
    """Four samples at a time, the last two alone."""

    def __len__(self) -> int:
        return 3

    def __getitem__(self, index: int) -> Any:
        return X[4 * index : 4 * index + 4], Y[4 * index : 4 * index + 4]


def dataset(*parts: Any) -> tf.data.Dataset:
    return tf.data.Dataset.from_tensor_slices(parts[0] if len(parts) == 1 else parts)


SOURCES: dict[str, Callable[[], Any]] = {
    "an array": lambda: X,
    "a tensor": lambda: tf.constant(X),
    "samples": lambda: iter(X),
    "batches": lambda: (X[n : n + 3] for n in range(0, 10, 3)),
    "lists, as TensorFlow's converter takes them": lambda: lambda: ([row[None]] for row in X),
    "inputs and targets": lambda: ((row, 1) for row in X),
    "inputs, targets and weights": lambda: dataset(X, Y, Y).batch(4),
    "dictionaries": lambda: ({"x": row} for row in X),
    "a dataset": lambda: dataset(X),
    "a dataset in batches": lambda: dataset(X).batch(3),
    "a PyDataset": Batches,
}
SEVERAL: dict[str, Callable[[], Any]] = {
    "lists": lambda: ([a, b] for a, b in zip(X, SIDE, strict=True)),
    "tuples": lambda: zip(X, SIDE, strict=True),
    "tuples and targets": lambda: dataset((X, SIDE), Y).batch(4),
    "dictionaries": lambda: dataset({"side": SIDE, "x": X}),
    "dictionaries and targets": lambda: dataset({"side": SIDE, "x": X}, Y).batch(10),
}


@pytest.mark.parametrize("source", SOURCES)
def test_one_input(source: str) -> None:
    signature = signature_of(one())
    data, note = gathered(signature, SOURCES[source]())
    (found,) = check_samples(signature, data)
    np.testing.assert_array_equal(found, X)
    assert note is None


@pytest.mark.parametrize("source", SEVERAL)
def test_several_inputs(source: str) -> None:
    signature = signature_of(two())
    data, _ = gathered(signature, SEVERAL[source]())
    for found, wanted in zip(check_samples(signature, data), (X, SIDE), strict=True):
        np.testing.assert_array_equal(found, wanted)


def test_a_source_without_an_end_is_read_so_far(tmp_path: Path) -> None:
    """By convert and by verify, which say how many samples they took."""
    count = [0]

    def endless() -> Iterator[Any]:
        while True:
            count[0] += 1
            yield X[count[0] % 10], 0

    model = one()
    result = convert(model, tmp_path / "m.tflite", "int8", endless())
    assert (
        f"of representative_data, which goes on, the first {MOST_SAMPLES:,} samples were taken"
        in result.notes
    )
    assert count[0] == MOST_SAMPLES + 1
    assert result.calibration is not None
    assert result.calibration.held_out == 100
    found = verify(model, tmp_path / "m.tflite", dataset(X, Y).repeat().batch(8), drift_steps=0)
    assert (found.samples, found.is_ok) == (MOST_SAMPLES, True)
    assert "first 1,000 samples" in found.checked_on


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (lambda: iter([]), "gave nothing: it is empty, or an iterator that has been read before"),
        (
            lambda: iter([X[0], X[0, :2]]),
            r"samples of different shapes, \[4, 6\] and \[2, 6\]; cut or pad them",
        ),
        (lambda: iter([1.0, 2.0]), "pieces without an axis of samples"),
        (lambda: ({"y": row} for row in X), "has the keys 'y'; the inputs of the model are 'x'"),
        (
            lambda: (row[:, :3] for row in X),
            r"must have the shape \[samples, any, 6\], received \[10, 4, 3\]",
        ),
        (
            lambda: np.ma.masked_less(X, 0),
            r"masked array .*put values in their place, as x\.filled\(0\) does",
        ),
    ],
)
@pytest.mark.parametrize("name", ["representative_data", "data"])
def test_what_does_not_fit(data: Callable[[], Any], message: str, name: str) -> None:
    signature = signature_of(one())
    given = data()
    with pytest.raises(ValueError, match=f"^{name} .*{message}"):
        check_samples(signature, gathered(signature, given, name)[0], name)
