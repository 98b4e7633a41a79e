"""Perplexity, and how often the next word is among the first guesses, of a model in memory or a file."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from edge.aliases import Array
from examples.language_model.corpus import PARAGRAPH, RARE, RARE_S, SYMBOLS, TEXT, merged

STREAMS, STEPS = 16, 50  # how the words are laid out
LOWEST = 3  # rank; all words below the first three have it


class Guesses(NamedTuple):
    """What a model says of a stretch of words, `[words]` each.

    Attributes:
        losses: -log P of each word; of a rare one, that it is any rare word.
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
    rare = merged(words, vocabulary) == place.get(RARE, -1)
    ranks = np.where(rare, len(vocabulary), guesses.ranks)[typed]
    perplexity = np.exp(np.mean(guesses.losses, dtype=np.float64))
    return Score(float(perplexity), float(np.mean(ranks < 1)), float(np.mean(ranks < 3)), len(words))


def rare_numbers(vocabulary: Sequence[str]) -> Array:
    """Of the symbols for rare words.

    A rare word is right if any of them is said, so perplexities are those of a vocabulary with one symbol.
    """
    return np.array([n for n, word in enumerate(vocabulary) if word in (RARE, RARE_S)], np.int32)


def perplexity(probabilities: Array) -> float:
    """Of the right words, whose probabilities are given."""
    return float(np.exp(-np.log(probabilities).mean()))


def judge(model: Any, ids: Array, vocabulary: Sequence[str], streams: int = STREAMS) -> Score:
    """Judge the model on all words but the first; the arguments are those of `guesses`."""
    return summary(guesses(model, ids, vocabulary, streams), ids[1:], vocabulary)


def guesses(model: Any, ids: Array, vocabulary: Sequence[str], streams: int = STREAMS) -> Guesses:
    """What the model says of all words but the first.

    Args:
        model: numbers of words to scores, with a layer `memory`.
        ids: `[words]`, one stretch of text.
        vocabulary: what they mean.
        streams: so many pieces of the stretch run side by side, each from a state of zeros.
    """
    import tensorflow as tf  # files are scored where there is none

    from examples.language_model.network import memory_twin

    steps = min(STEPS, max(1, (len(ids) - 1) // streams))
    count = -(-(len(ids) - 1) // (streams * steps))
    padded = np.zeros((2, streams * steps * count), np.int32)
    padded[0, : len(ids) - 1], padded[1, : len(ids) - 1] = ids[:-1], ids[1:]
    given, following = padded.reshape(2, streams, count * steps)
    twin = memory_twin(model, streams, steps)
    rare = rare_numbers(vocabulary)
    hidden = tf.constant([-1e9 if word in SYMBOLS else 0.0 for word in vocabulary])

    @tf.function
    def losses_and_ranks(x: Any, y: Any) -> Any:
        scores = twin(x, training=False)
        loss = tf.nn.sparse_softmax_cross_entropy_with_logits(y, scores)
        any_rare = tf.reduce_logsumexp(scores, -1) - tf.reduce_logsumexp(tf.gather(scores, rare, axis=-1), -1)
        loss = tf.where(tf.reduce_any(y[..., None] == rare, -1), any_rare, loss)
        shown = tf.reshape(scores + hidden, (-1, len(vocabulary)))
        among = [tf.math.in_top_k(tf.reshape(y, [-1]), shown, k) for k in range(1, LOWEST + 1)]
        rank = LOWEST - tf.add_n([tf.cast(each, tf.int32) for each in among])
        return loss, tf.reshape(rank, tf.shape(y))

    parts = [
        losses_and_ranks(given[:, k : k + steps], following[:, k : k + steps])
        for k in range(0, count * steps, steps)
    ]
    losses, ranks = (
        np.concatenate(each, axis=1).reshape(-1)[: len(ids) - 1] for each in zip(*parts, strict=True)
    )
    return Guesses(losses, ranks)
