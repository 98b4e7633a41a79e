"""The kinds of models that convert: how they are built, what is around the LSTMs, what goes in and out."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest

import edge
from edge.convert import convert
from edge.convert.keras_model.call_sites import recurrent_layers
from edge.convert.keras_model.signature import run, signature_of
from tests.helpers.keras_models import FEATURES, keras_answer, motion, randomised, recurrent, relative_error

layers = keras.layers
Answers = list[np.ndarray]


def check(model: keras.Model, path: Path, x: Any, lstms: int, quantize: str | None = None) -> Any:
    """Convert and compare on one input: an array, or a list of them."""
    result = convert(model, path / "model.tflite", quantize, x)
    assert result.ops["UNIDIRECTIONAL_SEQUENCE_LSTM"] == lstms == len(result.layers)
    found = edge.load(result.path).predict(x)
    found = found if isinstance(found, list) else [found]
    for answer, wanted in zip(found, keras_answer(model, x), strict=True):
        if quantize is None:
            np.testing.assert_allclose(answer, wanted, atol=1e-5)
        else:
            assert relative_error(answer, wanted) < 0.05
    return result


def sequence() -> Any:
    return keras.Input((None, FEATURES), name="motion")


def backwards() -> keras.Model:
    x = sequence()
    return keras.Model(x, recurrent("peephole", 5, go_backwards=True, return_sequences=True)(x))


def bidirectional(merge: str | None, return_sequences: bool) -> keras.Model:
    x = sequence()
    inner = recurrent("peephole", 5, return_sequences=return_sequences)
    return keras.Model(x, layers.Bidirectional(inner, merge_mode=merge)(x))


def convolution() -> keras.Model:
    x = sequence()
    y = layers.Conv1D(8, 5, padding="causal", activation="relu")(x)
    y = layers.BatchNormalization()(y)
    y = layers.Dropout(0.5)(recurrent("standard", 7, return_sequences=True, dropout=0.3)(y))
    return keras.Model(x, layers.Dense(3, activation="softmax")(layers.GlobalAveragePooling1D()(y)))


def shared() -> keras.Model:
    """One layer, called twice: two states, one set of weights."""
    x = sequence()
    twice = recurrent("peephole", FEATURES, return_sequences=True)
    return keras.Model(x, twice(twice(x)))


def nested() -> keras.Model:
    inner = keras.Sequential([sequence(), recurrent("standard", 4, return_sequences=True)])
    x = sequence()
    return keras.Model(x, recurrent("stock", 3)(inner(x)))


def in_keras_rnn() -> keras.Model:
    return keras.Sequential([sequence(), layers.RNN(layers.LSTMCell(5), return_sequences=True)])


def fixed_length() -> keras.Model:
    x = keras.Input((9, FEATURES))
    y = recurrent("peephole", 4, return_sequences=True)(x)
    return keras.Model(x, layers.Dense(3)(layers.Flatten()(y)))


def distributed() -> keras.Model:
    """Keras calls the layer once for each of the three; they are rows of one operator in the file."""
    x = keras.Input((9, FEATURES))
    three = layers.Lambda(lambda value: keras.ops.stack([value, -value, 2 * value], axis=1))(x)
    return keras.Model(x, layers.TimeDistributed(recurrent("stock", 4))(three))


MODELS: dict[str, tuple[Callable[[], keras.Model], int]] = {
    "backwards": (backwards, 1),
    "bidirectional concat": (lambda: bidirectional("concat", True), 2),
    "bidirectional last step": (lambda: bidirectional("sum", False), 2),
    "bidirectional apart": (lambda: bidirectional(None, True), 2),
    "convolution": (convolution, 1),
    "shared": (shared, 2),
    "nested": (nested, 2),
    "keras.layers.RNN": (in_keras_rnn, 1),
    "fixed length": (fixed_length, 1),
    "TimeDistributed": (distributed, 1),
}


@pytest.mark.parametrize("name", MODELS)
def test_float(name: str, tmp_path: Path) -> None:
    build, lstms = MODELS[name]
    check(randomised(build()), tmp_path, motion(3, 9), lstms)


@pytest.mark.parametrize("name", ["bidirectional concat", "convolution", "shared"])
def test_int8(name: str, tmp_path: Path) -> None:
    build, lstms = MODELS[name]
    check(randomised(build()), tmp_path, motion(40, 9), lstms, "int8")


class Subclassed(keras.Model):
    """Gives a dictionary, one entry of which is not computed by an LSTM."""

    def __init__(self) -> None:
        super().__init__()
        self.memory = recurrent("peephole", 5, return_sequences=True)
        self.head = layers.Dense(2)

    def call(self, x: Any, training: bool = False) -> dict[str, Any]:
        return {"scores": self.head(self.memory(x)), "raw": x}


def test_subclassed_with_a_free_length(tmp_path: Path) -> None:
    model = Subclassed()
    model(keras.Input((None, FEATURES)))
    result = check(randomised(model), tmp_path, motion(3, 9), 1)
    assert edge.load(result.path).inputs[0].shape == (1, -1, FEATURES)
    assert [error.name for error in result.errors] == ["raw", "scores"]  # Keras flattens by key


def test_subclassed_keeps_the_shape_of_its_first_call(tmp_path: Path) -> None:
    model = Subclassed()
    model(motion(3, 9))
    result = check(randomised(model), tmp_path, motion(3, 9), 1)
    assert edge.load(result.path).inputs[0].shape == (1, 9, FEATURES)


def test_several_inputs_and_outputs(tmp_path: Path) -> None:
    """Names out of alphabetical order; more than ten, so that output_10 comes before output_2 as text."""
    x, other = sequence(), keras.Input((3,), name="age")
    memory = recurrent("standard", 4)(x)
    outputs = [layers.Dense(2, name=f"head_{position}")(memory) for position in range(11)]
    joined = layers.Dense(2, name="a")(layers.Concatenate()([memory, other]))
    model = randomised(keras.Model([x, other], [*outputs, joined]))
    age = np.random.default_rng(3).normal(size=(3, 3)).astype("float32")
    result = check(model, tmp_path, [motion(3, 9), age], 1)
    file = edge.load(result.path)
    assert [info.name for info in file.inputs] == ["motion", "age"]
    assert [info.name for info in file.outputs] == model.output_names
    by_name = convert(model, tmp_path / "b.tflite", None, {"age": age, "motion": motion(3, 9)})
    assert by_name.errors == result.errors


def test_no_output_is_lost_where_a_layer_has_the_name_that_a_number_gives() -> None:
    """The second state of `a` must not become `a_2`, which is another layer's."""
    x = sequence()
    sequences, *states = layers.LSTM(3, return_sequences=True, return_state=True, name="a")(x)
    others = layers.LSTM(4, return_state=True, name="a_2")(sequences)[1:]
    model = keras.Model(x, [layers.Dense(2)(sequences), *states, *others])
    value = motion(2, 5)
    outputs = run(model, signature_of(model), [value])
    for found, wanted in zip(outputs.values(), keras_answer(model, value), strict=True):
        np.testing.assert_allclose(found, wanted, atol=1e-6)


