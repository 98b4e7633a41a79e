"""The engine within TensorFlow: as an operation that is differentiated, traced, called after a fork."""

from __future__ import annotations

import multiprocessing
import os
import subprocess
import sys
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_lstm_plus import LSTMPlus, LSTMSpec, recurrence
from keras_lstm_plus.native import Engine
from keras_lstm_plus.path import Path
from tests.helpers.layers import randomise, relative
from tests.helpers.places import ROOT
from tests.helpers.training_calls import answer, random_call
from tests.helpers.training_engine import training_engine

BATCH, TIME, FEATURES, UNITS = 3, 5, 4, 6
RNG = np.random.default_rng(3)
X = RNG.normal(size=(BATCH, TIME, FEATURES)).astype("float32")
MASK = np.array([[1, 1, 1, 1, 1], [0, 0, 1, 1, 1], [1, 1, 0, 1, 0]], bool)
NOISE = {"dropout": 0.3, "recurrent_dropout": 0.4, "weight_drop": 0.3, "zoneout_output": 0.2, "seed": 5}
EVERYTHING = LSTMSpec(
    peephole=True, input_gate="coupled", projection_units=3, cell_clip=0.6, projection_clip=0.4
)
SPECS = {
    "standard": LSTMSpec(),
    "everything": EVERYTHING,
    "diagonal": LSTMSpec(recurrence="diagonal", peephole=True, output_gate="open"),
}


@pytest.fixture(autouse=True)
def engine(monkeypatch: pytest.MonkeyPatch) -> Engine:
    """The engine of these sources is there, and nobody has switched it off."""
    monkeypatch.delenv("KERAS_LSTM_PLUS_ENGINE", raising=False)
    return training_engine()


def layer_of(spec: LSTMSpec, **options: Any) -> LSTMPlus:
    layer = LSTMPlus(UNITS, spec, return_state=True, **options)
    randomise(layer, FEATURES)
    return layer


def everything_of(layer: LSTMPlus, mask: Any, training: bool, x: Any = X) -> list[tf.Tensor]:
    """What it shows, and the gradient of x, the states and every weight."""
    x = tf.constant(x, layer.compute_dtype)
    states = [tf.ones((BATCH, size), layer.compute_dtype) * 0.3 for size in layer.cell.state_size]
    sources = [x, *states, *(weight.value for weight in layer.trainable_weights)]
    with tf.GradientTape() as tape:
        tape.watch([x, *states])
        shown = layer(x, initial_state=states, mask=mask, training=training)
        loss = tf.add_n([tf.reduce_sum(tf.sin(each + 0.3)) for each in shown])
    return [*shown, *tape.gradient(loss, sources)]


