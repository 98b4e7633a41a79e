"""Probabilities step by step: any stream follows the docstring's rule, and a wrong step changes nothing."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge.aliases import Array
from edge.runtime.decisions import Decider
from tests.edge.runtime.test_decisions import DECIDER, LABELS, found, said


def by_the_rule(rows: Array, window: int, threshold: float, quiet: int) -> list[tuple[int, int]]:
    """(class, step) straight from the docstring; the last class is the background."""
    smoothed = np.array([rows[max(0, t - window + 1) : t + 1].mean(axis=0) for t in range(len(rows))])
    decided: list[tuple[int, int]] = []
    for t, row in enumerate(smoothed):
        quiet_steps = {step + i for _, step in decided for i in range(1, quiet + 1)}
        best = max(range(len(row)), key=lambda i: row[i])
        own = max((step for index, step in decided if index == best), default=None)
        fell = own is None or any(
            smoothed[k][best] < threshold for k in range(own + 1, t) if k not in quiet_steps
        )
        if t not in quiet_steps and row[best] >= threshold and best != len(row) - 1 and fell:
            decided.append((best, t))
    return decided


@settings(max_examples=150, deadline=None)
@given(st.integers(0, 10**6), st.integers(1, 6), st.integers(0, 8), st.sampled_from([0.35, 0.5, 0.7]))
def test_any_stream_follows_the_rule(seed: int, window: int, quiet: int, threshold: float) -> None:
    rng = np.random.default_rng(seed)
    words = np.repeat(rng.integers(0, 3, 12), rng.integers(1, 9, 12))
    rows = 0.8 * np.eye(3)[words] + 0.2 * rng.dirichlet(np.ones(3), len(words))
    decider = Decider(LABELS, 10, "silence", window * 10, threshold, quiet * 10)
    answers = [(decision.class_index, decision.step) for decision in decider(rows)]
    assert answers == by_the_rule(rows, window, threshold, quiet)


def test_the_threshold_itself_reaches_it() -> None:
    decider = Decider(LABELS, 20, "silence", window_ms=60, threshold=0.7)
    rows = said(("yes", 3), sure=0.7)
    assert rows[:, 0].mean() < 0.7  # by the last bit: the mean of three times 0.7 is rounded down
    assert found(decider([[0, 0, 0], *rows])) == [("yes", 3)]


def test_a_reset_stream_is_a_new_one() -> None:
    stream, rows = DECIDER.stream(), said(("silence", 20), ("yes", 30))
    first = [stream.push(row) for row in rows]
    assert sum(decision is not None for decision in first) == 1
    stream.reset()
    assert [stream.push(row) for row in rows] == first


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ([0.5, 0.5], r"each of 3 labels, received \[2\]"),
        (0.5, r"each of 3 labels, received \[\]"),
        ([[0, 0, 1]], r"each of 3 labels, received \[1, 3\]"),
        ([0, math.nan, 1], "in 0..1, received .*nan"),
        ([4.2, -1.0, 0.3], "logits need a softmax first"),
    ],
)
def test_a_wrong_step_is_refused_and_changes_nothing(row: Any, message: str) -> None:
    stream = DECIDER.stream()
    answers = []
    for good in said(("silence", 20), ("yes", 3), ("silence", 9)):
        with pytest.raises(ValueError, match=message):
            stream.push(row)
        answers.append(stream.push(good))
    assert found([decision for decision in answers if decision]) == [("yes", 21)]


def test_the_caller_may_use_the_array_again() -> None:
    stream, array, answers = DECIDER.stream(), np.zeros(3), []
    for row in said(("silence", 20), ("yes", 8)):
        array[:] = row
        answers.append(stream.push(array))
    assert found([decision for decision in answers if decision]) == [("yes", 21)]


def test_integer_models_may_be_a_little_off() -> None:
    assert DECIDER.stream().push(np.array([255 / 256, -1e-4, 1.0005], np.float32)) is None
