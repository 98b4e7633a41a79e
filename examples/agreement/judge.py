"""The questions that every network is asked, and what its answers amount to."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import keras
import numpy as np

from edge.aliases import Array
from examples.agreement.grammar import (
    LENGTH,
    LONGEST_GAP,
    WORD_ID,
    Sentence,
    gender_sentence,
    number_sentence,
)
from examples.common.minimal_pairs import PairScores, Predict, score_pairs

GAPS = tuple(range(0, LONGEST_GAP + 1, 2))
NOUNS_GAP = 24  # words, in which the distracting nouns stand
NOUNS = tuple(range(NOUNS_GAP // 4 + 1))
SEED = 1_000_003  # far from those of the sentences learned from


class Exam(NamedTuple):
    """Sentences to judge by, none of them made for a single network.

    Attributes:
        number: so many for each of `GAPS`, nouns as in training.
        gender: the same.
        distracted: number sentences with gaps of `NOUNS_GAP` words, so many for each of `NOUNS`: that many
            nouns, all of the other number.
    """

    number: list[Sentence]
    gender: list[Sentence]
    distracted: list[Sentence]


def exam(each: int) -> Exam:
    """So many sentences for each gap and each number of nouns; always the same ones."""
    rng = np.random.default_rng(SEED)
    return Exam(
        [number_sentence(rng, gap) for gap in GAPS for _ in range(each)],
        [gender_sentence(rng, gap) for gap in GAPS for _ in range(each)],
        [number_sentence(rng, NOUNS_GAP, nouns, True) for nouns in NOUNS for _ in range(2 * each)],
    )


def ask(predict: Predict, sentences: Sequence[Sentence]) -> PairScores:
    """What a model gives the right word and the wrong one."""
    pairs = [sentence.pair() for sentence in sentences]
    return score_pairs(predict, pairs, WORD_ID.__getitem__, length=LENGTH, batch=512)


def answers(model: keras.Model) -> Predict:
    """A Keras model as a function for `ask`."""
    return lambda words: np.asarray(model(words, training=False))


class Marks(NamedTuple):
    """Shares of right answers, 0 to 1.

    Attributes:
        gaps: number sentences, `[gaps]` for each of `GAPS`.
        gender_gaps: gender sentences, likewise.
        nouns: `[nouns]` for each of `NOUNS`, all distracting, at a gap of `NOUNS_GAP` words.
    """

    gaps: Array
    gender_gaps: Array
    nouns: Array

    @property
    def number(self) -> float:
        """Of all number sentences."""
        return float(self.gaps.mean())

    @property
    def gender(self) -> float:
        """Of all gender sentences."""
        return float(self.gender_gaps.mean())


def mark(predict: Predict, asked: Exam) -> Marks:
    """Judge one model or file."""
    rows = (len(GAPS), len(GAPS), len(NOUNS))
    shares = [
        ask(predict, sentences).preferred.reshape(count, -1).mean(axis=1)
        for sentences, count in zip(asked, rows, strict=True)
    ]
    return Marks(*shares)
