"""The demonstration: its data is served whole and held apart, and a short run does all of it."""

from __future__ import annotations

import itertools
import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from examples.exercise_recognition import data
from examples.exercise_recognition.augment import MIRROR, MovingWindows, rotations, turn
from examples.exercise_recognition.data import CLASSES, FOLDS, SUBJECTS, Recording
from tests.helpers.example_runs import has_pictures, quick_run
from tests.helpers.places import ROOT


@pytest.fixture(scope="module")
def data_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("tfds")


@pytest.fixture(scope="module")
def recordings(data_dir: Path) -> list[Recording]:
    return data.load_recordings(SUBJECTS, data_dir)


@pytest.fixture(scope="module")
def source() -> dict:
    return np.load(data.recordings_file(), allow_pickle=True).item()


def ramp(samples: int, label: int = 0) -> Recording:
    """A recording whose every value says where it stands."""
    series = np.arange(samples, dtype=np.float32)[:, None] + np.linspace(0, 0.5, 6, dtype=np.float32)
    return Recording(series, label, subject=1, side=0)


# -- the recordings ----------------------------------------------------------------------------------------


def test_tfds_serves_every_recording_unchanged(recordings: list[Recording], source: dict) -> None:
    assert len(recordings) == len(source["X"]) == 140
    left = {
        (subject, side, label): series
        for subject, side, label, series in zip(
            source["subject"], source["side"], source["y"], source["X"], strict=True
        )
    }
    for recording in recordings:
        assert recording.series.dtype == np.float32
        expected = left.pop((recording.subject, recording.side, recording.label))
        np.testing.assert_array_equal(recording.series, expected.astype(np.float32))
    assert not left


def test_classes_and_sides_are_named_as_in_the_source(source: dict) -> None:
    assert list(CLASSES) == source["y_labels"]
    assert list(data.CHANNELS) == source["X_labels"]
    assert len(source["X_labels"]) == 6


def test_each_exercise_once_a_person_and_a_side(recordings: list[Recording]) -> None:
    kept = {(recording.subject, recording.side, recording.label) for recording in recordings}
    assert kept == {(s, side, label) for s in SUBJECTS for side in (0, 1) for label in range(7)}


@pytest.mark.parametrize("unseen", FOLDS)
def test_no_person_is_on_both_sides_of_a_split(data_dir: Path, unseen: tuple[int, ...]) -> None:
    seen = data.load_recordings([subject for subject in SUBJECTS if subject not in unseen], data_dir)
    held_out = data.load_recordings(unseen, data_dir)
    assert {recording.subject for recording in held_out} == set(unseen)
    assert {recording.subject for recording in seen} == set(SUBJECTS) - set(unseen)
    assert len(seen) + len(held_out) == 140


def test_the_folds_hold_out_everybody_once() -> None:
    assert sorted(subject for fold in FOLDS for subject in fold) == list(SUBJECTS)


def test_a_missing_package_is_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(data, "find_spec", lambda name: None)
    with pytest.raises(FileNotFoundError, match=r'seglearn.*pip install "\.\[examples\]"'):
        data.recordings_file()


def test_finding_the_recordings_does_not_import_their_package() -> None:
    code = (
        "import sys; from examples.exercise_recognition.data import recordings_file; recordings_file();"
        "print(sorted({'seglearn', 'sklearn'} & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True, timeout=120
    )
    assert done.stdout.strip() == "[]"


# -- windows -----------------------------------------------------------------------------------------------


def test_windows_are_counted_and_stay_inside_their_recording() -> None:
    recordings = [ramp(10, label=3), ramp(4, label=5), ramp(3, label=6)]
    windows = data.cut_windows(recordings, length=4, hop=2)
    assert windows.x.shape == (
        4 + 1,
        4,
        6,
    )  # starts 0, 2, 4, 6 of the first; 0 of the second; none of the last
    np.testing.assert_array_equal(windows.label, [3, 3, 3, 3, 5])
    np.testing.assert_array_equal(windows.recording, [0, 0, 0, 0, 1])
    np.testing.assert_array_equal(windows.x[:, 0, 0], [0, 2, 4, 6, 0])
    np.testing.assert_array_equal(np.diff(windows.x[..., 0], axis=1), 1)


