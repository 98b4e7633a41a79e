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
from edge.convert.verification.judgement import CoarseError, judge, judge_checks
from edge.convert.verification.parity import compare
from edge.convert.verification.probes import Probe, longer, masked_values, other_values, shorter
from edge.convert.verification.probes import check as checked
from edge.inspection import inspect
from edge.report.inspection import inspect_report
from edge.results.conversion import Calibration, Check, InputRange, OutputError, in_short
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
    return {check.kind: check.worst for check in result.checks}


def test_what_it_was_made_for_is_said(short: Made) -> None:
    calibration = short.result.calibration
    assert calibration is not None
    assert (calibration.samples, calibration.held_out, calibration.steps) == (52, 12, STEPS)
    learned = motion(64, STEPS)[np.arange(64) % 5 != 4]
    ((name, low, high),) = calibration.inputs
    assert (name, low, high) == ("motion", pytest.approx(learned.min()), pytest.approx(learned.max()))
    kinds = ["longer", "shorter", "larger", "quiet", "zero", "shuffled", "constant"]
    assert [check.kind for check in short.result.checks] == kinds
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
    large = 3 * motion(64, STEPS)
    wanted = keras_answer(short.model, large)[0]
    assert errors["larger"] == pytest.approx(rms(model.predict(large), wanted) / wanted.std(), rel=1e-4)
    (note,) = [note for note in short.result.notes if note.startswith("beyond what it was calibrated on")]
    single = {check.kind: f" (a single answer {check.single:.0%})" for check in short.result.checks}
    assert f"{errors['longer']:.0%}{single['longer']} on 200 steps" in note
    assert (
        f"{errors['larger']:.0%}{single['larger']} on inputs three times as large, which are clipped" in note
    )
    assert note.endswith(
        "all that will come, as long and as large, or where such data come, use int16x8, "
        "float16 or no quantize"
    )
    assert "zeros" not in note


def test_one_step_is_looked_at(short: Made) -> None:
    """From a state of zeros, the steps of all samples by turns."""
    x = motion(64, STEPS)
    steps = x[np.arange(64), np.linspace(0, STEPS - 1, 64).astype(int)][:, None]
    wanted, usual = keras_answer(short.model, steps)[0], keras_answer(short.model, x[4::5])[0].std()
    found = edge.load(short.result.path).predict(steps)
    error = rms(found, wanted) / max(usual, wanted.std())
    assert errors_of(short.result)["shorter"] == pytest.approx(error, rel=1e-4)
    (check,) = [check for check in short.result.checks if check.kind == "shorter"]
    assert check.steps == 1


def test_the_file_says_so_too(short: Made) -> None:
    assert short.result.calibration is not None
    note = edge.load(short.result.path).interface.note
    assert note is not None
    assert note.calibration is not None
    assert (note.calibration.samples, note.calibration.held_out) == (52, 12)
    assert {check.kind: check.error for check in note.checks} == errors_of(short.result)
    found = inspect(short.result.path)
    assert found["metadata"]["calibration"] == short.result.calibration.to_dict()
    assert found["metadata"]["checks"] == short.result.to_dict()["checks"]
    from rich.console import Console

    console = Console(width=200, record=True, file=None)
    with console.capture() as printed:
        console.print(inspect_report(found))
    text = " ".join(printed.get().split())
    assert "on 52 samples (12 held out), 5 steps, motion from -3" in text
    assert f"rms/σ: longer (200 steps) {errors_of(short.result)['longer']:.1%}, shorter (1 step)" in text
    assert f"on other data: {in_short(short.result.checks)}" in str(short.result)


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
@pytest.mark.parametrize("kind", ["padded", "quiet", "larger", "longer", "shorter"])
@pytest.mark.parametrize("quantize", ["dynamic", "int8"])
def test_padding_alone_may_refuse_a_file(quantize: str, kind: str, error: float, verdict: str) -> None:
    """For padding there is a mask in the model; of all else the file says what it does."""
    check = Check(kind, 40, (OutputError("out", error, error, error),))
    ranges = Calibration(50, 10, 20, (InputRange("x", -1.0, 1.0),)) if quantize == "int8" else None
    if verdict == "refused" and kind == "padded":
        with pytest.raises(CoarseError, match="on sequences that are padded by half .* 50%"):
            judge_checks(quantize, [check], ranges)
    else:
        assert len(judge_checks(quantize, [check], ranges)) == (verdict != "fine")


