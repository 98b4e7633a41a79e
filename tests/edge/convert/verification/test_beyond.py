"""A file in integers on what it was not calibrated on: others of the kind, longer, larger, padded data."""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

import keras
import numpy as np
import pytest

import edge
from edge.convert import ConversionError, ConversionResult, convert
from edge.convert.material import whole_sequences
from edge.convert.verification.judgement import CoarseError
from edge.convert.verification.probes import judge_checks, masked_values
from edge.inspection import inspect
from edge.report.inspection import inspect_report
from edge.results.conversion import Calibration, Check, InputRange, OutputError
from keras_lstm_plus import LSTMPlus
from tests.helpers.keras_models import FEATURES, keras_answer, motion, randomised, recurrent

layers = keras.layers
STEPS = 5


def never_forgets() -> keras.Model:
    """Its cell grows with every step: what it holds after five says nothing of what it holds after 200."""
    x = keras.Input((None, FEATURES), name="motion")
    return randomised(keras.Model(x, layers.Dense(3, name="score")(LSTMPlus(16, "nfg")(x))))


class Made(NamedTuple):
    model: keras.Model
    result: ConversionResult


@pytest.fixture(scope="module")
def short(tmp_path_factory: pytest.TempPathFactory) -> Made:
    """Calibrated on 64 samples of five steps."""
    model = never_forgets()
    path = tmp_path_factory.mktemp("short") / "m.tflite"
    return Made(model, convert(model, path, "int8", motion(64, STEPS)))


def rms(found: Any, wanted: Any) -> float:
    return float(np.sqrt(np.mean((found - wanted) ** 2)))


def errors_of(result: ConversionResult) -> dict[str, float]:
    assert result.calibration is not None
    return {check.kind: check.worst for check in result.calibration.checks}


def test_what_it_was_made_for_is_said(short: Made) -> None:
    calibration = short.result.calibration
    assert calibration is not None
    assert (calibration.samples, calibration.held_out, calibration.steps) == (52, 12, STEPS)
    learned = motion(64, STEPS)[np.arange(64) % 5 != 4]
    ((name, low, high),) = calibration.inputs
    assert (name, low, high) == ("motion", pytest.approx(learned.min()), pytest.approx(learned.max()))
    assert [check.kind for check in calibration.checks] == ["longer", "larger", "quiet", "zero"]
    assert "calibrated on 52 samples (12 held out), 5 steps, motion from" in str(short.result)


def test_its_error_is_that_on_samples_held_out(short: Made) -> None:
    held = motion(64, STEPS)[4::5]
    wanted = keras_answer(short.model, held)[0]
    found = edge.load(short.result.path).predict(held)
    assert short.result.errors[0].rms == pytest.approx(rms(found, wanted))
    assert short.result.errors[0].relative < 0.03


def test_longer_and_larger_data_are_said_with_figures(short: Made) -> None:
    """The figures are those of the file, in standard deviations; on usual data it is right."""
    errors, model = errors_of(short.result), edge.load(short.result.path)
    long = motion(16, 200, seed=9)
    wanted = keras_answer(short.model, long)[0]
    assert rms(model.predict(long), wanted) / wanted.std() > 0.3 < errors["longer"]
    large = 3 * motion(64, STEPS)[4::5]
    wanted = keras_answer(short.model, large)[0]
    assert errors["larger"] == pytest.approx(rms(model.predict(large), wanted) / wanted.std(), rel=1e-4)
    (note,) = [note for note in short.result.notes if note.startswith("beyond what it was calibrated on")]
    assert f"{errors['longer']:.0%} on 200 steps" in note
    assert f"{errors['larger']:.0%} on inputs three times as large, which are clipped" in note
    assert "quiet" not in note


def test_the_file_says_so_too(short: Made) -> None:
    assert short.result.calibration is not None
    note = edge.load(short.result.path).interface.note
    assert note is not None
    assert note.calibration is not None
    assert (note.calibration.samples, note.calibration.held_out) == (52, 12)
    assert {check.kind: check.error for check in note.calibration.checks} == errors_of(short.result)
    found = inspect(short.result.path)
    assert found["metadata"]["calibration"] == short.result.calibration.to_dict()
    from rich.console import Console

    console = Console(width=200, record=True, file=None)
    with console.capture() as printed:
        console.print(inspect_report(found))
    text = " ".join(printed.get().split())
    assert "on 52 samples (12 held out), 5 steps, motion from -3" in text
    assert f"longer (200 steps) {errors_of(short.result)['longer']:.1%}" in text


def test_data_as_long_as_in_use_is_the_way_out(short: Made, tmp_path: Path) -> None:
    result = convert(short.model, tmp_path / "m.tflite", "int8", motion(64, 200))
    assert result.errors[0].relative < 0.15
    long = motion(16, 200, seed=9)
    wanted = keras_answer(short.model, long)[0]
    assert rms(edge.load(result.path).predict(long), wanted) / wanted.std() < 0.15


def test_others_of_the_same_kind_refuse_a_file(short: Made, tmp_path: Path) -> None:
    """Every fifth sample is unlike those that are calibrated on, and the file is judged by it."""
    x = motion(64, STEPS)
    x[4::5] *= 20
    with pytest.raises(ConversionError, match=r"not kept: output 'score' differs .* Use quantize='"):
        convert(short.model, tmp_path / "m.tflite", "int8", x)
    assert not list(tmp_path.iterdir())


def test_few_samples_are_not_held_out_and_it_is_said(short: Made, tmp_path: Path) -> None:
    result = convert(short.model, tmp_path / "m.tflite", "int8", motion(1, STEPS))
    assert any("calibrated and checked on the same sample," in note for note in result.notes)
    assert result.calibration is not None
    assert result.calibration.held_out == 0


# -- without a conversion ------------------------------------------------------------------------------


@pytest.mark.parametrize(("error", "verdict"), [(0.02, "fine"), (0.1, "note"), (0.5, "refused")])
@pytest.mark.parametrize("kind", ["padded", "quiet", "larger", "longer"])
def test_padding_alone_may_refuse_a_file(kind: str, error: float, verdict: str) -> None:
    """For padding there is a mask in the model; of all else the file says what it does."""
    check = Check(kind, 40, (OutputError("out", error, error, error),))
    calibration = Calibration(50, 10, 20, (InputRange("x", -1.0, 1.0),), (check,))
    if verdict == "refused" and kind == "padded":
        with pytest.raises(CoarseError, match="on sequences that are padded by half .* 50.0%"):
            judge_checks(calibration)
    else:
        assert len(judge_checks(calibration)) == (verdict != "fine")


def test_padding_is_what_the_model_masks() -> None:
    x, tokens = keras.Input((None, 3)), keras.Input((None,), dtype="int32")
    y = layers.Embedding(9, 3, mask_zero=True)(tokens)
    model = keras.Model(
        [x, tokens], [recurrent("stock", 2)(layers.Masking(-9.0)(x)), recurrent("stock", 2)(y)]
    )
    assert masked_values(model, [True, False], [True, True]) == [-9.0, 0]
    assert masked_values(model, [True, False], [False, True]) == [None, 0]


@pytest.mark.parametrize(("total", "rows"), [(2, 5), (7, 5), (300, 128)])
def test_every_row_of_a_batch_is_looked_at(total: int, rows: int) -> None:
    material = whole_sequences([motion(total, 3)], rows, 3, goes_on=False, is_ranged=False)
    assert len(material.checked[0]) >= rows
