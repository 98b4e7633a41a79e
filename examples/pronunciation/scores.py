"""Words wrong and phonemes wrong, counted as the papers do."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from examples.pronunciation.data import Entry, Pronunciation


class Score(NamedTuple):
    """How often a network was wrong.

    Attributes:
        words: that were asked.
        words_wrong: share of those whose answer is none of the ways that the dictionary has.
        phonemes_wrong: phonemes to insert, delete or exchange, over the phonemes of the way that is nearest.
    """

    words: int
    words_wrong: float
    phonemes_wrong: float


def score(entries: Sequence[Entry], answers: Sequence[Pronunciation]) -> Score:
    """Judge the answers.

    Raises:
        ValueError: no words, or not an answer for each.
    """
    if not entries or len(entries) != len(answers):
        raise ValueError(f"An answer for each word is needed, received {len(answers)} for {len(entries)}.")
    wrong = errors = length = 0
    for entry, answer in zip(entries, answers, strict=True):
        edits, way = min((distance(way, answer), number) for number, way in enumerate(entry.pronunciations))
        wrong += edits > 0
        errors += edits
        length += len(entry.pronunciations[way])
    return Score(len(entries), wrong / len(entries), errors / length)


def distance(right: Sequence[str], answer: Sequence[str]) -> int:
    """The least number of insertions, deletions and exchanges that make one of the other.

    Example:
        >>> distance("B AH S".split(), "B AH S IH Z".split())
        2
    """
    row = list(range(len(answer) + 1))
    for number, phoneme in enumerate(right, 1):
        before, row[0] = row[0], number
        for place, said in enumerate(answer, 1):
            before, row[place] = (
                row[place],
                min(row[place] + 1, row[place - 1] + 1, before + (phoneme != said)),
            )
    return row[-1]
