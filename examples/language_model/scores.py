"""Perplexity, and how often the next word is among the first guesses, of a model in memory or a file."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from edge.aliases import Array
from examples.language_model.words import PARAGRAPH, RARE, TEXT


class Guesses(NamedTuple):
    """What a model says of a stretch of words, `[words]` each.

    Attributes:
        losses: -log P of each word.
        ranks: how many words were guessed before the right one, exact below 3; symbols are never guessed.
    """

    losses: Array
    ranks: Array


class Score(NamedTuple):
    """What was found over a stretch of words.

    Attributes:
        perplexity: exp of the mean of -log P(word | all words before), marks and rare words included.
        first: share of words that were the first guess, 0 to 1.
        three: share of words that were among the first three guesses.
        words: that were predicted.
    """

    perplexity: float
    first: float
    three: float
    words: int


def summary(guesses: Guesses, words: Array, vocabulary: Sequence[str]) -> Score:
    """The score of guesses.

    Args:
        guesses: of each word.
        words: numbers of the right ones. A rare word can be guessed by nobody and counts as missed; marks
            between texts and paragraphs, which nobody types, do not count as guesses.
        vocabulary: what the numbers mean.
    """
    place = {word: number for number, word in enumerate(vocabulary)}
    typed = ~np.isin(words, [place.get(TEXT, -1), place.get(PARAGRAPH, -1)])
    ranks = np.where(words == place.get(RARE, -1), len(vocabulary), guesses.ranks)[typed]
    perplexity = np.exp(np.mean(guesses.losses, dtype=np.float64))
    return Score(float(perplexity), float(np.mean(ranks < 1)), float(np.mean(ranks < 3)), len(words))


def perplexity(probabilities: Array) -> float:
    """Of the right words, whose probabilities are given."""
    return float(np.exp(-np.log(probabilities).mean()))
