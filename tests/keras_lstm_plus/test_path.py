"""Which way a layer takes: the rule, asked of the layer, and that what it says is what it does."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_lstm_plus import LSTMPlus
from keras_lstm_plus.native import Engine
from tests.helpers.training_engine import training_engine

X = np.random.default_rng(4).normal(size=(4, 6, 3)).astype("float32")


@pytest.fixture(autouse=True)
def engine(monkeypatch: pytest.MonkeyPatch) -> Engine:
    """The engine of these sources is there, and nobody has switched it off."""
    monkeypatch.delenv("KERAS_LSTM_PLUS_ENGINE", raising=False)
    return training_engine()


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What the engine is asked to do."""
    made: list[str] = []
    for name in ("forward", "backward"):
        own: Callable[..., Any] = getattr(Engine, name)

        def noted(*arguments: Any, name: str = name, own: Callable[..., Any] = own) -> Any:
            made.append(name)
            return own(*arguments)

        monkeypatch.setattr(Engine, name, noted)
    return made


COVERED = ("standard", "peephole", "cifg", "lstm_1997", "nig", "nfg", "nog", "indy")


@pytest.mark.parametrize("variant", COVERED)
def test_the_engine_takes_the_family(variant: str) -> None:
    assert LSTMPlus(4, variant).which_path() == ("engine", "")


@pytest.mark.parametrize(
    ("options", "time", "training", "name", "reason"),
    [
        ({"unroll": True}, 6, True, "steps", "unroll=True asks for it"),
        ({"variant": "fgr"}, 6, True, "steps", "do not know the variant"),
        ({"zoneout_cell": 0.1}, 6, False, "steps", "zoneout at inference"),
        ({"zoneout_cell": 0.1}, 6, True, "engine", ""),
        ({"variant": "layer_norm"}, 6, True, "compiled loop", "it has a layer norm"),
        ({"variant": "layer_norm"}, None, True, "plain loop", "it has a layer norm"),
        ({"activation": "relu"}, 6, True, "compiled loop", "its activations are sigmoid, relu, relu"),
        ({"dtype": "float64"}, 6, True, "compiled loop", "it computes in float64"),
        ({"dtype": "mixed_float16"}, 6, False, "engine", ""),
        ({"dtype": "bfloat16"}, None, True, "engine", ""),
        (
            {"projection_units": 2, "cell_clip": 1.0, "dropout": 0.1, "recurrent_dropout": 0.1},
            6,
            True,
            "engine",
            "",
        ),
    ],
    ids=str,
)
def test_the_rule(options: dict[str, Any], time: int | None, training: bool, name: str, reason: str) -> None:
    way = LSTMPlus(4, **options).which_path(time, training)
    assert way.name == name
    assert reason in way.reason
    assert str(way) == (f"{name}: {way.reason}" if reason else name)


def test_switched_off_it_says_how_to_switch_it_on(monkeypatch: pytest.MonkeyPatch, calls: list[str]) -> None:
    monkeypatch.setenv("KERAS_LSTM_PLUS_ENGINE", "0")
    layer = LSTMPlus(4)
    way = layer.which_path(6)
    assert way.name == "compiled loop"
    assert (
        way.reason
        == "$KERAS_LSTM_PLUS_ENGINE switches the training engine off; leave it out to use the engine"
    )
    with_it = layer(X)
    assert calls == []
    monkeypatch.delenv("KERAS_LSTM_PLUS_ENGINE")  # the way out
    np.testing.assert_allclose(layer(X), with_it, atol=1e-6)
    assert calls == ["forward"]


def test_where_it_is_asked_matters() -> None:
    layer, told = LSTMPlus(4), []

    def ask(x: tf.Tensor, training: bool) -> tf.Tensor:
        told.append(layer.which_path(x.shape[1], training))
        return x

    tf.function(ask)(X, True)
    tf.function(ask)(X, False)
    tf.function(ask, jit_compile=True)(X, True)
    assert [way.name for way in told] == ["engine", "plain loop", "plain loop"]
    assert "may be exported" in told[1].reason
    assert "XLA" in told[2].reason


@pytest.mark.parametrize("eagerly", [False, True])
def test_fit_evaluate_and_predict_take_the_engine(eagerly: bool, calls: list[str]) -> None:
    model = keras.Sequential([keras.Input((None, 3)), LSTMPlus(4), keras.layers.Dense(1)])
    model.compile("adam", "mse", run_eagerly=eagerly)
    y = X[:, 0, :1]
    model.fit(X, y, batch_size=4, verbose=0)
    assert calls == ["forward", "backward"]
    for use in (
        lambda: model.evaluate(X, y, verbose=0),
        lambda: model.predict(X, verbose=0),
        lambda: model(X),
    ):
        calls.clear()
        use()
        assert calls == ["forward"]


def test_a_model_compiled_by_xla_does_not(calls: list[str]) -> None:
    model = keras.Sequential([keras.Input((6, 3)), LSTMPlus(4), keras.layers.Dense(1)])
    model.compile("adam", "mse", jit_compile=True)
    model.fit(X, X[:, 0, :1], verbose=0)
    assert calls == []


def test_what_is_exported_has_no_engine_in_it(tmp_path: Path, calls: list[str]) -> None:
    model = keras.Sequential([keras.Input((None, 3)), LSTMPlus(4, "peephole")])
    model.export(tmp_path / "exported", verbose=False)
    tf.saved_model.save(model, tmp_path / "saved")
    module = tf.Module()
    module.layer = model.layers[0]
    specs = [tf.TensorSpec((4, 6, 3))]
    module.train = tf.function(lambda x: model(x, training=True), input_signature=specs)
    tf.saved_model.save(module, tmp_path / "module")
    assert calls == []
    right = model(X)
    exported, saved = (tf.saved_model.load(tmp_path / name) for name in ("exported", "module"))
    np.testing.assert_allclose(exported.serve(X), right, atol=1e-6)
    np.testing.assert_allclose(saved.train(X), right, atol=1e-6)
