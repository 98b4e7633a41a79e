"""What TensorFlow, Keras or code of the user's raises comes out as one sentence and a way out that works."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras
import pytest
import tensorflow as tf

from edge.convert import convert
from edge.errors import ModelFileError
from tests.helpers.keras_models import FEATURES, motion

layers = keras.layers


class Maker(keras.layers.Layer):
    """Makes a variable each time it is called."""

    def call(self, x: Any) -> Any:
        return x * tf.Variable(2.0)


class Counter(keras.layers.Layer):
    """Counts how often it is called."""

    def build(self, shape: Any) -> None:
        self.count = self.add_weight(shape=(), initializer="zeros", trainable=False)

    def call(self, x: Any) -> Any:
        self.count.assign_add(1.0)
        return x * self.count


class Noise(keras.layers.Layer):
    """Noise that does not end with the training."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.seed = keras.random.SeedGenerator(1)

    def call(self, x: Any) -> Any:
        return x + keras.random.normal(keras.ops.shape(x), seed=self.seed)


def refuses_graphs(x: Any) -> Any:
    if tf.is_tensor(x) and tf.is_symbolic_tensor(x):
        raise RuntimeError("no graphs here\n  and a second line")
    return x


def python_function(x: Any) -> Any:
    return tf.ensure_shape(tf.py_function(lambda v: v + 1, [x], tf.float32), x.shape)


def behind(layer: Any) -> keras.Model:
    return keras.Sequential([keras.Input((5, FEATURES)), layers.LSTM(4, name="memory"), layer])


def before(layer: Any) -> keras.Model:
    return keras.Sequential([keras.Input((5, FEATURES)), layer, layers.LSTM(4, name="memory")])


def tokens(layer: Any, kind: str = "int64", steps: int = 6) -> keras.Model:
    parts = [keras.Input((steps,), dtype=kind), layer, layers.Embedding(9, 3), layers.LSTM(4)]
    return keras.Sequential(parts)


def sparse() -> keras.Model:
    x = keras.Input((FEATURES,), sparse=True, name="counts")
    return keras.Model(x, layers.LSTM(4)(layers.Reshape((6, 1))(layers.Dense(6)(x))))


def lambda_(function: Any) -> Any:
    return layers.Lambda(function, name="mine", output_shape=lambda shape: shape)


MODELS: dict[str, tuple[Callable[[], keras.Model], str]] = {
    "IntegerLookup": (
        lambda: tokens(layers.IntegerLookup(vocabulary=[3, 5, 7], name="mine")),
        "'mine' .Integer",
    ),
    "StringLookup": (lambda: tokens(layers.StringLookup(vocabulary=["a"], name="mine"), "string"), "a table"),
    "TextVectorization": (
        lambda: tokens(
            layers.TextVectorization(vocabulary=["a"], output_sequence_length=5, name="mine"), "string", 1
        ),
        "'mine' .TextVectorization. makes numbers of words",
    ),
    "Hashing": (lambda: tokens(layers.Hashing(5, name="mine")), "'mine' .Hashing"),
    "sparse": (sparse, "Input 'counts' .*is sparse.*sparse=False"),
    "an error of the user's, behind": (
        lambda: behind(lambda_(refuses_graphs)),
        "'mine' .Lambda. fails .*no graphs here",
    ),
    "an error of the user's, before": (
        lambda: before(lambda_(refuses_graphs)),
        "'mine' .Lambda. fails .*no graphs here",
    ),
    "a variable a call": (lambda: behind(Maker(name="mine")), "'mine' .Maker. fails .*tf.Variable"),
    "a counter": (lambda: behind(Counter(name="mine")), "changes a variable when it is used"),
    "noise": (lambda: behind(Noise(name="mine")), "draws random numbers when it is used"),
    "noise of TensorFlow": (
        lambda: behind(lambda_(lambda x: x + tf.random.normal(tf.shape(x)))),
        "draws random numbers when it is used",
    ),
    "Python": (lambda: behind(lambda_(python_function)), "needs EagerPyFunc"),
}


@pytest.mark.parametrize("name", MODELS)
def test_one_sentence_and_a_way_out(name: str, tmp_path: Path) -> None:
    make, words = MODELS[name]
    model = make()
    with pytest.raises(ValueError, match=words) as caught:
        convert(model, tmp_path / "m.tflite")
    sentence = str(caught.value)
    assert "\n" not in sentence
    assert "\x1b" not in sentence
    assert not list(tmp_path.iterdir())
    if "fails with" in sentence:
        assert caught.value.__cause__ is not None  # for whoever wants all of it
    told = re.search(r"(keras\.Model\(.+\))\.$", sentence)
    if told:
        rest = eval(told[1], {"keras": keras, "model": model})
        assert convert(rest, tmp_path / "m.tflite").lowering == "fused"
    else:
        assert name in ("sparse", "a counter", "noise", "noise of TensorFlow", "Python")


def test_what_quantizers_say_is_one_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: Any) -> bytes:
        raise RuntimeError("Quantization to 16x8-bit not yet supported for op: 'ERF'.\nfor op: 'ERF'.\n")

    monkeypatch.setattr("edge.convert.tf_private.quantize_calibrated", fail)
    with pytest.raises(
        ValueError, match="Quantization to 16x8-bit not yet supported for op: 'ERF'"
    ) as caught:
        convert(behind(layers.Dense(2)), tmp_path / "m.tflite", "int8", motion(8, 5))
    assert "\n" not in str(caught.value)


def test_what_the_runtime_says_of_a_file_that_nobody_has_seen(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(path: Path, **_: Any) -> None:
        raise ModelFileError(f"{path.name}: ai-edge-litert cannot run it on inputs of shape [1, 5].")

    monkeypatch.setattr("edge.load", fail)
    with pytest.raises(ValueError, match="while the file is run, .*: ai-edge-litert cannot run") as caught:
        convert(behind(layers.Dense(2)), tmp_path / "m.tflite")
    assert ".tmp" not in str(caught.value)
    assert not isinstance(caught.value, ModelFileError)
    assert not list(tmp_path.iterdir())


def test_filtering_of_tracebacks_is_left_as_it_was(tmp_path: Path) -> None:
    assert keras.config.is_traceback_filtering_enabled()
    convert(behind(layers.Dense(2)), tmp_path / "m.tflite")
    assert keras.config.is_traceback_filtering_enabled()
