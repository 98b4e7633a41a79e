"""How good the guesses of the model in memory are, word by word."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from edge.aliases import Array
from examples.language_model.network import memory_twin
from examples.language_model.scores import Guesses, Score, summary
from examples.language_model.words import SYMBOLS

STREAMS, STEPS = 16, 50  # how the words are laid out
LOWEST = 3  # rank; all words below the first three have it


def judge(model: keras.Model, ids: Array, vocabulary: Sequence[str], streams: int = STREAMS) -> Score:
    """Judge the model on all words but the first; the arguments are those of `guesses`."""
    return summary(guesses(model, ids, vocabulary, streams), ids[1:], vocabulary)


def guesses(model: keras.Model, ids: Array, vocabulary: Sequence[str], streams: int = STREAMS) -> Guesses:
    """What the model says of all words but the first.

    Args:
        model: numbers of words to scores, with a layer `memory`.
        ids: `[words]`, one stretch of text.
        vocabulary: what they mean.
        streams: so many pieces of the stretch run side by side, each from a state of zeros.
    """
    steps = min(STEPS, max(1, (len(ids) - 1) // streams))
    count = -(-(len(ids) - 1) // (streams * steps))
    padded = np.zeros((2, streams * steps * count), np.int32)
    padded[0, : len(ids) - 1], padded[1, : len(ids) - 1] = ids[:-1], ids[1:]
    given, following = padded.reshape(2, streams, count * steps)
    twin = memory_twin(model, streams, steps)
    hidden = tf.constant([-1e9 if word in SYMBOLS else 0.0 for word in vocabulary])

    @tf.function
    def losses_and_ranks(x: Any, y: Any) -> Any:
        scores = twin(x, training=False)
        loss = tf.nn.sparse_softmax_cross_entropy_with_logits(y, scores)
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
