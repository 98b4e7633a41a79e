"""Against `keras.layers.LSTM`, and back to it; what the conversions of all peers have in common."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest

from keras_lstm_plus import LSTMPlus, LSTMSpec
from keras_lstm_plus.interop import (
    bidirectional,
    from_keras,
    to_keras,
    to_onnx,
    to_torch,
)
from tests.helpers.layers import randomise
from tests.helpers.peers import BATCH, C0, FEATURES, H0, MASK, UNITS, WHOLE, X, same_weights, state_dict_of

FULL: dict[str, Any] = {
    "return_sequences": True,
    "return_state": True,
    "go_backwards": True,
    "zero_output_for_mask": True,
    "activation": "relu",
    "recurrent_activation": "hard_sigmoid",
    "kernel_initializer": keras.initializers.RandomNormal(0.0, 0.3, seed=2),
    "recurrent_initializer": "he_normal",
    "bias_initializer": "ones",
    "unit_forget_bias": False,
    "kernel_regularizer": "l2",
    "recurrent_regularizer": keras.regularizers.L1(0.02),
    "bias_regularizer": "l1",
    "activity_regularizer": "l2",
    "kernel_constraint": "max_norm",
    "recurrent_constraint": "non_neg",
    "bias_constraint": keras.constraints.MaxNorm(7),
    "dropout": 0.3,
    "recurrent_dropout": 0.2,
    "seed": 9,
    "name": "mine",
    "dtype": "float64",
}


def keras_layer(**options: Any) -> keras.layers.LSTM:
    layer = keras.layers.LSTM(UNITS, **options)
    layer.build((BATCH, None, FEATURES))
    rng = np.random.default_rng(6)
    layer.set_weights([rng.normal(scale=0.6, size=weight.shape) for weight in layer.weights])
    return layer


def test_from_keras_carries_everything() -> None:
    theirs = keras_layer(**FULL)
    ours = from_keras(theirs)
    config = theirs.get_config()
    assert {name: ours.get_config()[name] for name in config} == config
    assert same_weights(ours, theirs)
    again = to_keras(ours)
    assert type(again) is keras.layers.LSTM
    assert again.get_config() == config
    assert same_weights(again, theirs)
    for training in (False, True, True):  # the masks of the dropout too, and they move on in step
        results = [layer(X, mask=MASK, training=training) for layer in (theirs, ours, again)]
        for a, b, c in zip(*results, strict=True):
            np.testing.assert_allclose(b, a, atol=1e-10, rtol=0)
            np.testing.assert_allclose(c, a, atol=1e-10, rtol=0)
    np.testing.assert_allclose(ours.losses, theirs.losses, atol=1e-10)


def test_dropout_goes_on_where_it_was() -> None:
    theirs = keras_layer(dropout=0.4, recurrent_dropout=0.4)  # no seed: one of its own
    theirs(X, training=True)
    ours = from_keras(theirs)
    np.testing.assert_allclose(ours(X, training=True), theirs(X, training=True), atol=1e-6)


def test_a_stateful_layer_keeps_its_state() -> None:
    theirs = keras_layer(stateful=True)
    theirs(X.astype("float32"))
    ours = from_keras(theirs)
    again = to_keras(ours)
    expected = theirs(X.astype("float32"))
    np.testing.assert_allclose(ours(X.astype("float32")), expected, atol=1e-6)
    np.testing.assert_allclose(again(X.astype("float32")), expected, atol=1e-6)


@pytest.mark.parametrize(
    "options", [{}, {"use_bias": False}, {"trainable": False}, {"unroll": True}], ids=str
)
def test_keras_in_float64(options: dict[str, Any]) -> None:
    theirs = keras_layer(dtype="float64", **WHOLE, **options)
    ours = from_keras(theirs)
    assert len(ours.trainable_weights) == len(theirs.trainable_weights)
    assert ours.unroll == theirs.unroll
    for mask in (None, MASK):
        states = [H0[0], C0[0]]
        pairs = zip(
            ours(X, initial_state=states, mask=mask), theirs(X, initial_state=states, mask=mask), strict=True
        )
        for mine, expected in pairs:
            np.testing.assert_allclose(mine, expected, atol=1e-10, rtol=0)


def test_converted_layers_are_saved_and_loaded(tmp_path: Path) -> None:
    source = keras.Sequential([keras.Input((None, FEATURES)), keras_layer(), keras.layers.Dense(2)])

    def ours(layer: Any) -> Any:
        return from_keras(layer) if isinstance(layer, keras.layers.LSTM) else layer

    model = keras.models.clone_model(source, clone_function=ours)
    assert isinstance(model.layers[0], LSTMPlus)
    model.save(tmp_path / "ours.keras")
    loaded = keras.models.load_model(tmp_path / "ours.keras")
    np.testing.assert_array_equal(loaded(X), model(X))
    np.testing.assert_allclose(loaded(X), source(X), atol=1e-6)


def test_joined_directions_are_saved_and_loaded(tmp_path: Path) -> None:
    halves = [LSTMPlus(UNITS, "peephole", go_backwards=backwards) for backwards in (False, True)]
    for seed, half in enumerate(halves):
        randomise(half, FEATURES, seed)
    expected = np.concatenate([half(X) for half in halves], axis=-1)
    model = keras.Sequential([keras.Input((None, FEATURES)), bidirectional(*halves)])
    model.save(tmp_path / "both.keras")
    np.testing.assert_allclose(keras.models.load_model(tmp_path / "both.keras")(X), expected, atol=1e-6)


def test_a_spec_of_the_standard_lstm_goes_to_keras_with_its_activations() -> None:
    own = LSTMSpec("own", candidate_activation="relu", output_activation="relu", use_bias=False)
    layer = LSTMPlus(UNITS, own)
    randomise(layer, FEATURES)
    theirs = to_keras(layer)
    assert (theirs.activation.__name__, theirs.use_bias) == ("relu", False)
    np.testing.assert_allclose(theirs(X), layer(X), atol=1e-6)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"variant": "peephole"}, "peephole=True, which keras.layers.LSTM cannot express"),
        ({"variant": "indy", "zoneout_cell": 0.1}, "recurrence='diagonal', zoneout_cell=0.1"),
        ({"variant": LSTMSpec("own", output_activation="linear")}, "tanh for the candidate and linear for"),
        ({"weight_drop": 0.5}, "weight_drop=0.5"),
    ],
    ids=str,
)
def test_what_keras_has_not_is_refused(options: dict[str, Any], message: str) -> None:
    layer = LSTMPlus(UNITS, **options)
    layer.build((None, None, FEATURES))
    with pytest.raises(ValueError, match=f"to_keras: layer .*{message}.*Keep LSTMPlus"):
        to_keras(layer)


# -- all peers --------------------------------------------------------------------------------------


def test_layers_of_the_wrong_kind_or_without_weights_are_refused() -> None:
    for function in (to_keras, to_torch, to_onnx):
        if function is to_onnx:
            pytest.importorskip("onnx", reason="the peer is ONNX")
        with pytest.raises(TypeError, match="takes an LSTMPlus layer.* received LSTM; from_keras"):
            function(keras_layer())
        with pytest.raises(ValueError, match="has no weights yet; call it on data"):
            function(LSTMPlus(UNITS))
    with pytest.raises(ValueError, match="has no weights yet"):
        from_keras(keras.layers.LSTM(UNITS))
    with pytest.raises(ValueError, match="bidirectional: .* has no weights yet"):
        bidirectional(LSTMPlus(UNITS), LSTMPlus(UNITS, go_backwards=True))
    with pytest.raises(TypeError, match="received GRU"):
        from_keras(keras.layers.GRU(UNITS))
    with pytest.raises(TypeError, match="holds some, received Bidirectional"):
        from_keras(keras.layers.Bidirectional(keras.layers.GRU(UNITS)))


def test_neither_peer_is_needed_where_it_is_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("torch", "onnx"):
        monkeypatch.setitem(sys.modules, name, None)  # importing it is now an ImportError
    for name in [name for name in sys.modules if name.startswith("keras_lstm_plus.interop")]:
        monkeypatch.delitem(sys.modules, name)
    fresh = importlib.import_module("keras_lstm_plus.interop")
    layer = fresh.from_torch(state_dict_of())
    assert same_weights(fresh.from_torch(fresh.to_torch(layer)), layer)
    for function in (fresh.to_onnx, fresh.from_onnx):
        with pytest.raises(ImportError, match="needs the package onnx: pip install onnx"):
            function(layer)