@pytest.mark.parametrize("quantize", [None, "dynamic", "int8"])
def test_tokens(quantize: str | None, tmp_path: Path) -> None:
    tokens = keras.Input((None,), dtype="int32", name="tokens")
    y = recurrent("standard", 8, return_sequences=True)(layers.Embedding(50, 12)(tokens))
    model = randomised(keras.Model(tokens, y))
    x = np.random.default_rng(3).integers(0, 50, (40, 9)).astype("int32")
    check(model, tmp_path, x, 1, quantize)
    assert edge.load(tmp_path / "model.tflite").inputs[0].dtype == "int32"


def test_tokens_of_a_subclassed_model(tmp_path: Path) -> None:
    class Words(keras.Model):
        def __init__(self) -> None:
            super().__init__()
            self.embedding, self.memory = layers.Embedding(50, 12), recurrent("standard", 8)

        def call(self, x: Any) -> Any:
            return self.memory(self.embedding(x))

    x = np.random.default_rng(3).integers(0, 50, (4, 9)).astype("int32")
    model = Words()
    model(x)
    check(randomised(model), tmp_path, x, 1)


def test_the_model_is_as_it_was(tmp_path: Path) -> None:
    model = randomised(shared())
    x = motion(2, 5)
    before = keras_answer(model, x)[0]
    convert(model, tmp_path / "model.tflite")
    assert all("call" not in vars(layer) for layer in recurrent_layers(model))
    np.testing.assert_array_equal(keras_answer(model, x)[0], before)
    model.compile("sgd", "mse")
    model.fit(x, before, epochs=1, verbose=0)
    again = convert(model, tmp_path / "model.tflite", representative_data=x)
    assert again.errors[0].max_abs < 1e-5


@pytest.mark.parametrize("width", [1, 8])
def test_a_number_for_each_step_is_added_and_no_bias(width: int, tmp_path: Path) -> None:
    """Of one sequence of 8 steps at a time, Keras takes the 8 for a bias: of the features, if there are 8."""
    x, offset = keras.Input((8, width), name="x"), keras.Input((8, 1), name="offset")
    y = layers.Add()([layers.TimeDistributed(layers.Dense(width))(x), offset])
    model = randomised(keras.Model([x, offset], layers.LSTM(5)(y)))
    rng = np.random.default_rng(4)
    data = [rng.normal(size=(6, 8, wide)).astype("float32") for wide in (width, 1)]
    check(model, tmp_path, data, 1)
