"""The grid example: sums are sums, networks have one size, a run that was cut off goes on."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from rich.console import Console

from examples.grid import experiment, train
from examples.grid.data import MARK, right, split, steps, written
from examples.grid.experiment import Run, better
from examples.grid.network import KINDS, build, units_for, weights
from examples.grid.train import Learned, Lesson
from tests.helpers.example_runs import has_pictures, quick_run


def test_a_sum_is_written_digit_by_digit() -> None:
    x, y = written(np.array([[128, 256], [999, 2]]), 3)
    assert x.shape == (2, steps(3), 11)
    assert x[0].argmax(-1).tolist() == [1, 2, 8, MARK, 2, 5, 6, MARK, MARK, MARK, MARK, MARK]
    assert y.tolist() == [[0, 3, 8, 4], [1, 0, 0, 1]]


def test_what_is_asked_for_was_never_learned() -> None:
    learned, asked = split(1, 20, seed=3)
    pairs = {tuple(pair) for pair in learned.tolist()}, {tuple(pair) for pair in asked.tolist()}
    assert not pairs[0] & pairs[1]
    assert pairs[0] | pairs[1] == {(a, b) for a in range(10) for b in range(10)}
    assert len(asked) == 20


def test_right_counts_digits_and_whole_sums() -> None:
    answers = np.zeros((2, 5, 10))
    answers[:, -2:, 3] = 1  # says 33, whatever the steps before say
    answers[:, 0, 9] = 5
    assert right(answers, np.array([[3, 3], [3, 4]])) == (0.75, 0.5)


@pytest.mark.parametrize("name", KINDS)
def test_the_networks_have_one_size(name: str) -> None:
    units = units_for(name, 17000)
    assert build(name, 2, 17000, seed=0).count_params() == weights(name, units)
    assert abs(weights(name, units) / 17000 - 1) < 0.06


def test_the_better_run_solved_it_sooner_or_knows_more() -> None:
    def run(*shares: float) -> Run:
        return Run("", 0, 0.1, Learned([(n, 1.0, share) for n, share in enumerate(shares, 1)], 1.0))

    slow, fast, poor, fair = run(0.2, 0.5, 0.99), run(0.1, 0.992, 0.98), run(0.6, 0.3), run(0.1, 0.7)
    assert better([slow, fast]) is fast
    assert better([poor, fair]) is fair
    assert better([fair, slow]) is slow
    assert (slow.learned.solved, fast.learned.solved, fair.learned.solved) == (3, 2, None)


def test_a_run_that_was_cut_off_goes_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is kept is taken as it is; what is not is trained: by XLA, with a loss that falls, twice alike."""
    learned, asked = split(1, 20, seed=0)
    what = Lesson(1, 1500, 60, 30, learned, asked)
    console, names = Console(quiet=True), ["stack of 2"]
    first = experiment.run_all(what, [0, 1], [0.02], tmp_path, console, names)
    assert [run.seed for run in first] == [0, 1]
    assert first[0].learned.curve != first[1].learned.curve
    (tmp_path / "stack_of_2-1-0_02.json").unlink()
    again = experiment.run_all(what, [0, 1], [0.02], tmp_path, console, names)
    assert [run.learned.curve for run in again] == [run.learned.curve for run in first]

    def never(*_: object) -> None:
        raise AssertionError("trained once more")

    monkeypatch.setattr(train.Trainer, "train", never)
    assert experiment.run_all(what, [0, 1], [0.02], tmp_path, console, names) == again
    answers = train.Trainer("stack of 2", what)
    x, y = written(asked, 1)
    assert right(np.asarray(answers.model(x)), y)[0] < first[0].learned.curve[-1][1]


@pytest.mark.example
def test_a_quick_run_does_all_of_it(tmp_path: Path) -> None:
    printed, out = quick_run("grid", tmp_path / "out")
    assert "sums held out that are right in every digit" in " ".join(printed.split())
    found = json.loads((out / "results.json").read_text())
    assert [run["network"] for run in found["runs"]] == list(experiment.QUICK)
    files = {(row["name"], row["numbers"]): row for row in found["files"]}
    for name in experiment.QUICK:
        assert files[name, "float"]["whole"] == pytest.approx(files[name, "Keras"]["whole"], abs=0.06)
        assert (out / "files" / files[name, "dynamic"]["path"]).stat().st_size > 1000
    assert has_pictures(out, "adding")
