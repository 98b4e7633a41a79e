"""The layer against Keras's own and against the oracle."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_lstm_plus import LSTMPlus, LSTMPlusCell, LSTMSpec
from tests.helpers import oracle
from tests.helpers.layers import check_no_step, randomise, relative

BATCH, TIME, FEATURES, UNITS = 3, 6, 4, 5
RNG = np.random.default_rng(7)
X = RNG.normal(size=(BATCH, TIME, FEATURES))
H0, C0 = RNG.normal(size=(2, BATCH, UNITS))
MASK = np.array([[1, 1, 1, 1, 1, 1], [0, 0, 1, 1, 1, 1], [1, 1, 0, 1, 0, 0]], bool)


def twins(**options: Any) -> tuple[keras.layers.LSTM, LSTMPlus]:
    """Keras's layer and ours with the same random weights."""
    ours = LSTMPlus(UNITS, **options)
    theirs = keras.layers.LSTM(UNITS, **options)
    theirs.build((None, None, FEATURES))
    theirs.set_weights(list(randomise(ours, FEATURES).values()))
    return theirs, ours


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"return_sequences": True},
        {"return_sequences": True, "return_state": True},
        {"go_backwards": True, "return_sequences": True},
        {"unroll": True},
        {"use_bias": False},
        {"activation": "relu", "recurrent_activation": "hard_sigmoid"},
        {"return_sequences": True, "zero_output_for_mask": True},
    ],
    ids=str,
)
@pytest.mark.parametrize("mask", [None, MASK], ids=["no mask", "mask"])
def test_values_and_gradients_are_those_of_keras(options: dict[str, Any], mask: np.ndarray | None) -> None:
    results = []
    for layer in twins(**options):
        x, h0, c0 = (tf.constant(v, tf.float32) for v in (X, H0, C0))
        with tf.GradientTape() as tape:
            tape.watch([x, h0, c0])
            outputs = layer(x, initial_state=[h0, c0], mask=mask)
            outputs = list(outputs) if isinstance(outputs, (list, tuple)) else [outputs]
            loss = tf.add_n([tf.reduce_sum(tf.sin(out)) for out in outputs])
        sources = [x, h0, c0, *(weight.value for weight in layer.trainable_weights)]
        results.append((outputs, tape.gradient(loss, sources)))
    (values, gradients), (our_values, our_gradients) = results
    assert len(values) == len(our_values)
    for mine, theirs in zip(our_values, values, strict=True):
        np.testing.assert_allclose(mine, theirs, atol=1e-6)
    for mine, theirs in zip(our_gradients, gradients, strict=True):
        assert relative(mine, theirs) < 1e-5


def test_dropout_with_a_seed_is_that_of_keras() -> None:
    for options in ({"dropout": 0.4}, {"dropout": 0.3, "recurrent_dropout": 0.2}):
        theirs, ours = twins(seed=11, **options)
        for _ in range(2):  # and it moves on in step
            np.testing.assert_allclose(ours(X, training=True), theirs(X, training=True), atol=1e-6)
        assert relative(ours(X), ours(X, training=True)) > 0.01


def float64_layer(variant: str = "peephole") -> tuple[LSTMPlus, dict[str, np.ndarray]]:
    layer = LSTMPlus(UNITS, variant, return_sequences=True, return_state=True, dtype="float64")
    return layer, randomise(layer, FEATURES)


def expected(layer: LSTMPlus, weights: dict[str, np.ndarray], **inputs: Any) -> dict[str, np.ndarray]:
    return oracle.run(layer.spec.to_dict(), weights, **{"x": X, "h0": H0, "c0": C0, **inputs})


@pytest.mark.parametrize("variant", ["standard", "peephole"])
def test_a_mask_in_float64_is_that_of_the_oracle(variant: str) -> None:
    layer, weights = float64_layer(variant)
    h, last_h, last_c = layer(X, initial_state=[H0, C0], mask=MASK)
    steps = expected(layer, weights, mask=MASK)
    np.testing.assert_allclose(last_h, steps["h"][:, -1], atol=1e-12)
    np.testing.assert_allclose(last_c, steps["c"][:, -1], atol=1e-12)
    np.testing.assert_allclose(h, np.where(MASK[..., None], steps["h"], h), atol=1e-12)