def test_no_recording_is_too_short_for_a_window(recordings: list[Recording]) -> None:
    from examples.exercise_recognition.train import HOP, WINDOW

    windows = data.cut_windows(recordings, WINDOW, HOP)
    expected = [(len(recording.series) - WINDOW) // HOP + 1 for recording in recordings]
    np.testing.assert_array_equal(np.bincount(windows.recording), expected)
    assert min(expected) > 0


# -- what training sees ------------------------------------------------------------------------------------


def test_drawn_windows_never_cross_recordings(monkeypatch: pytest.MonkeyPatch) -> None:
    from examples.exercise_recognition import augment

    monkeypatch.setattr(augment, "TURN", np.zeros(3))
    monkeypatch.setattr(augment, "NOISE", 0.0)
    monkeypatch.setattr(augment, "STRENGTH", 0.0)
    # Two recordings a million apart, one of them barely as long as a quick window.
    near, far = ramp(60, label=0), ramp(500, label=1)
    far = far._replace(series=far.series + 1e6)
    batches = MovingWindows([near, far], length=50, batch=256, batches=3, seed=1)
    drawn = [batches[index] for index in range(3)]
    x, y = (np.concatenate(parts) for parts in zip(*drawn, strict=True))
    height = np.abs(x[..., 0])
    assert {0, 1} == set(y.argmax(axis=-1))
    assert height[y[:, 0] == 1].max() <= 59.0
    assert height[y[:, 1] == 1].min() >= 1e6
    steps = np.abs(np.diff(x[y[:, 0] == 1][..., 0], axis=1))
    assert steps.min() > 1 / (augment.SPEED + 0.01)
    assert steps.max() < augment.SPEED + 0.01
    assert steps.std() > 0.02  # people are not all as quick


def test_drawn_windows_repeat_with_the_seed_and_change_with_the_epoch(recordings: list[Recording]) -> None:
    first, again, other = (MovingWindows(recordings[:7], 50, 8, 2, seed) for seed in (3, 3, 4))
    np.testing.assert_array_equal(first[1][0], again[1][0])
    assert np.abs(first[1][0] - other[1][0]).max() > 0.1
    again.on_epoch_end()
    assert np.abs(first[1][0] - again[1][0]).max() > 0.1


def test_the_mirror_turns_one_wrist_into_the_other(recordings: list[Recording]) -> None:
    """Of all 64 ways to turn axes round, it brings left and right recordings closest together."""

    def moments(side: int, label: int) -> np.ndarray:
        """Means and products of the channels, `[7, 7]`, which turn round with them."""
        chosen = [r.series for r in recordings if (r.side, r.label) == (side, label)]
        x = np.concatenate(chosen) / np.concatenate(chosen).std(axis=0)
        x = np.column_stack([x, np.ones(len(x))])
        return x.T @ x / len(x)

    pairs = [(moments(0, label), moments(1, label)) for label in range(len(CLASSES))]

    def distance(signs: tuple[int, ...]) -> float:
        flip = np.array([*signs, 1])
        return sum(float(np.abs(left * np.outer(flip, flip) - right).sum()) for left, right in pairs)

    assert min(itertools.product((1, -1), repeat=6), key=distance) == tuple(MIRROR)


def test_turning_turns_both_sensors_and_keeps_their_length() -> None:
    quarter = rotations(np.array([[np.pi / 2, 0, 0], [0, 0, np.pi / 2]]))
    x = np.tile(np.array([0.0, 1, 0, 0, 0, 2], np.float32), (2, 3, 1))
    turned = turn(x, quarter)
    np.testing.assert_allclose(turned[0, 0], [0, 0, 1, 0, -2, 0], atol=1e-7)  # y to z, z to -y
    np.testing.assert_allclose(turned[1, 2], [-1, 0, 0, 0, 0, 2], atol=1e-7)  # y to -x, z stays
    vectors = np.random.default_rng(0).normal(size=(20, 3))
    found = rotations(vectors)
    np.testing.assert_allclose(
        found @ found.transpose(0, 2, 1), np.broadcast_to(np.eye(3), (20, 3, 3)), atol=1e-12
    )
    np.testing.assert_allclose(np.linalg.det(found), 1, atol=1e-12)


# -- the network and its judgement -------------------------------------------------------------------------


def test_the_network_standardises_by_the_people_seen_alone(recordings: list[Recording]) -> None:
    from examples.exercise_recognition.network import build, lstm_plus, statistics

    seen = [recording for recording in recordings if recording.subject not in FOLDS[-1]]
    model = build(lstm_plus("standard"), *statistics(seen))
    layer = model.get_layer("standardise")
    samples = np.concatenate([recording.series for recording in seen])
    both = np.concatenate([samples, samples * MIRROR])
    np.testing.assert_allclose(np.ravel(layer.mean), both.mean(axis=0), atol=1e-5)
    np.testing.assert_allclose(np.ravel(layer.variance), both.var(axis=0), rtol=1e-4)
    everybody, _ = statistics(recordings)
    assert np.abs(np.ravel(layer.mean) - everybody).max() > 1e-3


def test_the_stock_network_has_the_same_weights_and_answers() -> None:
    from examples.exercise_recognition.network import build, lstm_plus, with_keras_lstm

    model = build(lstm_plus("standard"), np.arange(6.0), np.arange(1.0, 7.0))
    x = np.random.default_rng(0).normal(size=(3, 40, 6)).astype(np.float32)
    twin = with_keras_lstm(model)
    assert type(twin.get_layer("lstm")).__name__ == "LSTM"
    np.testing.assert_allclose(twin(x), model(x), atol=1e-6)


def test_calibration_cuts_off_one_value_in_a_thousand_of_the_people_seen() -> None:
    from examples.exercise_recognition.files import CALIBRATION, calibration_windows

    rng = np.random.default_rng(0)
    long = ramp(200 * (CALIBRATION + 50), label=1)
    x = calibration_windows([long._replace(series=rng.normal(size=long.series.shape).astype(np.float32))], 0)
    assert x.shape == (CALIBRATION, 200, 6)
    assert x.max() == -x.min() == pytest.approx(3.29, abs=0.03)  # of a normal distribution
    assert (np.abs(x) == x.max()).mean() == pytest.approx(0.001, abs=0.0002)


def test_a_score_counts_windows_and_votes_by_recording() -> None:
    from examples.exercise_recognition.files import score

    recordings = [ramp(9, label=0), ramp(9, label=2)]
    windows = data.Windows(np.zeros((5, 1, 6)), np.array([0, 0, 0, 2, 2]), np.array([0, 0, 0, 1, 1]))
    answers = np.eye(7)[[0, 0, 1, 3, 3]]
    found = score(answers, windows, recordings)
    assert found.windows == pytest.approx(2 / 5)
    assert found.recordings == pytest.approx(1 / 2)
    assert found.confusion[0].tolist() == [2, 1, 0, 0, 0, 0, 0]
    assert found.confusion[2].tolist() == [0, 0, 0, 2, 0, 0, 0]


# -- the command -------------------------------------------------------------------------------------------


@pytest.mark.example
def test_a_quick_run_does_all_of_it(tmp_path: Path) -> None:
    printed, out = quick_run("exercise_recognition", tmp_path / "out")
    assert "On people never seen in training: subjects 9 and 10" in printed
    found = json.loads((out / "results.json").read_text())
    rows = {(row["network"], row["as"]): row for row in found["models"]}
    assert set(rows) == {
        ("Keras LSTM", "stock float"),
        *(("standard", form) for form in ("Keras", "float", "dynamic", "int8")),
    }
    keras = rows["standard", "Keras"]["windows_right"]
    assert keras > 0.6  # chance is 0.14
    assert rows["standard", "float"]["windows_right"] == pytest.approx(keras, abs=0.002)
    assert rows["Keras LSTM", "stock float"]["windows_right"] == pytest.approx(keras, abs=0.002)
    assert rows["standard", "int8"]["windows_right"] == pytest.approx(keras, abs=0.03)
    assert rows["standard", "int8"]["bytes"] < 0.5 * rows["standard", "float"]["bytes"]
    assert has_pictures(out, "training_curve", "confusion_int8", "latency_size")
