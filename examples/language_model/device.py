"""The files judged as a phone uses them: a word in, the scores of all words out. No TensorFlow here."""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import numpy as np

import edge
from edge.aliases import Array
from examples.language_model.scores import Guesses
from examples.language_model.words import SYMBOLS


class Streamed(NamedTuple):
    """What a file said of a stretch of words, and the median time for a word, in ms, with Python's share."""

    guesses: Guesses
    latency: float


def stream_file(path: Path, ids: Array, tick: Callable[[], None] = lambda: None) -> Streamed:
    """Run a file over a stretch of words in one stream that starts from zeros.

    Args:
        path: of a file with the vocabulary as its labels.
        ids: numbers of words, `[words]`; all but the first are predicted.
        tick: is called after every word.
    """
    model = edge.load(path, num_threads=1)
    stream = model.stream()
    labels = model.labels or ()
    symbols = np.array([number for number, word in enumerate(labels) if word in SYMBOLS], int)
    losses, ranks, times = np.empty(len(ids) - 1), np.empty(len(ids) - 1, int), np.empty(len(ids) - 1)
    for number, (word, following) in enumerate(itertools.pairwise(ids)):
        started = time.perf_counter()
        scores = stream.step(int(word))
        times[number] = time.perf_counter() - started
        losses[number] = loss_of(scores, following)
        ranks[number] = rank_of(scores, following, symbols)
        tick()
    return Streamed(Guesses(losses, ranks), 1e3 * float(np.median(times)))


def loss_of(scores: Array, word: int) -> float:
    """-log of the softmax of `scores [vocabulary]` at one word."""
    high = float(scores.max())
    return high + float(np.log(np.exp(scores - high).sum(dtype=np.float64))) - float(scores[word])


def rank_of(scores: Array, word: int, symbols: Array) -> int:
    """How many words come before this one; of equal scores the frequent word is first."""
    own = scores[word]
    before = int((scores > own).sum() + (scores[:word] == own).sum())
    hidden = scores[symbols]
    return before - int(((hidden > own) | ((hidden == own) & (symbols < word))).sum())
