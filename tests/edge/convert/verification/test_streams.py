"""A file that goes on from call to call is calibrated and judged along streams, its states carried on."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest

import edge
from edge.convert import ConversionError, convert, passes
from edge.convert.keras_model.signature import signature_of
from edge.convert.material import by_calls, timed_inputs
from edge.convert.verification.keras_calls import keras_calls
from tests.helpers.keras_models import FEATURES, keras_answer, motion, randomised, recurrent, relative_error

layers = keras.layers
UNITS, STEPS = 32, 400


@cache
def memory(steps: int | None) -> keras.Model:
    """It hardly forgets, so that after hundreds of steps it is not what it is after one."""
    fixed = {} if steps is None else {"batch_size": 1}
    x = keras.Input((steps, FEATURES), name="x", **fixed)
    layer = layers.LSTM(UNITS, stateful=steps is not None, name="memory")
    model = randomised(keras.Model(x, layer(x)))
    bias = layer.cell.bias.numpy()
    bias[UNITS : 2 * UNITS] = 4.0
    layer.cell.bias.assign(bias)
    return model


@cache
def along() -> np.ndarray:
    """What Keras gives after every step of one stream: the same weights over all of it at once."""
    every = layers.LSTM(UNITS, return_sequences=True)
    model = keras.Sequential([keras.Input((None, FEATURES)), every])
    every.set_weights(memory(1).get_layer("memory").get_weights())
    return keras_answer(model, motion(1, STEPS))[0][0]


def streamed(path: Path) -> np.ndarray:
    stream = edge.load(path).stream()
    return np.stack([stream.step(row) for row in motion(1, STEPS)[0]])


FORMS: dict[str, tuple[int | None, dict[str, Any], Callable[[], Any]]] = {
    "one step, carried": (1, {"state": "carry"}, lambda: motion(1, STEPS)[0][:, None]),
    "one step, shown": (1, {"state": "explicit"}, lambda: motion(1, STEPS)[0][:, None]),
    "sequences": (1, {"state": "carry"}, lambda: motion(1, STEPS).reshape(4, 100, FEATURES)),
    "microcontroller": (None, {"state": "carry", "target": "microcontroller"}, lambda: motion(24, 100)),
    "a step": (None, {"lowering": "step"}, lambda: motion(24, 100)),
}


@pytest.mark.parametrize("form", FORMS)
def test_the_ranges_are_those_of_a_stream(form: str, tmp_path: Path) -> None:
    """Calibrated on single steps from zeros it was off by all that it varies by, and said 0.004."""
    steps, options, data = FORMS[form]
    result = convert(
        memory(steps), tmp_path / "m.tflite", "int16x8" if form == "a step" else "int8", data(), **options
    )
    steps_found = streamed(result.path)
    found = relative_error(steps_found, along())
    assert found < 0.08
    (error,) = result.errors
    assert 0.2 * found < error.relative < 5 * found  # it is what a stream sees
    assert result.calibration is not None
    assert result.calibration.steps >= 80
    assert result.calibration.held_out
    (first,) = [check for check in result.checks if check.kind == "shorter"]
    assert first.steps == 1
    if form.startswith("one step"):  # of the one stream that is checked
        own = np.sqrt(np.mean((steps_found[0] - along()[0]) ** 2))
        assert first.errors[0].rms == pytest.approx(own, rel=1e-3)


def test_ranges_from_zeros_alone_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same, every step calibrated from zeros: it shows along the stream."""
    gather = passes.gather_calls

    def from_zeros(draft: Any, streams: Any, rows: int, anew: Any) -> None:
        gather(draft, [array.reshape(-1, 1, *array.shape[2:]) for array in streams], rows, anew)

    monkeypatch.setattr(passes, "gather_calls", from_zeros)
    with pytest.raises(ConversionError, match="not kept: output 'memory' differs"):
        convert(memory(1), tmp_path / "m.tflite", "int8", motion(1, STEPS)[0][:, None], "carry")


# -- what a stream cannot do ---------------------------------------------------------------------------


@pytest.mark.parametrize(("state", "size"), [("carry", 1.0), ("explicit", 1.0), ("carry", 1e-6)])
def test_a_convolution_before_a_stream_is_noted(state: str, size: float, tmp_path: Path) -> None:
    """Its file is right for whole sequences; one step at a time the convolution sees nothing before."""
    x = keras.Input((None, FEATURES))
    hidden = recurrent("stock", 5)(layers.Conv1D(5, 3, padding="causal")(x))
    model = randomised(keras.Model(x, layers.Rescaling(size)(hidden)))
    result = convert(model, tmp_path / "m.tflite", state=state)
    assert any("one step at a time the file gives other results" in note for note in result.notes)
    stream = edge.load(result.path).stream()
    last = [stream.step(row) for row in motion(1, 20)[0]][-1]
    assert np.abs(last - keras_answer(model, motion(1, 20))[0][0]).max() > 0.01 * size


