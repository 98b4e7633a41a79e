"""Layers with stateful=True: the file goes on where Keras does, and converting leaves them alone."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path

import keras
import numpy as np
import pytest

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
    with pytest.raises(ValueError, match="'first' .*stateful=True .*use state='carry' or state='explicit'"):
        convert(stateful(), tmp_path / "m.tflite", state="reset", lowering="fused")
    assert not list(tmp_path.iterdir())
