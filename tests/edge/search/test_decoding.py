"""Greedy and beam search over a step in NumPy, against every answer written out."""

from __future__ import annotations

from collections.abc import Callable
from itertools import product
from typing import Any

import numpy as np
import pytest

from edge.search import Decoder, beam_search, greedy_search

VOCABULARY, END, START = 4, 0, 1
TABLE = 2.5 * np.random.default_rng(3).normal(size=(40, VOCABULARY, VOCABULARY))


def step(given: dict[str, Any]) -> dict[str, Any]:
    """Scores by what was said and how long it took: a state that counts, and one that no step may share."""
    count = given["state_0"]
    scores = TABLE[int(count[0, 0]) % len(TABLE), int(given["token"][0, 0])] + 0.1 * given["memory"][0, 0, 0]
    where = np.eye(3)[int(count[0, 0]) % 3]
    return {"next_state_0": count + 1, "scores": scores[None, None], "alignments": where[None, None]}


def decoder(change: Callable[[np.ndarray], np.ndarray] = lambda scores: scores, **options: Any) -> Decoder:
    def changed(given: dict[str, Any]) -> dict[str, Any]:
        said = step(given)
        return {**said, "scores": change(said["scores"])}

    return Decoder(changed, states={"state_0": 1}, token="token", scores="scores", **options)


MEMORY = {"memory": np.ones((1, 3, 2), np.float32)}
ASKED: dict[str, Any] = {"start": START, "end": END, "max_length": 5}


def every_answer(longest: int) -> list[tuple[float, tuple[int, ...], bool]]:
    answers = []
    for length in range(longest + 1):
        for tokens in product(range(VOCABULARY), repeat=length):
            complete = length < longest
            if END in tokens:
                continue
            value, before = 0.0, START
            for k, token in enumerate([*tokens, *([END] if complete else [])]):
                scores = TABLE[k, before]
                value += scores[token] - np.log(np.exp(scores).sum())
                before = token
            answers.append((float(value), tokens, complete))
    return answers


def test_a_beam_that_holds_everything_finds_the_best() -> None:
    found = beam_search(decoder(), MEMORY, **ASKED, beam_width=400)
    complete = sorted((a for a in every_answer(5) if a[2]), key=lambda a: -a[0])
    assert [answer.tokens for answer in found[:5]] == [tokens for _, tokens, _ in complete[:5]]
    np.testing.assert_allclose(
        [a.log_probability for a in found[:5]], [a[0] for a in complete[:5]], rtol=1e-9
    )
    longer = beam_search(decoder(), MEMORY, **ASKED, beam_width=400, length_normalization=1.0)
    right = max((a for a in every_answer(5) if a[2]), key=lambda a: a[0] / (len(a[1]) + 1))
    assert longer[0].tokens == right[1]
    assert longer[0].score == pytest.approx(right[0] / (len(right[1]) + 1))


def test_greedy_says_the_best_each_time_and_shows_where_it_looked() -> None:
    tokens, before = [], START
    for k in range(5):
        before = int(np.argmax(TABLE[k, before]))
        if before == END:
            break
        tokens.append(before)
    found = greedy_search(decoder(), MEMORY, **ASKED)
    assert found.tokens == tuple(tokens)
    assert found.is_complete == (len(tokens) < 5)
    steps = len(tokens) + found.is_complete
    assert found.alignments is not None
    np.testing.assert_array_equal(found.alignments, np.eye(3)[np.arange(steps) % 3])
    probable = decoder(lambda scores: np.exp(scores) / np.exp(scores).sum(), logits=False)
    assert greedy_search(probable, MEMORY, **ASKED).log_probability == pytest.approx(found.log_probability)


def test_what_never_ends_is_cut() -> None:
    def endless(scores: np.ndarray) -> np.ndarray:
        return np.where(np.arange(VOCABULARY) == END, -np.inf, scores)

    found = beam_search(decoder(endless), MEMORY, **{**ASKED, "max_length": 9}, beam_width=3)
    assert [len(answer.tokens) for answer in found] == [9, 9, 9]
    assert not any(answer.is_complete for answer in found)


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"beam_width": 0}, "beam_width is the number of beginnings to keep, a positive integer; received 0"),
        ({"max_length": -3}, "max_length is the number of steps at most, a positive integer; received -3"),
        ({"max_length": 10.5}, "received 10.5"),
        ({"end": 4}, "end is the number of a token, one of the vocabulary, 0 to 3; received 4"),
        ({"end": -1}, "received -1"),
        ({"start": 1.5}, "start is .*; received 1.5"),
        ({"length_normalization": -1.0}, "from 0 to 2; received -1.0"),
    ],
)
def test_what_is_no_search(options: dict[str, Any], says: str) -> None:
    with pytest.raises(ValueError, match=says):
        beam_search(decoder(), MEMORY, **{**ASKED, **options})


@pytest.mark.parametrize(
    ("memory", "says"),
    [
        ({"memory": np.zeros((1, 0, 2))}, r"'memory' is empty, of shape \(1, 0, 2\)"),
        ({"memory": np.zeros((2, 3, 2))}, r"Search for each row: value\[n:n \+ 1\]"),
        ({**MEMORY, "state_0": np.zeros((1, 3))}, r"state_0 has the shape \(1, 3\)"),
        (np.zeros((1, 3, 2)), "a dictionary by name"),
    ],
)
def test_what_nothing_can_be_read_from(memory: Any, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        greedy_search(decoder(), memory, **ASKED)


def test_scores_that_are_none() -> None:
    with pytest.raises(ValueError, match=r"not a number \(NaN\)"):
        greedy_search(decoder(lambda scores: scores * np.nan), MEMORY, **ASKED)
    with pytest.raises(ValueError, match="no finite score"):
        greedy_search(decoder(lambda scores: scores - np.inf), MEMORY, **ASKED)
    with pytest.raises(ValueError, match="leave logits=False out"):
        greedy_search(decoder(logits=False), MEMORY, **ASKED)
