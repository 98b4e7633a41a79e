"""CTC against TensorFlow's decoders, and against all paths written out."""

from __future__ import annotations

from itertools import product
from typing import Any

import numpy as np
import pytest

from edge.search import collapse, ctc_beam_search, ctc_greedy

RNG = np.random.default_rng(0)


def log_softmax(x: np.ndarray) -> np.ndarray:
    return x - np.log(np.exp(x).sum(-1, keepdims=True))


def cases() -> list[np.ndarray]:
    random = [RNG.normal(size=(time, tokens)) for time, tokens in ((1, 4), (7, 3), (20, 12), (30, 5))]
    peaked = [
        6.0 * RNG.normal(size=(25, 8)),
        np.where(np.arange(9) == RNG.integers(0, 9, (40, 1)), 12.0, RNG.normal(size=(40, 9))),
    ]
    repeated = np.repeat(3 * RNG.normal(size=(6, 4)), 4, axis=0)  # the same token over and over
    return [*random, *peaked, repeated]


def dense(sparse: Any) -> tuple[int, ...]:
    return tuple(int(value) for value in sparse.values)


@pytest.mark.parametrize("scores", cases(), ids=lambda scores: str(scores.shape))
def test_it_is_tensorflows(scores: np.ndarray) -> None:
    import tensorflow as tf

    inputs = log_softmax(scores)[:, None].astype("float32")
    length = [len(scores)]
    (decoded,), negative = tf.nn.ctc_greedy_decoder(inputs, length)
    found = ctc_greedy(scores)
    assert found.tokens == dense(decoded)
    assert found.log_probability == pytest.approx(-float(negative[0, 0]), rel=1e-5, abs=1e-5)
    (decoded,), negative = tf.nn.ctc_greedy_decoder(inputs, length, blank_index=1)
    assert ctc_greedy(scores, blank=1).tokens == dense(decoded)
    for width in (1, 3, 20):
        top = min(width, 3)
        decoded, right = tf.nn.ctc_beam_search_decoder(
            scores[:, None], length, beam_width=width, top_paths=top
        )
        paths = ctc_beam_search(scores, beam_width=width, top_paths=top)
        likely = [k for k in range(top) if float(right[0, k]) > -1e30]
        for k, path in zip(likely, paths, strict=False):
            assert path.tokens == dense(decoded[k])
            assert path.log_probability == pytest.approx(float(right[0, k]), rel=1e-4, abs=1e-4)


def test_a_beam_that_holds_everything_sums_all_paths() -> None:
    scores = RNG.normal(size=(5, 3))
    frames = log_softmax(scores)
    sums: dict[tuple[int, ...], float] = {}
    for path in product(range(3), repeat=5):
        value = np.exp(sum(frames[t, token] for t, token in enumerate(path)))
        reading = collapse(path, blank=0)
        sums[reading] = sums.get(reading, 0.0) + float(value)
    best = sorted(sums.items(), key=lambda pair: -pair[1])
    found = ctc_beam_search(scores, beam_width=500, top_paths=len(best), blank=0)
    assert [path.tokens for path in found] == [reading for reading, _ in best]
    np.testing.assert_allclose(
        np.exp([path.log_probability for path in found]), [p for _, p in best], rtol=1e-9
    )
    probable = ctc_beam_search(np.exp(frames), beam_width=500, top_paths=3, blank=0, logits=False)
    assert [path.tokens for path in probable] == [path.tokens for path in found[:3]]


@pytest.mark.parametrize("search", [ctc_greedy, ctc_beam_search])
@pytest.mark.parametrize(
    ("scores", "options", "says"),
    [
        (np.zeros((0, 3)), {}, r"at least one frame; received the shape \(0, 3\)"),
        (np.zeros((2, 3, 4)), {}, r"one after another: scores\[n\]"),
        (np.full((2, 3), np.nan), {}, r"not a number \(NaN\)"),
        (np.full((2, 3), -np.inf), {}, "no finite score"),
        (np.zeros((2, 3)), {"blank": 3}, "0 to 2; received 3"),
        (np.zeros((2, 3)) - 1, {"logits": False}, "leave logits=False out"),
    ],
)
def test_what_cannot_be_read(search: Any, scores: np.ndarray, options: dict[str, Any], says: str) -> None:
    with pytest.raises(ValueError, match=says):
        search(scores, **options)


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"beam_width": 0}, "received 0"),
        ({"top_paths": -1}, "received -1"),
        ({"beam_width": 2, "top_paths": 3}, "a beam of 3"),
    ],
)
def test_a_beam_that_is_none(options: dict[str, Any], says: str) -> None:
    with pytest.raises(ValueError, match=says):
        ctc_beam_search(np.zeros((2, 3)), **options)
