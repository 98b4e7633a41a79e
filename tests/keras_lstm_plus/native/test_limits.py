"""What is large, small, no number, or trained in another way: as Keras has it, and as without the engine."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_lstm_plus import LSTMPlus
from tests.helpers.layers import relative
from tests.helpers.places import ROOT
from tests.helpers.training_engine import training_engine

RNG = np.random.default_rng(6)


@pytest.fixture(autouse=True)
def _engine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("KERAS_LSTM_PLUS_ENGINE", raising=False)
    training_engine()


def beside_keras(x: np.ndarray, units: int, **options: Any) -> tuple[list[np.ndarray], list[np.ndarray]]:
    """Outputs, final states and the gradients of x and the weights: ours and Keras's."""
    ours, theirs = (cls(units, return_state=True, **options) for cls in (LSTMPlus, keras.layers.LSTM))
    for layer in (ours, theirs):
        layer.build(x.shape)
    ours.set_weights([RNG.normal(size=w.shape, scale=0.3).astype("float32") for w in ours.get_weights()])
    theirs.set_weights(ours.get_weights())
    assert ours.which_path(x.shape[1]).name == "engine"

    def run(layer: Any, data: tf.Tensor) -> list[tf.Tensor]:
        with tf.GradientTape() as tape:
            tape.watch(data)
            shown = layer(data, training=True)
            loss = tf.add_n([tf.reduce_sum(tf.sin(each)) for each in shown])
        found = tape.gradient(loss, [data, *(weight.value for weight in layer.trainable_weights)])
        return [tf.convert_to_tensor(each) for each in (*shown, *found)]

    # For a long sequence the loop of Keras takes minutes outside of a graph; in one it goes by their square.
    way = tf.function(run) if x.shape[1] > 1000 else run
    mine, other = ([each.numpy() for each in way(layer, tf.constant(x))] for layer in (ours, theirs))
    return mine, other


def sequences(*shape: int) -> np.ndarray:
    return RNG.normal(size=shape).astype("float32")


@pytest.mark.parametrize(
    ("shape", "units"),
    [
        ((3, 1, 2), 1),
        pytest.param((2, 3, 5), 4096, marks=pytest.mark.slow),
        pytest.param((1, 10_000, 1), 2, marks=pytest.mark.slow),
    ],
    ids=["one unit and one step", "4,096 units", "10,000 steps"],
)
def test_the_smallest_and_the_largest(shape: tuple[int, ...], units: int) -> None:
    for mine, other in zip(*beside_keras(sequences(*shape), units), strict=True):
        assert np.abs(mine - other).max() <= 1e-4 * max(1e-3, np.abs(other).max())


def test_an_empty_batch_teaches_nothing() -> None:
    """In Keras itself it is an error of TensorFlow's as long as it is not in a graph."""
    layer, x = LSTMPlus(3, return_sequences=True), tf.zeros((0, 4, 2))
    with tf.GradientTape() as tape:
        shown = layer(x, training=True)
        loss = tf.reduce_sum(shown)
    assert shown.shape == (0, 4, 3)
    for slope in tape.gradient(loss, [weight.value for weight in layer.trainable_weights]):
        assert not slope.numpy().any()


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf], ids=str)
def test_what_is_no_number_goes_where_it_goes_in_keras(value: float) -> None:
    """Behind infinity a slope of the kernel is 0 times infinity in Keras, NaN, and may be infinity here."""
    x = sequences(3, 4, 2)
    x[1, 2, 0] = value
    for mine, other in zip(*beside_keras(x, 5, return_sequences=True), strict=True):
        finite = np.isfinite(other)
        np.testing.assert_array_equal(np.isfinite(mine), finite)
        np.testing.assert_allclose(mine[finite], other[finite], rtol=1e-4, atol=1e-5)


def trained(folder: Path | None = None, accumulated: int | None = None, **options: Any) -> list[np.ndarray]:
    """The weights after two fits; with a folder, saved and loaded between them."""
    keras.utils.set_random_seed(3)
    x = np.random.default_rng(0).normal(size=(24, 6, 2)).astype("float32")
    y = x[:, :3, 0].sum(axis=1)
    layers = [keras.Input((None, 2)), LSTMPlus(6, "peephole", dropout=0.1), keras.layers.Dense(1)]
    model = keras.Sequential(layers)
    adam = keras.optimizers.Adam(0.01, gradient_accumulation_steps=accumulated)
    model.compile(adam, "mse", **options)
    for again in range(2):
        if again and folder is not None:
            model.save(folder / "model.keras")
            model = keras.models.load_model(folder / "model.keras")
        model.fit(x, y, batch_size=8, epochs=2, shuffle=False, verbose=0)
    return [np.asarray(weight) for weight in model.get_weights()]


@pytest.mark.parametrize(
    "way",
    [
        {"run_eagerly": True},
        {"steps_per_execution": 3},
        {"accumulated": 2},
        {"folder": True},
    ],
    ids=["eagerly", "several steps at once", "gradients accumulated", "saved between"],
)
def test_other_ways_of_training(way: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    way = {**way, "folder": tmp_path if "folder" in way else None}
    with_it = trained(**way)
    monkeypatch.setenv("KERAS_LSTM_PLUS_ENGINE", "0")
    for mine, other in zip(with_it, trained(**way), strict=True):
        assert relative(mine, other) < 1e-4


TWICE = """
import sys, hashlib, numpy as np, tensorflow as tf, keras
from keras_lstm_plus import LSTMPlus
tf.config.experimental.enable_op_determinism()
tf.config.threading.set_intra_op_parallelism_threads(int(sys.argv[1]))
x = np.random.default_rng(0).normal(size=(96, 30, 8)).astype("float32")
def fit():
    keras.utils.set_random_seed(1)
    layer = LSTMPlus(40, "peephole", dropout=0.1, recurrent_dropout=0.1, zoneout_cell=0.1)
    assert layer.which_path().name == "engine"
    model = keras.Sequential([keras.Input((None, 8)), layer, keras.layers.Dense(1)])
    model.compile("adam", "mse")
    model.fit(x, x[:, 0, :1], batch_size=48, epochs=3, verbose=0)
    return b"".join(weight.tobytes() for weight in model.get_weights())
one, two = fit(), fit()
assert one == two
print(hashlib.sha256(one).hexdigest())
"""


@pytest.mark.slow
@pytest.mark.parametrize("threads", [1, 2])
def test_the_same_bit_for_bit_when_asked(threads: int) -> None:
    """In one process and in the next one."""
    command = [sys.executable, "-c", TWICE, str(threads)]
    runs = [subprocess.run(command, cwd=ROOT, capture_output=True, text=True) for _ in range(2)]
    assert [run.returncode for run in runs] == [0, 0], runs[0].stderr[-3000:]
    assert len({run.stdout.split()[-1] for run in runs}) == 1
