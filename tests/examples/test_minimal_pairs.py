"""Agreement scoring: the right cell of the right row, counted as one would by hand."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from examples.common.minimal_pairs import MinimalPair, PairScores, score_pairs

WORDS = ("-", "the", "key", "keys", "to", "cabinet", "cabinets", "is", "are")
IDS = {word: number for number, word in enumerate(WORDS)}


def pair(text: str, right: str, attractors: int = 0) -> MinimalPair:
    return MinimalPair(text.split(), right, "are" if right == "is" else "is", attractors)


PAIRS = [
    pair("the key", "is"),
    pair("the keys to the cabinet", "are", 1),
    pair("the keys", "are"),
    pair("the key to the cabinets", "is", 1),
    pair("the key to the cabinet", "is"),
]


def by_nearest_noun(x: np.ndarray) -> np.ndarray:
    """Agrees with the last noun: right without attractors, wrong with them. `[batch, words]`"""
    answer = np.full((len(x), len(WORDS)), 0.01)
    answer[np.arange(len(x)), [IDS["is"] if row[-1] in (2, 5) else IDS["are"] for row in x]] = 0.6
    return answer


def test_pairs_are_counted_by_attractors() -> None:
    scores = score_pairs(by_nearest_noun, PAIRS, IDS.__getitem__)
    assert scores.preferred.tolist() == [True, False, True, False, True]
    found = scores.by_attractors()
    assert {n: (share.right, share.pairs, share.share) for n, share in found.items()} == {
        0: (3, 3, 1.0),
        1: (0, 2, 0.0),
    }
    assert scores.overall.share == pytest.approx(0.6)
    many = PairScores(np.array([2.0, 1.0, 0.0]), np.array([1.0, 0.0, 1.0]), np.array([0, 2, 5]))
    assert [(n, share.pairs, share.right) for n, share in many.by_attractors().items()] == [
        (0, 1, 1),
        (2, 1, 1),
        (5, 1, 0),
    ]


def test_every_prefix_is_asked_once_unpadded_and_in_batches_of_one_length() -> None:
    seen: list[np.ndarray] = []

    def predict(x: np.ndarray) -> np.ndarray:
        seen.append(x)
        return by_nearest_noun(x)

    score_pairs(predict, PAIRS, IDS.__getitem__, batch=2)
    assert all(x.dtype == np.int32 and len(x) <= 2 for x in seen)
    asked = sorted(row.tolist() for x in seen for row in x)
    assert asked == sorted([IDS[word] for word in one.prefix] for one in PAIRS)


def test_a_length_pads_at_the_front_and_cuts_there() -> None:
    seen: list[np.ndarray] = []

    def predict(x: np.ndarray) -> np.ndarray:
        seen.append(x)
        return by_nearest_noun(x)

    score_pairs(predict, PAIRS[:2], IDS.__getitem__, length=3)
    (x,) = seen
    assert x.tolist() == [[0, 1, 2], [4, 1, 5]]


def test_of_every_step_the_last_one_counts() -> None:
    def every_step(x: np.ndarray) -> np.ndarray:
        answer = np.random.default_rng(0).random((*x.shape, len(WORDS)))
        answer[:, -1] = by_nearest_noun(x)
        return answer

    one, all_steps = (score_pairs(f, PAIRS, IDS.__getitem__) for f in (by_nearest_noun, every_step))
    np.testing.assert_array_equal(one.right, all_steps.right)
    np.testing.assert_array_equal(one.wrong, all_steps.wrong)


def test_equal_is_not_right() -> None:
    scores = score_pairs(lambda x: np.zeros((len(x), 9)), PAIRS, IDS.__getitem__)
    assert scores.ties == 5
    assert scores.overall.right == 0


def test_the_interval_is_wilsons() -> None:
    """Against the equation that it solves: |p - share| = z sqrt(p (1 - p) / n) at both ends."""
    right = np.array([1.0] * 8 + [0.0] * 2)
    share = PairScores(right, 1 - right, np.zeros(10, int)).overall
    assert (share.low, share.high) == (pytest.approx(0.4902, abs=1e-4), pytest.approx(0.9433, abs=1e-4))
    for end in (share.low, share.high):
        assert abs(end - 0.8) == pytest.approx(1.959964 * np.sqrt(end * (1 - end) / 10))
    none = PairScores(np.zeros(20), np.ones(20), np.zeros(20, int)).overall
    assert none.low == 0.0
    assert 0.1 < none.high < 0.2


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"pairs": []}, "no pairs"),
        ({"pairs": [MinimalPair((), "is", "are")]}, "empty prefix"),
        ({"pairs": [MinimalPair(("dog",), "is", "are")]}, "no number for 'dog'"),
        ({"word_id": lambda word: 0}, "'is' and 'are' are both word 0"),
        ({"predict": lambda x: np.zeros(len(x))}, r"shape \[1\] for \[1, 2\]"),
        ({"predict": lambda x: np.zeros((len(x), 5))}, "has 5 words, and was asked about 8"),
        ({"predict": lambda x: np.full((len(x), 9), np.nan)}, "NaN"),
        ({"batch": 0}, "batch 0"),
        ({"length": 0}, "length 0"),
    ],
)
def test_what_cannot_be_asked_is_said(change: dict, says: str) -> None:
    asked: dict = {"predict": by_nearest_noun, "pairs": PAIRS[:1], "word_id": IDS.__getitem__} | change
    with pytest.raises(ValueError, match=says):
        score_pairs(**asked)


def test_a_keras_model_and_its_file_are_asked_alike(tmp_path: Path) -> None:
    import keras

    import edge
    from edge.convert import convert
    from keras_lstm_plus import LSTMPlus

    keras.utils.set_random_seed(3)
    model = keras.Sequential(
        [
            keras.Input((None,), dtype="int32"),
            keras.layers.Embedding(len(WORDS), 6, embeddings_initializer="normal"),
            LSTMPlus(8, return_sequences=True),
            keras.layers.Dense(len(WORDS)),
        ]
    )
    convert(model, tmp_path / "words.tflite")
    file = edge.load(tmp_path / "words.tflite")
    keras_scores = score_pairs(lambda x: model.predict(x, verbose=0), PAIRS, IDS.__getitem__)
    file_scores = score_pairs(file.predict, PAIRS, IDS.__getitem__)
    np.testing.assert_allclose(file_scores.right, keras_scores.right, atol=1e-5)
    np.testing.assert_allclose(file_scores.wrong, keras_scores.wrong, atol=1e-5)
    assert np.abs(keras_scores.right - keras_scores.wrong).min() > 1e-4
