"""Agreement scoring: does a model find the right form more probable than the wrong one?

A model that gives the probabilities of the next word is shown the start of a sentence and asked about two
words that differ in number or gender alone: "The keys to the cabinet ... are / is". The share of pairs in
which the right one is more probable is what Linzen, Dupoux & Goldberg (2016), "Assessing the Ability of LSTMs
to Learn Syntax-Sensitive Dependencies", and Marvin & Linzen (2018), "Targeted Syntactic Evaluation of
Language Models", report, by the number of attractors: the nouns in between that say the opposite.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np

from edge.aliases import Array

Predict = Callable[[Array], Any]

Z95 = 1.959964  # of the normal distribution: 95 % lie within


class MinimalPair(NamedTuple):
    """The start of a sentence and two ways to go on.

    Attributes:
        prefix: the words before.
        right, wrong: the word that agrees, and the one that does not.
        attractors: how many words in between say the opposite; pairs are counted by it.
    """

    prefix: Sequence[str]
    right: str
    wrong: str
    attractors: int = 0


class Share(NamedTuple):
    """How often the right form was more probable.

    Attributes:
        pairs: of how many.
        right: in how many of them; where both are equal, neither is.
        low, high: the interval in which the true share lies in 95 of 100 such samples (Wilson 1927).
    """

    pairs: int
    right: int
    low: float
    high: float

    @property
    def share(self) -> float:
        """0 to 1; NaN if there is no pair."""
        return self.right / self.pairs if self.pairs else math.nan


class PairScores(NamedTuple):
    """What a model gave the two forms of every pair.

    Attributes:
        right, wrong: its number for either form, `[pairs]`; a probability or a logit, as the model has it.
        attractors: of each pair, `[pairs]`.
    """

    right: Array
    wrong: Array
    attractors: Array

    @property
    def preferred(self) -> Array:
        """Whether the right form was more probable, `[pairs]`."""
        return self.right > self.wrong

    @property
    def ties(self) -> int:
        """Pairs with equal numbers for both forms, as integers have them that are too coarse."""
        return int((self.right == self.wrong).sum())

    @property
    def overall(self) -> Share:
        """Over all pairs."""
        return _share(self.preferred)

    def by_attractors(self) -> dict[int, Share]:
        """By the number of attractors, in rising order."""
        counts = self.attractors
        return {int(count): _share(self.preferred[counts == count]) for count in np.unique(counts)}


def score_pairs(
    predict: Predict,
    pairs: Sequence[MinimalPair],
    word_id: Callable[[str], int],
    *,
    length: int | None = None,
    batch: int = 256,
) -> PairScores:
    """Ask a model about pairs.

    Args:
        predict: from word numbers `[batch, time]`, int32, to numbers for the next word, `[batch, vocabulary]`
            or, for every step, `[batch, time, vocabulary]`: `edge.load("words.tflite").predict`, a Keras
            model's `predict`, any function. Only their order counts, so logits do as well as probabilities;
            of a file in integers they do better, where a small probability is 0.
        pairs: what to ask.
        word_id: the number of a word, for example `ids.__getitem__`.
        length: every prefix is brought to so many words: filled up with 0 at the front, for a model that
            masks it, or cut there. None: as they are; those of one length share a batch.
        batch: at most so many prefixes at a time.

    Raises:
        ValueError: no pairs, an empty prefix, two forms that are the same word to the model, an answer of
            another shape or with NaN in it, a word without a number or one that the model does not have.

    Example:
        >>> ids = {"the": 0, "key": 1, "keys": 2, "is": 3, "are": 4}
        >>> by_last_word = np.eye(5)[[0, 3, 4, 0, 0]]  # "is" after "key", "are" after "keys"
        >>> asked = [
        ...     MinimalPair("the key".split(), "is", "are"),
        ...     MinimalPair("the keys".split(), "are", "is"),
        ...     MinimalPair("the keys the key".split(), "are", "is", attractors=1),
        ... ]
        >>> scores = score_pairs(lambda x: by_last_word[x[:, -1]], asked, ids.__getitem__)
        >>> {n: found.share for n, found in scores.by_attractors().items()}
        {0: 1.0, 1: 0.0}
    """
    if not pairs:
        raise ValueError("score_pairs: there are no pairs to ask about.")
    if batch < 1 or (length is not None and length < 1):
        raise ValueError(
            f"score_pairs: batch and length must be positive, received batch {batch}, length {length}."
        )
    prefixes = [[_id(word_id, word) for word in pair.prefix] for pair in pairs]
    forms = np.array([[_id(word_id, pair.right), _id(word_id, pair.wrong)] for pair in pairs])
    for pair, prefix, (right, wrong) in zip(pairs, prefixes, forms, strict=True):
        if not prefix:
            raise ValueError(f"score_pairs: nothing stands before {pair.right!r}: an empty prefix.")
        if right == wrong:
            raise ValueError(
                f"score_pairs: {pair.right!r} and {pair.wrong!r} are both word {right} to the model; leave "
                "out pairs that it has no words for."
            )
    if length is not None:
        prefixes = [([0] * length + prefix)[-length:] for prefix in prefixes]
    values = np.empty(forms.shape)
    for rows in _batches(prefixes, batch):
        x = np.array([prefixes[row] for row in rows], np.int32)
        values[rows] = np.take_along_axis(_answers(predict, x, int(forms[rows].max())), forms[rows], axis=1)
    return PairScores(values[:, 0], values[:, 1], np.array([pair.attractors for pair in pairs]))


def _id(word_id: Callable[[str], int], word: str) -> int:
    try:
        return int(word_id(word))
    except (KeyError, IndexError, TypeError):
        raise ValueError(f"score_pairs: word_id has no number for {word!r}.") from None


def _batches(prefixes: Sequence[Sequence[int]], batch: int) -> Iterator[list[int]]:
    """Rows with prefixes of equal length, so many at most."""
    lengths = [len(prefix) for prefix in prefixes]
    for length in sorted(set(lengths)):
        rows = [row for row, found in enumerate(lengths) if found == length]
        for start in range(0, len(rows), batch):
            yield rows[start : start + batch]


def _answers(predict: Predict, x: Array, largest: int) -> Array:
    """For the word after the last, `[batch, vocabulary]`."""
    answer = np.asarray(predict(x), np.float64)
    fits = answer.ndim == 2 or (answer.ndim == 3 and answer.shape[1] == x.shape[1])
    if not fits or len(answer) != len(x):
        raise ValueError(
            f"score_pairs: predict gave shape {list(answer.shape)} for {list(x.shape)} words; it must be "
            "[batch, vocabulary] or [batch, time, vocabulary]."
        )
    last = answer if answer.ndim == 2 else answer[:, -1]
    if largest >= last.shape[1]:
        raise ValueError(f"score_pairs: the model has {last.shape[1]} words, and was asked about {largest}.")
    if np.isnan(last).any():
        raise ValueError("score_pairs: predict gave NaN.")
    return last


def _share(preferred: Array) -> Share:
    pairs, right = len(preferred), int(preferred.sum())
    if not pairs:
        return Share(0, 0, math.nan, math.nan)
    share, z = right / pairs, Z95**2 / pairs
    middle = (share + z / 2) / (1 + z)
    half = math.sqrt(z * share * (1 - share) + z * z / 4) / (1 + z)
    return Share(pairs, right, max(0.0, middle - half), min(1.0, middle + half))
