"""Derivatives beyond the first, and forwards: against `unroll=True`, whose operations are all plain."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import tensorflow as tf

from keras_lstm_plus import VARIANTS, LSTMPlus, LSTMSpec, get_spec
from tests.helpers.layers import randomise, relative

RNG = np.random.default_rng(5)
FEATURES, UNITS = 3, 4
X, ALONG = RNG.normal(size=(2, 3, 2, FEATURES))
MASK = np.array([[1, 1], [0, 1], [1, 0]], bool)
EVERYTHING = get_spec("peephole+cifg+layer_norm").with_options(
    projection_units=3, cell_clip=0.6, projection_clip=0.4
)
SPECS: dict[str, Any] = {
    **VARIANTS,
    "everything": EVERYTHING,
    "portable": LSTMSpec("portable", candidate_activation="gelu"),
}
del SPECS["np"]
NOISE = {"dropout": 0.3, "recurrent_dropout": 0.4, "seed": 5}

Derivative = Callable[..., list[tf.Tensor]]


def steepness(call: Any, weights: list[tf.Variable], x: tf.Tensor) -> list[tf.Tensor]:
    """A gradient penalty: how the squared gradient changes with the input and every weight."""
    with tf.GradientTape() as outer:
        outer.watch(x)
        with tf.GradientTape() as inner:
            inner.watch(x)
            value = tf.add_n([tf.reduce_sum(tf.sin(y + 0.3)) for y in call(x)])
        penalty = tf.reduce_sum(inner.gradient(value, x) ** 2)
    return outer.gradient(penalty, [x, *weights])


def forwards(call: Any, weights: list[tf.Variable], x: tf.Tensor) -> list[tf.Tensor]:
    """How the outputs change along a direction of the input and, called eagerly, of the kernel."""
    with tf.autodiff.ForwardAccumulator(*_directions(weights, x)) as accumulator:
        outputs = call(x)
    return [accumulator.jvp(y) for y in outputs]


def hessian_product(call: Any, weights: list[tf.Variable], x: tf.Tensor) -> list[tf.Tensor]:
    """Forward over backward, along the same directions."""
    with tf.autodiff.ForwardAccumulator(*_directions(weights, x)) as accumulator:
        with tf.GradientTape() as tape:
            tape.watch(x)
            value = tf.add_n([tf.reduce_sum(tf.sin(y + 0.3)) for y in call(x)])
        found = tape.gradient(value, [x, *weights])
    return [accumulator.jvp(gradient) for gradient in found]


def _directions(weights: list[tf.Variable], x: tf.Tensor) -> tuple[list[Any], list[tf.Tensor]]:
    """In a graph TensorFlow follows no variable."""
    if not tf.executing_eagerly():
        return [x], [_along(x)]
    return [x, weights[0]], [_along(x), tf.sin(weights[0])]


def _along(x: tf.Tensor) -> tf.Tensor:
    return tf.cast(ALONG, x.dtype)


def derivative(
    kind: Derivative,
    spec: Any,
    mode: str,
    *,
    training: bool = False,
    unroll: bool = False,
    noise: bool = False,
) -> list[tf.Tensor]:
    layer = LSTMPlus(
        UNITS,
        spec,
        return_sequences=True,
        return_state=True,
        unroll=unroll,
        dtype="float64",
        **(NOISE if noise else {}),
    )
    randomise(layer, FEATURES)
    weights = [weight.value for weight in layer.trainable_weights]

    def call(x: tf.Tensor) -> Any:
        return layer(x, mask=MASK, training=training)

    x = tf.constant(X)
    if mode == "function inside":
        return kind(tf.function(call), weights, x)
    if mode == "eager":
        return kind(call, weights, x)
    return tf.function(lambda x: kind(call, weights, x), jit_compile=mode == "compiled")(x)


def same(found: list[tf.Tensor], right: list[tf.Tensor]) -> None:
    for mine, other in zip(found, right, strict=True):
        assert (mine is None) == (other is None)
        if mine is not None:
            assert relative(mine, other) < 1e-9


# Tracing such a derivative takes TensorFlow seconds, forward over backward of a function a minute.
QUICK = {("standard", hessian_product)} | {(n, steepness) for n in ("everything", "fgr", "portable")}
TWICE = [
    pytest.param(name, kind, marks=() if (name, kind) in QUICK else pytest.mark.slow)
    for name in SPECS
    for kind in (steepness, hessian_product)
]
MODES = ("eager", "graph", "compiled", "function inside")
WHERE = [
    pytest.param("peephole", steepness, "compiled"),
    pytest.param("peephole", forwards, "graph"),
    # Forward over backward of a function that is called eagerly fails in Keras's own loop.
    *[
        pytest.param("everything", kind, mode, marks=pytest.mark.slow)
        for kind in (steepness, forwards, hessian_product)
        for mode in MODES
        if (kind, mode) != (hessian_product, "function inside")
    ],
]


@pytest.mark.parametrize(("name", "kind"), TWICE)
def test_every_variant(name: str, kind: Derivative) -> None:
    right = derivative(kind, SPECS[name], "eager", unroll=True)
    same(derivative(kind, SPECS[name], "eager"), right)


@pytest.mark.parametrize(("name", "kind", "mode"), WHERE)
def test_wherever_it_is_computed(name: str, kind: Derivative, mode: str) -> None:
    """In training, where XLA compiles the loop."""
    noise = mode != "compiled"  # XLA draws other masks
    plain = "graph" if mode == "compiled" else mode
    right = derivative(kind, SPECS[name], plain, training=True, unroll=True, noise=noise)
    same(derivative(kind, SPECS[name], mode, training=True, noise=noise), right)


@pytest.mark.parametrize("mode", ["graph", pytest.param("compiled", marks=pytest.mark.slow)])
def test_a_loop_of_steps_can_be_differentiated_forwards_in_a_graph(mode: str) -> None:
    right = derivative(forwards, "fgr", "graph", unroll=True)
    same(derivative(forwards, "fgr", mode), right)
