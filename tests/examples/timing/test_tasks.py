"""The tasks of the timing example: each says what its paper says."""

from __future__ import annotations

import re

import numpy as np
import pytest

from examples.timing.tasks import classics, gers, reber
from examples.timing.tasks.task import within


def test_spike_delays_are_measured_between_the_spikes() -> None:
    task = gers.measure_spike_delays(7)
    batch = task.draw(np.random.default_rng(0), 50)
    seen = set()
    for x, y, counts in zip(*batch, strict=True):
        spikes = np.flatnonzero(x[:, 0])
        np.testing.assert_array_equal(spikes, np.flatnonzero(counts))
        intervals = np.diff(spikes, prepend=-1)
        np.testing.assert_array_equal(y[spikes, 0], intervals - 7)
        assert not y[counts == 0].any()
        seen |= set(intervals)
    assert seen == {7, 8}
    assert (task.test(np.random.default_rng(1)).x.sum(axis=1) == gers.SPIKES).all()


def test_timed_spikes_come_at_exact_intervals_and_there_is_no_input() -> None:
    batch = gers.generate_timed_spikes(10).test(np.random.default_rng(0))
    np.testing.assert_array_equal(np.flatnonzero(batch.y[0, :, 0]), np.arange(9, 1000, 10))
    assert not batch.x.any()
    assert batch.counts.all()


@pytest.mark.parametrize("period", [10, 25])
@pytest.mark.parametrize("shape", gers.SHAPES)
def test_waves_repeat_between_0_and_1(shape: str, period: int) -> None:
    y = gers.generate_function(shape, period).test(np.random.default_rng(0)).y[0, :, 0]
    assert len(y) == gers.STEPS
    np.testing.assert_allclose(y[period:], y[:-period], atol=1e-6)
    assert y.min() >= 0
    assert y.max() <= 1
    assert y.max() - y.min() > 0.9
    middle = round(period / 2)
    if shape == "cosine":
        np.testing.assert_allclose(y[3], 0.5 - 0.5 * np.cos(2 * np.pi * 3 / period), atol=1e-6)
    if shape == "triangle":
        np.testing.assert_allclose(y[3], 2 * 3 / period, atol=1e-6)
        assert y[1] > y[0]
        assert y[period - 1] < y[period - 2]
    if shape == "rectangle":
        assert set(y) == {0.0, 1.0}
        assert not y[: middle - 1].any()
        assert y[middle + 1 : period].all()


def test_adding_asks_once_for_the_two_marked_numbers() -> None:
    batch = classics.adding(40).draw(np.random.default_rng(0), 500)
    at_start = 0
    for x, y, counts in zip(*batch, strict=True):
        (end,) = np.flatnonzero(counts)
        assert 40 <= end + 1 <= 44
        assert x[end, 1] == -1
        marked = np.flatnonzero(x[:, 1] == 1)
        assert len(marked) == 2
        assert marked[0] < 10
        assert marked[1] < 20
        assert y[end, 0] == pytest.approx(0.5 + x[marked, 0].sum() / 4, abs=1e-6)
        assert not x[end + 1 :].any()
        if marked[0] == 0:
            at_start += 1
            assert x[0, 0] == 0
        else:
            assert x[0, 1] == -1
    assert 0 < at_start < 100
    last = batch.y[batch.counts == 1]
    assert last.var() == pytest.approx(2 / 3 / 16, rel=0.2)


@pytest.mark.parametrize("marked", [2, 3])
def test_temporal_order_classes_are_the_order_of_the_marked_symbols(marked: int) -> None:
    batch = classics.temporal_order(marked).draw(np.random.default_rng(0), 400)
    seen: dict[str, int] = {}
    for x, y, counts in zip(*batch, strict=True):
        (end,) = np.flatnonzero(counts)
        assert 100 <= end + 1 <= 110
        text = "".join("abcdXYEB"[k] for k in x[: end + 1].argmax(axis=-1))
        assert re.fullmatch(r"E[a-dXY]*B", text)
        places = [match.start() for match in re.finditer("[XY]", text)]
        for place, (low, high) in zip(places, classics.ORDER_PLACES[marked], strict=True):
            assert low <= place <= high
        order = "".join(text[place] for place in places)
        assert seen.setdefault(order, int(y[end].argmax())) == int(y[end].argmax())
        assert y[end].sum() == 1
        assert not x[end + 1 :].any()
    assert sorted(seen.values()) == list(range(2**marked))


def legal_next(prefix: str) -> set[str]:
    """An oracle of its own: the grammar as arrows."""
    arrows = {
        ("start", "B"): "a", ("a", "T"): "b", ("a", "P"): "c", ("b", "S"): "b", ("b", "X"): "d",
        ("c", "T"): "c", ("c", "V"): "e", ("d", "X"): "c", ("d", "S"): "f", ("e", "P"): "d",
        ("e", "V"): "f", ("f", "E"): "end",
    }  # fmt: skip
    if len(prefix) == 1:
        return {"T", "P"}
    state = "start"
    for symbol in prefix[2:]:
        if state == "end":  # the branch has come again
            return {"E"}
        state = arrows[state, symbol]
    return {prefix[1]} if state == "end" else {symbol for origin, symbol in arrows if origin == state}


def test_embedded_reber_strings_are_legal_and_every_legal_symbol_is_named() -> None:
    rng = np.random.default_rng(0)
    drawn = [reber.string(rng) for _ in range(300)]
    for text, legal in drawn:
        assert len(legal) == len(text) - 1
        assert text[1] == text[-2]
        assert text[-1] == "E"
        for place, allowed in enumerate(legal, start=1):
            assert set(allowed) == legal_next(text[:place])
            assert text[place] in allowed
    assert len({text for text, _ in drawn}) > 50
    assert {text[1] for text, _ in drawn} == set("TP")


def test_legal_symbols_must_all_be_above_all_others() -> None:
    batch = reber.draw_legal(np.random.default_rng(0), 4)
    good = batch.y * 0.4 + 0.01
    assert reber.legal_on_top(good, batch.y, batch.counts).all()
    bad = good.copy()
    step = int(batch.counts[2].sum()) - 2  # where the first branch is asked for again
    legal = int(batch.y[2, step].argmax())
    bad[2, step, [legal, 6]] = bad[2, step, [6, legal]]
    assert reber.legal_on_top(bad, batch.y, batch.counts).tolist() == [True, True, False, True]
    behind = good.copy()
    behind[:, -1] = 0.3  # behind the strings nobody asks
    assert reber.legal_on_top(behind, batch.y, batch.counts).all()


def test_right_means_every_answer_that_counts_is_near() -> None:
    y, counts = np.zeros((3, 4, 1)), np.array([[1, 1, 1, 0]] * 3)
    answers = np.zeros((3, 4, 1))
    answers[1, 3], answers[2, 1] = 9, -0.3
    assert within(0.3)(answers, y, counts).tolist() == [True, True, False]
