"""Decisions: on streams made by hand, whose answers can be counted on the fingers, and on any by the rule."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge.aliases import Array
from edge.runtime import Decider, Decision

LABELS = ("yes", "no", "silence")
# 4 steps of smoothing, 10 of quiet.
DECIDER = Decider(LABELS, step_ms=20, background="silence", window_ms=80, threshold=0.5, refractory_ms=200)


def said(*pieces: tuple[str, int], sure: float = 1.0) -> Array:
    """Probabilities for (label, steps), (label, steps) ..., with the rest of the sureness in silence."""
    rows = []
    for label, steps in pieces:
        row = np.zeros(3)
        row[2] = 1 - sure
        row[LABELS.index(label)] += sure
        rows += [row] * steps
    return np.array(rows)


def found(decisions: list[Decision]) -> list[tuple[str, int]]:
    return [(decision.label, decision.step) for decision in decisions]


def test_one_word_is_one_decision() -> None:
    # From step 20 on: 1/4 at step 20, 2/4 at step 21.
    decisions = DECIDER(said(("silence", 20), ("yes", 8), ("silence", 40)))
    assert decisions == [Decision(21, 0.44, 0, "yes", 0.5, 1, 0.02)]


@pytest.mark.parametrize(
    ("threshold", "sure", "latency"),
    [(0.5, 1.0, 1), (0.75, 1.0, 2), (1.0, 1.0, 3), (0.7, 0.7, 3), (0.6, 0.9, 2), (0.2, 1.0, 0)],
)
def test_latency_is_counted_from_the_first_evidence(threshold: float, sure: float, latency: int) -> None:
    decider = Decider(LABELS, 20, "silence", window_ms=80, threshold=threshold)
    # The word must also be the largest, so silence, which fills the window, is out of the way.
    quiet = np.zeros((20, 3))
    row = np.array([[sure, 0, 0]])
    (decision,) = decider(np.concatenate([quiet, np.repeat(row, 8, axis=0), quiet]))
    assert decision.step == 20 + latency
    assert decision.latency_steps == latency
    assert decision.latency_seconds == pytest.approx(latency * 0.02)
    assert decision.seconds == pytest.approx((decision.step + 1) * 0.02)
    assert decision.confidence == pytest.approx(sure * (latency + 1) / 4)


def test_evidence_is_what_reaches_the_threshold() -> None:
    slope = np.zeros((30, 3))
    slope[20:25, 0] = 0.1, 0.3, 0.6, 0.8, 0.9  # the means of four: 0.025, 0.1, 0.25, 0.45, 0.65
    (decision,) = DECIDER(slope)
    assert (decision.step, decision.latency_steps) == (24, 2)
    assert decision.confidence == pytest.approx(0.65)


def test_flicker_is_none() -> None:
    single = said(("silence", 20), ("yes", 1), ("silence", 5), ("no", 1), ("silence", 20))
    assert DECIDER(single) == []
    assert DECIDER(said(*[("silence", 3), ("yes", 1)] * 20)) == []  # 1/4 at most
    assert DECIDER(said(("silence", 10), ("yes", 50), sure=0.49)) == []


def test_two_words_apart_are_two() -> None:
    for second in ("yes", "no"):
        stream = said(("silence", 20), ("yes", 8), ("silence", 20), (second, 8), ("silence", 20))
        assert found(DECIDER(stream)) == [("yes", 21), (second, 49)]


def test_within_the_refractory_time_is_one() -> None:
    for second in ("yes", "no"):
        # Decided at 21, quiet up to 31; the second is over before that.
        stream = said(("silence", 20), ("yes", 3), ("silence", 3), (second, 3), ("silence", 30))
        assert found(DECIDER(stream)) == [("yes", 21)]


def test_the_refractory_time_is_exact() -> None:
    # Quiet from 22 to 31; two steps of "no" are 2/4 for three steps from the second of them on.
    for steps, answer in ((28, [("yes", 21)]), (29, [("yes", 21), ("no", 32)])):
        stream = said(("silence", 20), ("yes", 4), ("silence", steps - 24), ("no", 2), ("silence", 30))
        assert found(DECIDER(stream)) == answer


def test_another_word_that_goes_on_is_late_and_says_so() -> None:
    (_, late) = DECIDER(said(("silence", 20), ("yes", 4), ("no", 20), ("silence", 30)))
    assert (late.label, late.step, late.latency_steps) == ("no", 32, 3)


def test_a_word_that_is_held_is_one() -> None:
    assert found(DECIDER(said(("silence", 20), ("yes", 200), ("silence", 20)))) == [("yes", 21)]
    # So is one that dips within the refractory time.
    dips = said(("silence", 20), ("yes", 3), ("silence", 5), ("yes", 200), ("silence", 20), ("yes", 9))
    assert found(DECIDER(dips)) == [("yes", 21), ("yes", 249)]


def test_the_background_is_never_decided_on() -> None:
    stream = said(("silence", 100))
    assert DECIDER(stream) == []
    assert found(Decider(LABELS, 20)(stream)) == [("silence", 0)]
    # And where it is the largest nothing else is, however low the threshold.
    low = Decider(LABELS, 20, ["silence"], threshold=0.1)
    assert low(said(("yes", 50), sure=0.3)) == []


def test_the_first_steps_are_averaged_over_fewer() -> None:
    assert DECIDER(said(("yes", 5))) == [Decision(0, 0.02, 0, "yes", 1.0, 0, 0.0)]


def test_without_smoothing_and_quiet_each_rise_counts() -> None:
    decider = Decider(LABELS, 20, "silence", window_ms=0, refractory_ms=0)
    assert decider.window_steps == 1
    assert found(decider(said(*[("silence", 1), ("yes", 1), ("no", 2)] * 2))) == [
        ("yes", 1),
        ("no", 2),
        ("yes", 5),
        ("no", 6),
    ]


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ({"labels": []}, "labels must be different names"),
        ({"labels": ["a", "a"]}, "labels must be different names"),
        ({"background": "other"}, r"background \['other'\] is not among the labels"),
        ({"step_ms": 0}, "times in ms"),
        ({"window_ms": -1}, "times in ms"),
        ({"refractory_ms": math.nan}, "times in ms"),
        ({"threshold": 0}, "above 0 and at most 1, received 0"),
        ({"threshold": math.nan}, "received nan"),
    ],
)
def test_settings_that_cannot_be(setting: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Decider(**{"labels": LABELS, "step_ms": 20, **setting})


def test_it_is_a_value() -> None:
    assert Decider(list(LABELS), 20, ["silence"]) == Decider(LABELS, 20, "silence")
    assert len({Decider(LABELS, 20), Decider(list(LABELS), 20)}) == 1


# -- step by step --------------------------------------------------------------------------------------


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
