"""The timing example: a crowd is its networks and learns as they do, a short run does it all."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from examples.timing.tasks import classics, gers, reber
from tests.helpers.example_runs import has_pictures, quick_run

# -- the crowd and its training ----------------------------------------------------------------------------


def build(variant: str, seed: int) -> Any:
    """A network of three cells for the Reber grammar."""
    from examples.timing import network

    setting = network.Setting("3 cells", 3, linear=False, rate=0.02, updates=1)
    return network.build(classics.embedded_reber(), setting, variant, seed)


@pytest.mark.parametrize("variant", ["peephole", "standard", "lstm_1997", "SimpleRNN"])
def test_a_crowd_says_what_its_networks_say(variant: str) -> None:
    from examples.timing.crowd import Crowd

    networks = [build(variant, run) for run in range(3)]
    for network in networks:  # biases and peepholes that are not zero
        rng = np.random.default_rng(len(network.weights))
        network.set_weights([w + rng.normal(0, 0.2, w.shape) for w in network.get_weights()])
    x = np.random.default_rng(9).normal(size=(2, 6, 3, 7)).astype(np.float32)
    crowd = Crowd(networks)
    logits = np.asarray(crowd(x))
    for place, network in enumerate(networks):
        likely = np.exp(logits[:, :, place])
        answers = np.asarray(network(x[:, :, place]))
        np.testing.assert_allclose(likely / likely.sum(axis=-1, keepdims=True), answers, atol=1e-5)
        other = build(variant, 7)
        crowd.copy_to(other, place)
        for mine, copied in zip(network.get_weights(), other.get_weights(), strict=True):
            np.testing.assert_array_equal(mine, copied)


@pytest.mark.parametrize("variant", ["peephole", "SimpleRNN"])
def test_a_network_learns_in_a_crowd_what_it_learns_alone(variant: str) -> None:
    from examples.timing.crowd import Crowd
    from examples.timing.train import Trainer, stacked

    def trained(which: list[int], compiled: bool) -> list:
        networks = [build(variant, run) for run in which]
        crowd = Crowd(networks)
        trainer = Trainer(crowd, classics.embedded_reber(), 0.05, stops=False)
        streams = [np.random.default_rng(run) for run in which]
        update = trainer.update if compiled else trainer._update
        for _ in range(3):
            update(*stacked([reber.draw(stream, 4) for stream in streams]))
        for place, network in enumerate(networks):
            crowd.copy_to(network, place)
        return networks

    crowd, (alone,) = trained([0, 1, 2], compiled=True), trained([1], compiled=False)
    start = build(variant, 1)
    for together, single, before in zip(crowd[1].weights, alone.weights, start.weights, strict=True):
        np.testing.assert_allclose(together, single, atol=1e-5)
        assert np.abs(np.asarray(single) - np.asarray(before)).max() > 1e-3, single.name  # it has learned


def test_each_network_has_a_gradient_norm_of_its_own() -> None:
    from examples.timing.train import CLIP, clipped

    owners = [np.array([[0, 2], [2, 1]]), np.array([0, 1])]
    gradients = [np.array([[30.0, 7.0], [7.0, 0.3]], np.float32), np.array([40.0, 0.4], np.float32)]
    first, second = (part.numpy() for part in clipped(gradients, owners, runs=2))
    np.testing.assert_allclose(first, [[0.6 * CLIP, 0], [0, 0.3]], rtol=1e-5)
    np.testing.assert_allclose(second, [0.8 * CLIP, 0.4], rtol=1e-5)


def test_a_stream_ends_with_its_first_error() -> None:
    from examples.timing.train import before_first_error

    y = np.zeros((1, 6, 2, 1), np.float32)
    answers = y.copy()
    answers[0, 2, 0], answers[0, 4, 1] = 0.6, -0.6
    counts = np.ones((1, 6, 2), np.float32)
    counts[0, 4, 1] = 0  # nobody asks there
    kept = before_first_error(answers, y, counts, 0.5).numpy()
    np.testing.assert_array_equal(kept[0, :, 0], [1, 1, 1, 0, 0, 0])
    np.testing.assert_array_equal(kept[0, :, 1], [1, 1, 1, 1, 1, 1])


def test_streaks_and_the_steps_before_the_first_error() -> None:
    from examples.timing.tasks.task import lasted
    from examples.timing.train import streaks

    right = np.array([[True, True, True], [True, False, True], [True, True, False]])
    np.testing.assert_array_equal(streaks(np.array([5, 5, 5]), right), [8, 1, 0])
    task = gers.generate_timed_spikes(10)
    y = task.draw(np.random.default_rng(0), 1).y
    assert lasted(y[0], y[0], task.limit) == y.shape[1]
    assert lasted(np.zeros_like(y[0]), y[0], task.limit) == 9


def test_the_paper_solves_all_with_peepholes_and_two_without() -> None:
    from examples.timing.experiment import Row, all_experiments
    from examples.timing.report import GERS_TASKS, claimed
    from examples.timing.train import Learned

    rows = [Row(e, Learned([], [], [], []), 0.0) for group in all_experiments(False) for e in group]
    timing = [row for row in rows if row.family in GERS_TASKS]
    assert all(claimed(row) for row in timing if row.variant == "peephole")
    without = {row.task for row in timing if row.variant == "standard" and claimed(row)}
    assert without == {"MSD 10 or 11", "PFG cosine 10"}
    assert all(len([r for r in timing if r.task == row.task]) == 4 for row in timing)
    assert {row.experiment.networks for row in timing} == {10}


def test_the_median_counts_the_runs_that_never_solved_it() -> None:
    from examples.timing.experiment import Row, all_experiments
    from examples.timing.train import Learned

    experiment = all_experiments(True)[0][0]

    def median(*solved: int | None) -> int | None:
        return Row(experiment, Learned(list(solved), [], [], []), 0.0).median

    assert median(30, None, 10) == 30
    assert median(None, None, 10) is None
    assert median(20) == 20


# -- the command -------------------------------------------------------------------------------------------


@pytest.mark.example
def test_a_quick_run_does_all_of_it(tmp_path: Path) -> None:
    printed, out = quick_run("timing", tmp_path / "out")
    assert "Solved runs, without and with peepholes" in printed
    assert "The tasks of 1997" in printed
    found = json.loads((out / "results.json").read_text())
    rows = {(row["task"], row["variant"]): row for row in found["experiments"]}
    assert set(rows) == {
        ("GTS 10", "standard"),
        ("GTS 10", "peephole"),
        ("PFG cosine 10", "standard"),
        ("PFG cosine 10", "peephole"),
        ("embedded Reber", "peephole"),
    }
    wave = rows["PFG cosine 10", "peephole"]
    assert wave["solved_runs"] >= 2
    for solved, steps in zip(wave["solved_after_sequences"], wave["steps_until_first_error"], strict=True):
        assert (solved is not None) == (steps == gers.STEPS)
    files = {(row["task"], row["runs_as"]): row for row in found["files"]}
    assert files["PFG cosine 10", "Keras"]["steps_right"] == gers.STEPS
    assert files["PFG cosine 10", "float"]["steps_right"] == gers.STEPS
    assert (out / "files" / files["PFG cosine 10", "float"]["file"]).stat().st_size > 0
    assert ("PFG cosine 10", "int8") in files  # judged, or refused by convert
    assert has_pictures(out, "solved", "streams")