def mutants(weights: dict[str, np.ndarray]) -> dict[str, dict[str, np.ndarray]]:
    """Every mistake that once went unnoticed in a famous test: gates swapped, a peephole dropped."""
    found = {}
    for name in ("kernel", "recurrent_kernel", "bias"):
        blocks = np.split(weights[name], 4, axis=-1)
        for a, b in ((0, 1), (1, 2), (2, 3), (0, 3)):
            order = [0, 1, 2, 3]
            order[a], order[b] = b, a
            found[f"{name} {a}<->{b}"] = {
                **weights,
                name: np.concatenate([blocks[k] for k in order], axis=-1),
            }
    for row in range(3):
        without = weights["peephole_kernel"].copy()
        without[row] = 0
        found[f"no peephole {'ifo'[row]}"] = {**weights, "peephole_kernel": without}
    return found


def test_mutations_break_parity() -> None:
    layer, weights = float64_layer()
    right = expected(layer, weights)["h"]
    for what, wrong in mutants(weights).items():
        for name, value in wrong.items():
            getattr(layer.cell, name).assign(value)
        assert relative(layer(X, initial_state=[H0, C0])[0], right) > 1e-3, what


def test_the_output_gate_sees_the_new_cell() -> None:
    layer, weights = float64_layer()
    for name in ("kernel", "recurrent_kernel", "bias"):
        getattr(layer.cell, name).assign(np.zeros_like(weights[name]))
    peepholes = np.zeros((3, UNITS))
    peepholes[2] = 50.0
    layer.cell.peephole_kernel.assign(peepholes)
    # i = f = .5 and g = 0, so c = c'/2; o is 0 or 1 by the sign of c.
    h = layer(X[:, :1], initial_state=[np.zeros_like(C0), np.ones_like(C0)])[0]
    np.testing.assert_allclose(h[:, 0], np.full_like(C0, np.tanh(0.5)), atol=1e-9)


def test_a_saved_model_comes_back_with_its_variant(tmp_path: Path) -> None:
    own = LSTMSpec("own", "this test", peephole=True, use_bias=False)
    model = keras.Sequential(
        [
            keras.Input((None, FEATURES)),
            LSTMPlus(UNITS, "peephole", return_sequences=True, activation="relu", kernel_regularizer="l2"),
            LSTMPlus(UNITS, own, dropout=0.1, seed=3),
        ]
    )
    for layer in model.layers:
        randomise(layer, FEATURES if layer is model.layers[0] else UNITS)
    model.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras")
    np.testing.assert_array_equal(loaded(X), model(X))
    assert [layer.spec for layer in loaded.layers] == [layer.spec for layer in model.layers]
    for theirs, ours in zip(loaded.layers, model.layers, strict=True):
        assert theirs.get_config() == ours.get_config()


def test_the_cell_rides_in_keras_rnn_and_learns() -> None:
    keras.utils.set_random_seed(1)
    x = RNG.normal(size=(256, 6, 2)).astype("float32")
    y = x[:, :3, 0].sum(axis=1)
    layer = keras.layers.RNN(LSTMPlusCell(12, "peephole"))
    model = keras.Sequential([keras.Input((None, 2)), layer, keras.layers.Dense(1)])
    model.compile(keras.optimizers.Adam(0.02), "mse")
    losses = model.fit(x, y, epochs=8, verbose=0).history["loss"]
    assert losses[-1] < 0.3 * losses[0]


@pytest.mark.parametrize("units", [0, -3, 2.5, "8", None, True])
def test_units_must_be_a_positive_integer(units: Any) -> None:
    with pytest.raises(ValueError, match="units is the number of LSTM cells.*received"):
        LSTMPlus(units)


@pytest.mark.parametrize("rate", [-0.1, 1.0, "a"])
def test_dropout_must_be_a_share(rate: Any) -> None:
    with pytest.raises(ValueError, match="recurrent_dropout is the share"):
        LSTMPlus(4, recurrent_dropout=rate)


def test_an_unknown_variant_is_named_by_the_layer() -> None:
    with pytest.raises(ValueError, match="Unknown LSTM variant 'pephole'. Did you mean 'peephole'"):
        LSTMPlus(4, variant="pephole")


def test_unknown_features_are_refused() -> None:
    with pytest.raises(ValueError, match="number of input features must be known"):
        LSTMPlus(4).build((None, None, None))


def test_sequences_of_no_step_are_one_sentence() -> None:
    check_no_step()
