"""Files with weights in 8 or 16 bits on data unlike what they were checked on: where they are off is said."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest

import edge
from edge.convert import ConversionResult, convert
from edge.inspection import inspect
from edge.report.conversion import conversion_report
from edge.report.inspection import inspect_report
from edge.results.conversion import in_short
from keras_lstm_plus import LSTMPlus
from tests.helpers.keras_models import FEATURES, keras_answer, motion, randomised, relative_error

layers = keras.layers


def growing(radius: float) -> keras.Model:
    """Its state grows with every step, about `radius` times, and the error of its weights with it."""
    x = keras.Input((None, FEATURES), name="motion")
    y = layers.SimpleRNN(16, activation="relu", name="rnn")(x)
    model = randomised(keras.Model(x, layers.Dense(3, name="score")(y)))
    kernel = model.get_layer("rnn").cell.recurrent_kernel
    value = np.abs(kernel.numpy())
    kernel.assign(value * radius / np.abs(np.linalg.eigvals(value)).max())
    return model


Files = dict[str, ConversionResult]


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Files:
    """Of one model, checked on twelve steps."""
    folder, model = tmp_path_factory.mktemp("coarse"), growing(1.0)
    return {
        quantize: convert(model, folder / f"{quantize}.tflite", quantize, motion(24, 12))
        for quantize in ("dynamic", "float16")
    }


def test_a_file_that_drifts_says_so_with_figures(files: Files) -> None:
    """1 % on what it was checked on; what it is on 200 steps stands in the note, and is so."""
    result = files["dynamic"]
    assert result.errors[0].relative < 0.03
    long = motion(16, 200, seed=9)
    own = relative_error(edge.load(result.path).predict(long), keras_answer(growing(1.0), long)[0])
    check = {check.kind: check for check in result.checks}["longer"]
    assert check.worst == pytest.approx(own, rel=0.5)
    (note,) = result.notes
    assert note == (
        f"on data unlike what it was checked on the rms error is {check.worst:.0%} (a single answer "
        f"{check.single:.0%}) on 200 steps, in standard deviations; where such data come, use float16 or no "
        "quantize"
    )


def test_float16_is_the_way_out(files: Files) -> None:
    result = files["float16"]
    assert not result.notes
    assert {check.kind for check in result.checks} >= {"longer", "shorter", "quiet", "larger", "shuffled"}
    long = motion(16, 200, seed=9)
    found, wanted = edge.load(result.path).predict(long), keras_answer(growing(1.0), long)[0]
    assert relative_error(found, wanted) < 0.02


def test_the_file_and_the_commands_say_it(files: Files) -> None:
    from rich.console import Console

    result = files["dynamic"]
    note = edge.load(result.path).interface.note
    assert note is not None
    assert note.calibration is None
    assert {check.kind: check.error for check in note.checks} == {c.kind: c.worst for c in result.checks}
    console = Console(width=300)
    for report in (inspect_report(inspect(result.path)), conversion_report(result, ())):
        with console.capture() as printed:
            console.print(report)
        text = " ".join(printed.get().split())
        assert f"other data rms/σ: {in_short(result.checks)}" in text
        assert "calibrated" not in text
    assert result.size == result.path.stat().st_size


@pytest.mark.parametrize("radius", [4.0])
def test_an_infinite_model_is_looked_at_before(radius: float, tmp_path: Path) -> None:
    """4 to the 200th is no float; and such a model is not refused for it."""
    result = convert(growing(radius), tmp_path / "m.tflite", "dynamic", motion(24, 12))
    (check,) = [check for check in result.checks if check.kind == "longer"]
    assert check.steps == 50
    assert np.isfinite(check.worst)


def behind_a_convolution(x: Any) -> Any:
    return layers.LSTM(6)(layers.Conv1D(4, 3)(x))


def spread_over_time(x: Any) -> Any:
    return layers.TimeDistributed(layers.Dense(3))(LSTMPlus(6, return_sequences=True)(x))


@pytest.mark.parametrize(("build", "least"), [(behind_a_convolution, 6), (spread_over_time, 1)])
def test_other_lengths_are_judged_by_that_model(build: Any, least: int, tmp_path: Path) -> None:
    """A kernel of three takes no single step; Keras takes the batch for the time behind a free axis."""
    x = keras.Input((None, FEATURES))
    model = randomised(keras.Model(x, build(x)))
    result = convert(model, tmp_path / "m.tflite", "dynamic", motion(24, 12))
    assert [(check.kind, check.steps) for check in result.checks][:2] == [("longer", 200), ("shorter", least)]
    assert max(check.worst for check in result.checks) < 0.03
    assert not result.notes
