"""`keras.layers.RNN` around any cell, and stacks of them: what has a fused operator takes it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest

from edge import EdgeModel
from edge.convert import convert
from keras_lstm_plus import LSTMPlusCell
from tests.helpers.keras_models import FEATURES, motion, randomised

layers = keras.layers
LSTM, GRU, SIMPLE = layers.LSTMCell, layers.GRUCell, layers.SimpleRNNCell
STEPS = 6


@keras.saving.register_keras_serializable("tests")
class Odd(keras.layers.Layer):
    """A cell whose output is none of its states, and which starts from ones."""

    state_size, output_size = [4, 3], 5

    def build(self, shape: Sequence[int]) -> None:
        self.kernel = self.add_weight(shape=(shape[-1], 4), name="kernel")
        self.out = self.add_weight(shape=(7, 5), name="out")

    def call(self, x: Any, states: Any) -> Any:
        first = keras.ops.tanh(x @ self.kernel + states[0])
        second = 0.5 * states[1] + first[:, :3]
        return keras.ops.concatenate([first, second], -1) @ self.out, [first, second]

    def get_initial_state(self, batch_size: Any = None) -> Any:
        return [keras.ops.ones((batch_size, 4)), keras.ops.zeros((batch_size, 3))]


def build(
    *cells: Any, mask: bool = False, steps: int | None = None, both: bool = False, **options: Any
) -> keras.Model:
    x = keras.Input((steps, FEATURES), batch_size=1 if options.get("stateful") else None)
    layer = layers.RNN(list(cells) if len(cells) > 1 else cells[0], name="memory", **options)
    layer = layers.Bidirectional(layer) if both else layer
    y = keras.tree.flatten(layer(layers.Masking()(x) if mask else x))
    return randomised(keras.Model(x, y if len(y) > 1 else y[0]))


every = {"return_sequences": True}
CASES: dict[str, tuple[Callable[[], keras.Model], str]] = {
    "two widths": (lambda: build(LSTM(32), LSTM(24)), "fused fused"),
    "all outputs": (lambda: build(LSTM(8), LSTM(5), return_state=True, **every), "fused fused"),
    "ours": (lambda: build(LSTMPlusCell(8, "peephole"), LSTM(5)), "fused fused"),
    "one of ours": (lambda: build(LSTMPlusCell(8, "peephole+cifg")), "fused"),
    "mask": (lambda: build(LSTM(8), LSTM(5), mask=True, return_state=True, **every), "fused fused"),
    "backwards": (lambda: build(LSTM(8), LSTM(5), mask=True, go_backwards=True, **every), "fused fused"),
    "both ways": (lambda: build(LSTM(8), LSTM(5), both=True, **every), "fused fused fused fused"),
    "mixed": (
        lambda: build(LSTM(8), GRU(7), SIMPLE(5), steps=STEPS, return_state=True, **every),
        "fused unrolled fused",
    ),
    "zeros": (
        lambda: build(LSTM(8), GRU(6), steps=STEPS, mask=True, zero_output_for_mask=True, **every),
        "fused unrolled",
    ),
    "stack of stacks": (
        lambda: build(layers.StackedRNNCells([LSTM(8), LSTM(5)]), LSTM(4)),
        "fused fused fused",
    ),
    "step": (lambda: build(GRU(7), LSTM(3), **every), "step step"),
    "gru": (lambda: build(GRU(7, reset_after=False), steps=STEPS, mask=True, **every), "unrolled"),
    "own cell": (lambda: build(Odd(), steps=STEPS, mask=True, **every), "unrolled"),
}


@pytest.mark.parametrize("name", CASES)
def test_every_cell_takes_its_best_form(name: str, tmp_path: Path) -> None:
    make, forms = CASES[name]
    model, data = make(), motion(12, STEPS)
    if any(isinstance(layer, layers.Masking) for layer in model.layers):
        data[0, 4:], data[1, :2], data[2, 3], data[3] = 0, 0, 0, 0  # padding, a hole, nothing at all
    result = convert(model, tmp_path / "m.tflite", None, data)
    assert " ".join(layer.lowering for layer in result.layers) == forms
    assert all(error.max_abs < 1e-5 for error in result.errors)


@pytest.mark.parametrize(
    ("name", "quantize"),
    [("two widths", q) for q in ("float16", "dynamic", "int8", "int16x8")]
    + [("mixed", q) for q in ("dynamic", "int8")],
)
def test_in_other_numbers(name: str, quantize: str, tmp_path: Path) -> None:
    model, data = CASES[name][0](), motion(32, STEPS)
    length = STEPS if quantize == "int16x8" and name == "two widths" else None
    result = convert(model, tmp_path / "m.tflite", quantize, data, length=length)
    assert all(error.relative < 0.05 for error in result.errors)


def test_a_stack_that_is_stateful_carries_all_its_states(tmp_path: Path) -> None:
    model = build(LSTM(8), LSTM(5), stateful=True)
    result = convert(model, tmp_path / "m.tflite")
    assert result.state == "carry"
    file, piece = EdgeModel(result.path), motion(1, 4)
    wanted = [np.asarray(model(piece)) for _ in range(3)]
    assert np.abs(wanted[2] - wanted[0]).max() > 0.01
    stream = file.stream()
    for right in wanted:
        for step in piece[0]:
            found = stream.step(step)
        np.testing.assert_allclose(found, right[0], atol=1e-5)


def test_states_that_a_file_cannot_take_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "m.tflite"
    own = build(Odd(), steps=None)
    with pytest.raises(ValueError, match="no fused operator for Odd.*fixed length.*Use length="):
        convert(own, path)
    images = keras.Sequential([keras.Input((None, 8, 8, 2)), layers.ConvLSTM2D(3, 3)])
    with pytest.raises(ValueError, match="no fused operator for ConvLSTMCell.*Use length="):
        convert(images, path)


@pytest.mark.parametrize("quantize", [None, "dynamic", "int8"])
def test_a_convlstm_is_written_out(quantize: str | None, tmp_path: Path) -> None:
    parts = [layers.ConvLSTM2D(3, 3, padding="same", return_sequences=True), layers.ConvLSTM2D(2, 3)]
    model = randomised(
        keras.Sequential([keras.Input((4, 6, 6, 2)), *parts, layers.Flatten(), layers.Dense(2)])
    )
    data = np.random.default_rng(0).normal(size=(16, 4, 6, 6, 2)).astype(np.float32)
    result = convert(model, tmp_path / "m.tflite", quantize, data)
    assert result.errors[0].max_abs < 1e-5 if quantize is None else result.errors[0].relative < 0.1


class FeedBack(keras.Model):
    """As in TensorFlow's tutorial on time series: a layer warms up, then its cell eats what it said."""

    def __init__(self, cell: Any) -> None:
        super().__init__()
        self.cell, self.memory = cell, layers.RNN(cell, return_state=True)
        self.answer = layers.Dense(FEATURES)

    def call(self, x: Any) -> Any:
        h, *state = self.memory(x)
        said = [self.answer(h)]
        for _ in range(3):
            h, state = self.cell(said[-1], states=state)
            said.append(self.answer(h))
        return keras.ops.stack(said, axis=1)


@pytest.mark.parametrize("cell", [LSTM, SIMPLE, lambda units: LSTMPlusCell(units, "peephole")])
def test_a_cell_that_is_called_beside_its_layer(cell: Any, tmp_path: Path) -> None:
    model, data = FeedBack(cell(7)), motion(12, STEPS)
    model(data)
    result = convert(randomised(model), tmp_path / "m.tflite", None, data)
    assert [layer.lowering for layer in result.layers] == ["fused"]
    found = EdgeModel(result.path).predict(data)
    np.testing.assert_allclose(found, np.asarray(model(data)), atol=1e-5)