@pytest.mark.parametrize("name", SPECS)
@pytest.mark.parametrize(
    ("options", "mask", "training"),
    [
        ({"return_sequences": True}, None, False),
        ({"go_backwards": True, "dropout": 0.3, "seed": 5}, MASK, True),
        ({"return_sequences": True, "zero_output_for_mask": True, **NOISE}, MASK, True),
    ],
    ids=["at inference", "backwards", "all noise"],
)
def test_it_is_the_loop_of_steps(
    name: str, options: dict[str, Any], mask: Any, training: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    layer = layer_of(SPECS[name], **options)
    assert layer.which_path(TIME, training) == ("engine", "")
    found = everything_of(layer, mask, training)
    monkeypatch.setattr(recurrence, "which_path", lambda *_: Path("steps"))
    right = everything_of(layer_of(SPECS[name], **options), mask, training)
    for mine, other in zip(found, right, strict=True):
        assert relative(mine, other) < 1e-5


def test_both_directions_in_a_graph(monkeypatch: pytest.MonkeyPatch) -> None:
    def gradients() -> list[tf.Tensor]:
        keras.utils.set_random_seed(4)
        both = keras.layers.Bidirectional(LSTMPlus(UNITS, "peephole", return_sequences=True))

        @tf.function
        def step(x: tf.Tensor) -> Any:
            with tf.GradientTape() as tape:
                loss = tf.reduce_sum(both(x, training=True) ** 2)
            return tape.gradient(loss, both.trainable_variables)

        both.build(X.shape)
        return step(X)

    found = gradients()
    monkeypatch.setattr(recurrence, "which_path", lambda *_: Path("steps"))
    for mine, other in zip(found, gradients(), strict=True):
        assert relative(mine, other) < 1e-5


@pytest.mark.parametrize("watched", [True, False])
def test_the_gradient_of_the_data_is_there_for_who_asks(
    watched: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is not computed for a tape that does not follow the data; `tf.gradients` asks without a tape."""
    layer = layer_of(SPECS["standard"])
    asked: list[bool] = []
    own = Engine.backward

    def backward(self: Engine, *arguments: Any) -> Any:
        asked.append(arguments[-1])
        return own(self, *arguments)

    monkeypatch.setattr(Engine, "backward", backward)

    @tf.function
    def with_tape(x: tf.Tensor) -> Any:
        with tf.GradientTape() as tape:
            if watched:
                tape.watch(x)
            loss = tf.reduce_sum(layer(x, training=True)[0])
        weights = [weight.value for weight in layer.trainable_weights]
        return tape.gradient(loss, [x, *weights] if watched else weights)

    with_tape(X)
    assert asked == [watched]

    @tf.function
    def without(x: tf.Tensor) -> Any:
        with tf.GradientTape():  # a tape of somebody else's
            loss = tf.reduce_sum(layer(x, training=True)[0])
        return tf.gradients(loss, x)[0]

    x = tf.constant(X)
    with tf.GradientTape() as tape:
        tape.watch(x)
        loss = tf.reduce_sum(layer(x, training=True)[0])
    assert relative(without(x), tape.gradient(loss, x)) < 1e-6


def forwards(call: Any, x: tf.Tensor) -> tf.Tensor:
    with tf.autodiff.ForwardAccumulator(x, tf.sin(3 * x)) as accumulator:
        value = call(x)
    return accumulator.jvp(value)


def steepness(call: Any, x: tf.Tensor) -> tf.Tensor:
    """A gradient penalty."""
    with tf.GradientTape() as outer:
        outer.watch(x)
        with tf.GradientTape() as inner:
            inner.watch(x)
            total = tf.reduce_sum(tf.sin(call(x)))
        penalty = tf.reduce_sum(inner.gradient(total, x) ** 2)
    return outer.gradient(penalty, x)


def hessian_product(call: Any, x: tf.Tensor) -> tf.Tensor:
    """Forward over backward."""
    with tf.autodiff.ForwardAccumulator(x, tf.sin(3 * x)) as accumulator, tf.GradientTape() as tape:
        tape.watch(x)
        slope = tape.gradient(tf.reduce_sum(tf.sin(call(x))), x)
    return accumulator.jvp(slope)


QUICK = (("standard", forwards), ("everything", steepness))  # tracing the others takes seconds
FURTHER = [
    pytest.param(name, kind, marks=() if (name, kind) in QUICK else pytest.mark.slow)
    for name in ("standard", "everything")
    for kind in (forwards, steepness, hessian_product)
]


@pytest.mark.parametrize(("name", "kind"), FURTHER)
def test_it_is_differentiated_twice_and_forwards(
    name: str, kind: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def derivative() -> tf.Tensor:
        layer = layer_of(SPECS[name], go_backwards=True)
        return kind(lambda x: layer(x, mask=MASK, training=True)[0], tf.constant(X))

    found = derivative()
    monkeypatch.setattr(recurrence, "which_path", lambda *_: Path("steps"))
    assert relative(found, derivative()) < 1e-4


def test_twenty_lengths_are_traced_twice() -> None:
    traced: list[Any] = []

    class Watched(LSTMPlus):
        def inner_loop(self, sequences: Any, *rest: Any, **more: Any) -> Any:
            traced.append(sequences.shape)
            return super().inner_loop(sequences, *rest, **more)

    model = keras.Sequential([keras.Input((None, 2)), Watched(4), keras.layers.Dense(1)])
    model.compile("adam", "mse")
    traced.clear()
    for time in range(3, 23):
        model.train_on_batch(np.ones((2, time, 2), "float32"), np.ones((2, 1), "float32"))
    assert len(traced) <= 3
    assert traced[-1][1] is None


def losses(monkeypatch: pytest.MonkeyPatch, engine: str) -> list[float]:
    monkeypatch.setenv("KERAS_LSTM_PLUS_ENGINE", engine)
    keras.utils.set_random_seed(1)
    x = np.random.default_rng(0).normal(size=(32, 8, 2)).astype("float32")
    model = keras.Sequential([keras.Input((8, 2)), LSTMPlus(12, "peephole"), keras.layers.Dense(1)])
    model.compile(keras.optimizers.Adam(0.003), "mse")
    y = x[:, :3, 0].sum(axis=1)
    return [float(model.train_on_batch(x, y)) for _ in range(200)]


def test_two_hundred_steps_have_the_losses_of_the_other_path(monkeypatch: pytest.MonkeyPatch) -> None:
    mine, other = losses(monkeypatch, "1"), losses(monkeypatch, "0")
    np.testing.assert_allclose(mine, other, rtol=1e-4)
    assert mine[-1] < 0.5 * mine[0]


def _in_child(connection: Any, call: Any) -> None:
    shown, found = answer(training_engine(), *call)
    connection.send([shown.h, found.kernel])


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
def test_a_child_of_fork_has_threads_of_its_own(engine: Engine) -> None:
    call = random_call(SPECS["standard"], (33, 40, 40, 40), threads=2)
    shown, found = answer(engine, *call)  # here they have started
    here, there = multiprocessing.get_context("fork").Pipe()
    child = multiprocessing.get_context("fork").Process(target=_in_child, args=(there, call))
    child.start()
    assert here.poll(30)
    for mine, other in zip(here.recv(), (shown.h, found.kernel), strict=True):
        np.testing.assert_array_equal(mine, other)
    child.join(30)
    assert child.exitcode == 0


MIRRORED = """
import numpy as np, tensorflow as tf, keras
from keras_lstm_plus import LSTMPlus
tf.config.set_logical_device_configuration(
    tf.config.list_physical_devices("CPU")[0], [tf.config.LogicalDeviceConfiguration()] * 2)
def fit(strategy):
    keras.utils.set_random_seed(1)
    with strategy.scope():
        model = keras.Sequential([keras.Input((5, 2)), LSTMPlus(4), keras.layers.Dense(1)])
        model.compile("sgd", "mse")
    x = np.random.default_rng(0).normal(size=(8, 5, 2)).astype("float32")
    return model.fit(x, x[:, 0, :1], batch_size=8, epochs=3, verbose=0, shuffle=False).history["loss"]
one = fit(tf.distribute.get_strategy())
two = fit(tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"]))
np.testing.assert_allclose(one, two, rtol=1e-5)
"""


@pytest.mark.slow
def test_two_replicas_train_as_one() -> None:
    training_engine()
    done = subprocess.run([sys.executable, "-c", MIRRORED], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