def test_one_answer_far_off_is_said_though_the_rms_is_small() -> None:
    """One of 100 sequences goes elsewhere: 2 % rms, 20 % for whoever has that sequence."""
    wanted = np.random.default_rng(0).normal(size=(100, 4))
    found = wanted.copy()
    found[17] += 0.2 * wanted.std()
    error = compare("score", wanted, found)
    assert (error.relative, error.single) == (pytest.approx(0.02), pytest.approx(0.2))
    note = judge("dynamic", error, wanted)
    assert (
        note
        == "output 'score' differs from Keras by 2.0% of its standard deviation, a single answer by up to 20%"
    )
    assert judge("dynamic", error._replace(single=0.1), wanted) is None
    (said,) = judge_checks(
        "dynamic", [Check("quiet", 5, (error, error._replace(name="b", single=0.01)))], None
    )
    assert "2% (a single answer 20%) on inputs a tenth to a hundredth as large in output 'score'" in said


def test_what_keras_gives_no_numbers_for_is_not_compared() -> None:
    """Of four sequences one grows beyond all numbers; and where all do, nothing can be said."""
    wanted = np.ones((4, 3))
    found = wanted + 0.1
    wanted[2, 1] = np.inf
    found[2] = 0.0
    probe = Probe("longer", 200, [np.zeros((4, 200, 1))])
    (check,) = checked([probe], {"out": wanted}, [found], {"out": 1.0})
    assert check.worst == pytest.approx(0.1)
    found[1, 0] = np.nan  # of the file
    (check,) = checked([probe], {"out": wanted}, [found], {"out": 1.0})
    assert check.worst == check.single == np.inf
    assert "infinite on 200 steps" in judge_checks("dynamic", [check], None)[0]
    assert not checked([probe], {"out": np.full((4, 3), np.nan)}, [found], {"out": 1.0})


def test_the_data_of_other_kinds() -> None:
    x, side = motion(30, 12), np.arange(360, dtype=np.float32).reshape(30, 12)
    material = whole_sequences([x, side], 1, 12, goes_on=False, is_ranged=False)
    found = other_values(material, 12, 1000, [True, False], [True, False], [0, 0], None)
    probes = {probe.kind: probe.samples for probe in found}
    assert list(probes) == ["larger", "quiet", "zero", "shuffled", "constant"]
    assert np.array_equal(probes["larger"][0], 3 * x)
    assert np.allclose(probes["quiet"][0], np.concatenate([x * 0.01, x * 0.03, x * 0.1]))
    assert np.array_equal(probes["quiet"][1], np.concatenate([side, side, side]))
    assert not np.array_equal(probes["shuffled"][0], x)
    assert np.allclose(np.sort(probes["shuffled"][0], axis=1), np.sort(x, axis=1))
    assert np.array_equal(probes["shuffled"][1], side)
    assert np.array_equal(probes["constant"][0][-1], np.repeat(x[-1, -1:], 12, axis=0))
    x[3, 7:] = -1.0  # padding, which is none any more when it is scaled
    masked = other_values(material, 12, 1000, [True, False], [True, False], [0, 0], [-1.0, None])
    quiet = {probe.kind: probe.samples[0] for probe in masked}["quiet"]
    assert (quiet[3, 7:] == -1).all()
    assert np.allclose(quiet[2], 0.01 * x[2])
    ends = (quiet == -1).all(axis=-1).argmax(axis=1)
    assert len(set(ends)) > 6
    ids = whole_sequences([np.ones((30, 12), np.int32)], 1, 12, goes_on=False, is_ranged=False)
    for padding, least in ((None, 0), ([0], 1)):
        others = {p.kind: p.samples[0] for p in other_values(ids, 12, 99, [False], [True], [3], padding)}
        assert set(others) == {"shuffled", "constant"} if padding is None else {"constant", "padded"}
        assert (others["constant"] == others["constant"][:, :1]).all()
        assert set(np.unique(others["constant"])) == set(range(least, 3))
    assert [probe.steps for probe in longer(material, 12, [True, False], 1000, True)] == [200, 50]
    one, half = shorter(material, 12, [True, False])
    assert (one.steps, half.steps) == (1, 6)
    assert np.array_equal(one.samples[0][[0, -1], 0], x[[0, -1], [0, -1]])
    huge = whole_sequences([np.full((3, 4, 1), 2e38, np.float32)], 1, 4, goes_on=False, is_ranged=False)
    assert "larger" not in [probe.kind for probe in other_values(huge, 4, 10, [True], [True], [0], None)]


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
