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
TIME, FEATURES, UNITS = 5, 3, 4
NOISE = {"dropout": 0.2, "recurrent_dropout": 0.2}


def static(layer: Any, batch: int | None, time: int | None, **call: Any) -> list[list[int | None]]:
    """The shapes of all outputs within a graph."""
    found: list[list[int | None]] = []

    def look(x: tf.Tensor, mask: tf.Tensor) -> tf.Tensor:
        used = {"mask": mask} if call.pop("masked") else {}
        outputs = tf.nest.flatten(layer(x, **used, **call))
        found.extend(y.shape.as_list() for y in outputs)
        return outputs[0]

    shapes = [tf.TensorSpec((batch, time, FEATURES)), tf.TensorSpec((batch, time), tf.bool)]
    tf.function(look).get_concrete_function(*shapes)
    return found


@pytest.mark.parametrize("sequences", [True, False], ids=["sequences", "last"])
@pytest.mark.parametrize("options", [{}, NOISE, {"go_backwards": True, "unroll": True}], ids=str)
@pytest.mark.parametrize("masked", [False, True], ids=["", "masked"])
def test_shapes_are_those_of_keras(sequences: bool, options: dict[str, Any], masked: bool) -> None:
    options = {**options, "return_sequences": sequences, "return_state": True}
    for batch, time in ((None, TIME), (2, TIME), (None, None)):
        if time is None and "unroll" in options:
            continue
        for training in (False, True):
            call = {"training": training, "masked": masked}
            theirs = static(L.LSTM(UNITS, **options), batch, time, **call)
            assert static(LSTMPlus(UNITS, **options), batch, time, **call) == theirs
            both = [
                static(L.Bidirectional(kind(UNITS, **options)), batch, time, **call)
                for kind in (L.LSTM, LSTMPlus)
            ]
            assert both[0] == both[1]


@pytest.mark.parametrize("variant", [*VARIANTS, "peephole+cifg+layer_norm"])
def test_every_variant_knows_them(variant: str) -> None:
    layer = LSTMPlus(UNITS, variant, return_sequences=True, return_state=True)
    sizes = [[None, size] for size in layer.cell.state_size]
    for training in (False, True):
        found = static(layer, None, TIME, training=training, masked=False)
        assert found == [[None, TIME, layer.cell.output_size], *sizes]


def test_a_grid_knows_them() -> None:
    layer = GridLSTM(UNITS, 2, return_sequences=True, return_state=True)
    found = static(layer, None, TIME, training=True, masked=False)
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
