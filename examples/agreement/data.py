"""The sentences as numbers: what every network learns from."""

from __future__ import annotations

from collections.abc import Sequence

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

DIETS = {"all": (0, LONGEST_GAP), "long": (20, LONGEST_GAP)}  # gaps of the sentences learned from, in words


def draw(seed: int, count: int, gaps: tuple[int, int]) -> list[Sentence]:
    """So many sentences, number and gender in turn, with gaps of any length from first to last."""
    rng = np.random.default_rng(seed)
    kinds = (number_sentence, gender_sentence)
    return [kinds[index % 2](rng, int(rng.integers(gaps[0], gaps[1] + 1))) for index in range(count)]


def encode(sentences: Sequence[Sentence]) -> tuple[Array, Array]:
    """Word numbers of prefixes, `[sentences, 40]`, zeros in front, and of right words, `[sentences]`."""
    words = np.zeros((len(sentences), LENGTH), np.int32)
    for row, sentence in enumerate(sentences):
        words[row, -len(sentence.prefix) :] = [WORD_ID[word] for word in sentence.prefix]
    return words, np.array([WORD_ID[sentence.right] for sentence in sentences], np.int32)