@pytest.mark.parametrize(("length", "verdict"), [(None, "refused"), (10, "note")])
def test_a_convolution_in_blocks(length: int | None, verdict: str, tmp_path: Path) -> None:
    x = keras.Input((None, FEATURES))
    model = randomised(keras.Model(x, recurrent("stock", 5)(layers.Conv1D(5, 3, padding="causal")(x))))
    options: dict[str, Any] = {"state": "carry", "target": "microcontroller", "length": length}
    if verdict == "refused":
        with pytest.raises(ValueError, match="one time step does not fit: .*convolution.*state='reset'"):
            convert(model, tmp_path / "m.tflite", **options)
        options = {**options, "state": "reset", "length": 7}
        assert convert(model, tmp_path / "m.tflite", **options).errors[0].max_abs < 1e-5
    else:
        result = convert(model, tmp_path / "m.tflite", **options)
        assert any("call by call the file gives other results" in note for note in result.notes)


# -- Keras, call by call -------------------------------------------------------------------------------


@pytest.mark.parametrize("block", [1, 4])
def test_keras_call_by_call_is_keras(block: int) -> None:
    """Against whole sequences: two layers, one of them used twice, an output a step, and a static input."""
    x, side = keras.Input((None, 3), name="x"), keras.Input((2,), name="side")
    shared = recurrent("layer_norm", 3, return_sequences=True, name="shared")
    every = shared(shared(x))
    last = layers.Concatenate()([layers.GRU(5)(every), side])
    model = randomised(keras.Model([x, side], [layers.Dense(4)(last), every]))
    rng = np.random.default_rng(3)
    sequences = rng.normal(size=(2, 12, 3)).astype(np.float32)
    static = rng.normal(size=(2, 2)).astype(np.float32)
    free = signature_of(model).with_batch(2)
    material = by_calls([sequences, static], timed_inputs(free), block, 2, is_ranged=False)
    found = list(keras_calls(model, free.with_length(block), material.checked).values())
    wanted = keras_answer(model, [sequences, static])
    np.testing.assert_allclose(found[0][:, -1], wanted[0], atol=1e-6)
    np.testing.assert_allclose(found[1].reshape(2, 12, 3), wanted[1], atol=1e-6)


@pytest.mark.parametrize("zeros", [False, True])
def test_a_masked_stack_call_by_call_is_keras(zeros: bool) -> None:
    """A step that does not count shows the output before it: of the last cell, not of the first."""
    cells = [layers.LSTMCell(8), layers.StackedRNNCells([layers.LSTMCell(6), layers.GRUCell(5)])]
    x = keras.Input((None, 3))
    stack = layers.RNN(cells, return_sequences=True, zero_output_for_mask=zeros)
    model = randomised(keras.Model(x, stack(layers.Masking()(x))))
    sequences = np.random.default_rng(3).normal(size=(2, 12, 3)).astype(np.float32)
    sequences[:, [0, 4, 5, 11]] = 0
    free = signature_of(model).with_batch(2)
    material = by_calls([sequences], timed_inputs(free), 1, 2, is_ranged=False)
    (found,) = keras_calls(model, free.with_length(1), material.checked, by_step=True).values()
    (wanted,) = keras_answer(model, sequences)
    np.testing.assert_allclose(found.reshape(2, 12, 5), wanted, atol=1e-6)


def test_samples_as_long_as_a_call_are_one_stream() -> None:
    """Or as many as run side by side, the last fifth held out; longer samples are a stream each."""
    x = np.arange(60, dtype=np.float32).reshape(60, 1, 1)
    alone = by_calls([x], [True], 1, 1, is_ranged=True)
    assert alone.checked[0].shape == (1, 60, 1, 1)
    np.testing.assert_array_equal(alone.checked[0].ravel(), x.ravel())
    np.testing.assert_array_equal(alone.calls[0].ravel(), x.ravel()[:48])
    assert (alone.skipped, alone.used, alone.held_out, alone.steps) == (48, 48, 12, 48)
    beside = by_calls([x], [True], 1, 2, is_ranged=True)
    np.testing.assert_array_equal(beside.checked[0][:, :3, 0, 0], [[0, 2, 4], [1, 3, 5]])
    each = by_calls([x.reshape(20, 3, 1)], [True], 1, 1, is_ranged=True)
    assert (each.calls[0].shape[:2], each.checked[0].shape[:2]) == ((16, 3), (4, 3))
    assert (each.held_out, each.steps) == (12, 3)
