"""The model of a user: stock Keras alone, trained, then int8 with one call.

It tells English from Python, letter by letter: lines of the standard library, which are comments or code.
"""

from __future__ import annotations

import argparse
import inspect
import io
import json
import textwrap
import tokenize
from pathlib import Path

import keras
import numpy as np
import pytest

import edge
from edge.aliases import Array
from edge.convert import ConversionResult, convert, verify
from tests.helpers.command_line import run
from tests.helpers.keras_models import relative_error
from tests.helpers.runtimes import Runtime

layers, ops = keras.layers, keras.ops
Task = tuple[Array, Array, Array, Array]

LENGTH, LETTERS, CLASSES = 32, 96, ["code", "comment"]
SOURCES = (argparse, inspect, textwrap, tokenize)  # modules with both in them


def lines() -> tuple[Array, Array]:
    """Tokens `[lines, LENGTH]`, padded with 0 on the right, and for each line whether it is a comment."""
    found: list[tuple[str, int]] = []
    for module in SOURCES:
        source = inspect.getsource(module)
        for token in tokenize.generate_tokens(io.StringIO(source).readline):
            line = token.line.strip()
            if token.type == tokenize.COMMENT and line.startswith("#"):
                found.append((line.lstrip("# "), 1))
            elif token.type == tokenize.NEWLINE and "\n" not in line and '"""' not in line:
                found.append((line.split("#")[0].strip(), 0))
    found = sorted({(text, label) for text, label in found if len(text) > 5})
    tokens = np.zeros((len(found), LENGTH), np.int32)
    for row, (text, _) in zip(tokens, found, strict=True):
        letters = [min(max(ord(letter) - 31, 1), LETTERS - 1) for letter in text[:LENGTH]]
        row[: len(letters)] = letters
    order = np.random.default_rng(0).permutation(len(found))
    return tokens[order], np.array([label for _, label in found])[order]


def user_model() -> keras.Model:
    """Nothing in here knows of this project."""
    tokens = keras.Input((None,), dtype="int32", name="letters")
    x = layers.Embedding(LETTERS, 12, mask_zero=True)(tokens)
    x = layers.Bidirectional(layers.LSTM(12, return_sequences=True))(x)
    x = layers.Bidirectional(layers.LSTM(12, return_sequences=True))(x)
    mask = ops.expand_dims(ops.not_equal(tokens, 0), -1)
    weights = layers.Softmax(axis=1)(layers.Dense(1)(x), mask=mask)
    pooled = ops.sum(weights * x, axis=1)
    return keras.Model(tokens, layers.Dense(2, activation="softmax", name="kind")(pooled), name="english")


@pytest.fixture(scope="module")
def task() -> Task:
    """Tokens and kinds to learn from, and others to be judged on."""
    tokens, kinds = lines()
    assert len(tokens) > 1500
    assert 0.05 < kinds.mean() < 0.5
    return tokens[:1000], kinds[:1000], tokens[1000:1400], kinds[1000:1400]


@pytest.fixture(scope="module")
def trained(task: Task) -> keras.Model:
    tokens, kinds, others, answers = task
    keras.utils.set_random_seed(0)
    model = user_model()
    model.compile(keras.optimizers.Adam(0.01), "sparse_categorical_crossentropy", metrics=["accuracy"])
    model.fit(tokens, kinds, batch_size=32, epochs=3, verbose=0)
    _, accuracy = model.evaluate(others, answers, verbose=0)
    assert accuracy > max(0.88, 1 - answers.mean() + 0.03)  # it has learnt something
    return model


@pytest.fixture(scope="module")
def result(trained: keras.Model, task: Task, tmp_path_factory: pytest.TempPathFactory) -> ConversionResult:
    """The one call."""
    return convert(trained, tmp_path_factory.mktemp("user") / "english.tflite", "int8", task[0])


def at_length(tokens: Array, length: int) -> Array:
    """The beginnings of the lines, or the lines with more padding."""
    return np.pad(tokens, ((0, 0), (0, max(0, length - LENGTH))))[:, :length]


def test_every_layer_is_fused(result: ConversionResult) -> None:
    assert result.ops["UNIDIRECTIONAL_SEQUENCE_LSTM"] == 4
    assert {(layer.variant, layer.units, layer.lowering) for layer in result.layers} == {
        ("standard", 12, "fused")
    }
    assert edge.load(result.path).inputs[0].shape == (1, -1)


@pytest.mark.parametrize("length", [LENGTH, 12, 50])
def test_verified(
    length: int,
    result: ConversionResult,
    trained: keras.Model,
    task: Task,
) -> None:
    """On lines that neither the training nor the calibration saw, cut or padded to other lengths."""
    *_, tokens, kinds = task
    found = verify(trained, result.path, at_length(tokens, length), kinds, drift_steps=0)
    (output,) = found.outputs
    assert output.agreement is not None
    assert output.accuracy_keras is not None
    assert output.accuracy_file is not None
    assert output.agreement >= 0.97
    assert abs(output.accuracy_file - output.accuracy_keras) <= 0.015  # 6 of 400
    assert output.relative < 0.15


def test_both_runtimes(
    result: ConversionResult,
    trained: keras.Model,
    task: Task,
    runtime: Runtime,
) -> None:
    """Each line without its padding, so that every call has a length of its own."""
    tokens = task[2][:150]
    rows = [[row[None, : np.count_nonzero(row)]] for row in tokens]
    found = np.concatenate([outputs[0] for outputs in runtime.run(result.path, rows)])
    wanted = np.asarray(trained(tokens))  # with the padding: the mask makes it the same
    assert len({row[0].shape for row in rows}) > 10
    assert np.mean(found.argmax(-1) == wanted.argmax(-1)) >= 0.97
    assert relative_error(found, wanted) < 0.15


def test_int8_is_as_near_as_for_other_models(
    result: ConversionResult, trained: keras.Model, task: Task
) -> None:
    assert verify(trained, result.path, task[2], drift_steps=0).is_ok


def test_from_its_file_on_the_command_line(trained: keras.Model, task: Task, tmp_path: Path) -> None:
    trained.save(tmp_path / "english.keras")
    np.save(tmp_path / "x.npy", task[0])
    (tmp_path / "labels.txt").write_text("\n".join(CLASSES), encoding="utf-8")
    code, _, err = run(
        *("convert", tmp_path / "english.keras", "-o", tmp_path / "m.tflite", "--quantize", "int8"),
        *("--data", tmp_path / "x.npy", "--labels", tmp_path / "labels.txt", "--json", tmp_path / "m.json"),
    )
    assert (code, err) == (0, "")
    assert json.loads((tmp_path / "m.json").read_text())["quantize"] == "int8"
    file = edge.load(tmp_path / "m.tflite")
    assert list(file.labels or ()) == CLASSES
    wanted = np.asarray(trained(task[2]))
    assert np.mean(file.predict(task[2]).argmax(-1) == wanted.argmax(-1)) >= 0.97
