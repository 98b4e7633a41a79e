"""What a graph knows of a shape beforehand is what Keras's layer knows: the layers behind it go by that."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_lstm_plus import VARIANTS, GridLSTM, LSTMPlus
from tests.helpers.layers import random_weights

L = keras.layers
KINDS: tuple[Any, ...] = (keras.layers.LSTM, LSTMPlus)
TIME, FEATURES, UNITS = 5, 3, 4
NOISE: dict[str, Any] = {"dropout": 0.2, "recurrent_dropout": 0.2}


def static(
    layer: Any, batch: int | None, time: int | None, training: bool, masked: bool = False
) -> list[list[int | None]]:
    """The shapes of all outputs within a graph."""
    found: list[list[int | None]] = []

    def look(x: tf.Tensor, mask: tf.Tensor) -> tf.Tensor:
        used = {"mask": mask} if masked else {}
        outputs = tf.nest.flatten(layer(x, training=training, **used))
        found[:] = [y.shape.as_list() for y in outputs]  # a layer that is built here is traced twice
        return outputs[0]

    shapes = [tf.TensorSpec((batch, time, FEATURES)), tf.TensorSpec((batch, time), tf.bool)]
    tf.function(look, autograph=False).get_concrete_function(*shapes)
    return found


@pytest.mark.parametrize("sequences", [True, False], ids=["sequences", "last"])
@pytest.mark.parametrize("options", [{}, {**NOISE, "go_backwards": True}, {"unroll": True}], ids=str)
def test_shapes_are_those_of_keras(sequences: bool, options: dict[str, Any]) -> None:
    options = {**options, "return_sequences": sequences, "return_state": True}
    theirs, ours = L.LSTM(UNITS, **options), LSTMPlus(UNITS, **options)
    for batch, time in ((None, TIME), (2, TIME), (None, None)):
        if time is None and "unroll" in options:
            continue
        for training, masked in ((False, False), (True, False), (True, True)):
            here = (batch, time, training, masked)
            right = static(theirs, *here)
            assert static(ours, *here) == right, here
            assert right[0] == ([batch, time, UNITS] if sequences else [batch, UNITS])


def test_both_directions_know_them() -> None:
    options: dict[str, Any] = {"return_sequences": True, "return_state": True}
    both = [L.Bidirectional(kind(UNITS, **options)) for kind in KINDS]
    assert static(both[1], None, TIME, True) == static(both[0], None, TIME, True)


@pytest.mark.parametrize("variant", [*VARIANTS, "peephole+cifg+layer_norm"])
def test_every_variant_knows_them(variant: str) -> None:
    layer = LSTMPlus(UNITS, variant, return_sequences=True, return_state=True)
    sizes = [[None, size] for size in layer.cell.state_size]
    for training in (False, True):
        found = static(layer, None, TIME, training)
        assert found == [[None, TIME, layer.cell.output_size], *sizes]


def test_a_grid_knows_them() -> None:
    layer = GridLSTM(UNITS, 2, return_sequences=True, return_state=True)
    found = static(layer, None, TIME, True)
    assert found == [[None, TIME, UNITS]] + [[None, UNITS]] * 4


def behind(lstm: Any, what: str) -> keras.Model:
    inputs = keras.Input((TIME, FEATURES))
    x = lstm(UNITS, return_sequences=True)(inputs)
    if what == "TimeDistributed":
        x = L.GlobalAveragePooling1D()(L.TimeDistributed(L.Dense(8, "relu"))(x))
    elif what == "Reshape":
        x = L.Reshape((-1,))(L.Reshape((UNITS, TIME))(x))
    elif what == "Flatten":
        x = L.Flatten()(x)
    else:
        x = L.Flatten()(
            L.Dot(axes=(2, 2))([x, L.Bidirectional(lstm(UNITS, return_sequences=True), merge_mode="sum")(x)])
        )
    return keras.Model(inputs, L.Dense(3)(x))


@pytest.mark.parametrize("what", ["TimeDistributed", "Reshape", "Flatten", "Dot"])
def test_layers_behind_it_compute_as_behind_keras(what: str) -> None:
    rng = np.random.default_rng(0)
    x = rng.normal(size=(64, TIME, FEATURES)).astype("float32")
    y = rng.normal(size=(64, 3)).astype("float32")
    ours, theirs = behind(LSTMPlus, what), behind(L.LSTM, what)
    weights = random_weights({str(k): w.shape for k, w in enumerate(ours.get_weights())})
    for model in (ours, theirs):
        model.set_weights(list(weights.values()))
    for batch in (1, 8, 16, 64):  # 8 is that of the Dense, TIME is no divisor
        found = ours.predict(x[:batch], batch_size=batch, verbose=0)
        np.testing.assert_allclose(found, theirs(x[:batch]), atol=1e-6)
        np.testing.assert_allclose(ours(x[:batch]), theirs(x[:batch]), atol=1e-6)
    for model in (ours, theirs):
        model.compile(
            keras.optimizers.SGD(0.1), "mse", jit_compile=model is ours and what == "TimeDistributed"
        )
        model.fit(x, y, batch_size=16, shuffle=False, verbose=0)
    for mine, other in zip(ours.get_weights(), theirs.get_weights(), strict=True):
        np.testing.assert_allclose(mine, other, atol=1e-5)
