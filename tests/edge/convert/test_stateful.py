"""Layers with stateful=True: the file goes on where Keras does, and converting leaves them alone."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path

import keras
import numpy as np
import pytest
from ai_edge_litert.interpreter import Interpreter

import edge
from edge.convert import convert
from keras_lstm_plus import LSTMPlus
from tests.helpers.keras_models import FEATURES, motion, randomised, recurrent
from tests.helpers.runtimes import Runtime
from tests.helpers.state_models import UNITS, call


@cache
def stateful() -> keras.Model:
    """Keras keeps the states of both layers from call to call."""
    x = keras.Input((None, FEATURES), batch_size=1, name="x")
    y = LSTMPlus(UNITS, "peephole", return_sequences=True, stateful=True, name="first")(x)
    return randomised(keras.Model(x, recurrent("stock", 5, stateful=True, name="second")(y)))


@pytest.fixture(scope="module")
def stateful_file(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    folder = tmp_path_factory.mktemp("stateful")

    @cache
    def make(state: str) -> Path:
        convert(stateful(), folder / f"{state}.tflite", state=state, lowering="fused")
        return folder / f"{state}.tflite"

    return make


@pytest.mark.parametrize("state", ["carry", "explicit"])
def test_stateful_goes_on(state: str, stateful_file: Callable[[str], Path], runtime: Runtime) -> None:
    # The runtimes forget where the length of a call changes, unless they are given the states.
    lengths = (4, 4, 4) if state == "carry" else (4, 7, 1)
    path = stateful_file(state)
    pieces = [motion(1, length, 50 + n) for n, length in enumerate(lengths)]
    for layer in stateful().layers[1:]:
        layer.reset_state()
    wanted = [np.asarray(stateful()(piece)) for piece in pieces]
    if state == "carry":
        found = [outputs[0] for outputs in runtime.run(path, [[piece] for piece in pieces])]
    else:
        found, states = [], [np.zeros((1, size), np.float32) for size in (UNITS, UNITS, 5, 5)]
        for piece in pieces:
            output, *states = call(runtime, path, [piece, *states])
            found.append(output)
    for value, right in zip(found, wanted, strict=True):
        np.testing.assert_allclose(value, right, atol=1e-5)


def test_converting_leaves_the_states_of_the_model_alone(tmp_path: Path) -> None:
    stateful()(motion(1, 4))
    before = [np.asarray(state) for layer in stateful().layers[1:] for state in layer.states]
    convert(stateful(), tmp_path / "m.tflite", state="carry")
    after = [np.asarray(state) for layer in stateful().layers[1:] for state in layer.states]
    assert all(np.abs(state).max() > 0 for state in before)
    np.testing.assert_array_equal(np.concatenate(after, 1), np.concatenate(before, 1))
    assert all(layer.stateful for layer in stateful().layers[1:])


def test_stateful_is_not_reset(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="'first' .*stateful=True .*Use state='carry' or 'explicit'"):
        convert(stateful(), tmp_path / "m.tflite", state="reset", lowering="fused")
    assert not list(tmp_path.iterdir())


def test_nobody_has_to_ask_for_the_state_to_go_on(tmp_path: Path, runtime: Runtime) -> None:
    """A layer that is stateful carries its state, one that is not starts anew, as in Keras."""
    x = keras.Input((None, FEATURES), batch_size=1)
    y = recurrent("stock", 6, return_sequences=True, name="anew")(x)
    model = randomised(keras.Model(x, LSTMPlus(5, "peephole", stateful=True, name="goes_on")(y)))
    result = convert(model, tmp_path / "m.tflite")
    assert (result.state, result.lowering) == ("carry", "fused")
    assert any("'goes_on' is stateful" in note for note in result.notes)
    pieces = [motion(1, 4, seed) for seed in range(3)]
    found = runtime.run(result.path, [[piece] for piece in pieces])
    for piece, outputs in zip(pieces, found, strict=True):
        np.testing.assert_allclose(outputs[0], np.asarray(model(piece)), atol=1e-5)


def test_where_nothing_carries_a_state_the_way_out_does(tmp_path: Path) -> None:
    x = keras.Input((5, FEATURES), batch_size=1)
    model = randomised(keras.Model(x, keras.layers.GRU(4, stateful=True, name="gate")(x)))
    path = tmp_path / "m.tflite"
    with pytest.raises(ValueError, match=r"'gate'.*plain operators keep no state.*Use state='explicit'\."):
        convert(model, path)
    result = convert(model, path, state="explicit")
    file, state = edge.load(path), np.zeros((1, 4), np.float32)
    for seed in range(3):
        wanted = np.asarray(model(motion(1, 5, seed)))
        interpreter_inputs = [motion(1, 5, seed), state]
        output, state = _call(result.path, interpreter_inputs)
        np.testing.assert_allclose(output, wanted, atol=1e-5)
    assert [entry.input.name for entry in file.states] == ["gate_h"]


def _call(path: Path, values: list[np.ndarray]) -> list[np.ndarray]:
    interpreter = Interpreter(model_path=str(path))
    interpreter.allocate_tensors()
    for detail, value in zip(interpreter.get_input_details(), values, strict=True):
        interpreter.set_tensor(detail["index"], value)
    interpreter.invoke()
    return [interpreter.get_tensor(detail["index"]) for detail in interpreter.get_output_details()]
