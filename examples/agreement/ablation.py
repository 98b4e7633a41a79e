"""Which unit carries the number from the noun to the verb: units are silenced over the gap.

Silenced: after every word of the gap the cell and the output of a unit are set to their means over all the
sentences and all the words of the gap, so that they say nothing of this sentence. Everything else runs on.
What the network gets wrong then, it knew by that unit (Lakretz et al. 2019, "The emergence of number and
syntax units in LSTM language models", who set units to 0 at all words).

Where no unit alone is missed, several know the same: then the one whose loss costs most of the margin is
silenced for good, and the others are tried again beside it, and so on.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import keras
import numpy as np
from keras import ops

from edge.aliases import Array
from examples.agreement.data import encode
from examples.agreement.grammar import WORD_ID, Sentence
from examples.agreement.network import parts
from keras_lstm_plus import trace

BROKEN = 0.6  # share of right answers at which no more units are silenced; guessing gives 0.5
MOST = 6  # units


class Ablation(NamedTuple):
    """What is left without some units.

    Attributes:
        whole: share of right answers with all of them.
        without: share without each of them alone, `[units]`.
        order: units silenced together, the most important first.
        left: share without the first, the first two, ... of them.
    """

    whole: float
    without: Array
    order: list[int]
    left: list[float]


def gap_of(sentences: Sequence[Sentence], steps: int) -> Array:
    """Where the gap is, `[sentences, steps]` bool: behind the cue, up to the last word; zeros in front."""
    inside = np.zeros((len(sentences), steps), bool)
    for row, sentence in enumerate(sentences):
        inside[row, steps - len(sentence.prefix) + sentence.cue + 1 :] = True
    return inside


def ablate(model: keras.Model, sentences: Sequence[Sentence]) -> Ablation:
    """Silence every unit of an LSTM in turn, and then more of them together.

    Args:
        sentences: with words in their gaps.
    """
    words, _ = encode(sentences)
    inside = gap_of(sentences, words.shape[1])
    means = gap_means(model, words, inside)
    forms = np.array([[WORD_ID[s.right], WORD_ID[s.wrong]] for s in sentences])
    units = len(means[0])

    def judged(candidates: Sequence[Sequence[int]]) -> tuple[Array, Array]:
        """Share of right answers and mean log odds without each group of units, `[candidates]` both."""
        silent = np.zeros((len(candidates), units), bool)
        for row, group in enumerate(candidates):
            silent[row, list(group)] = True
        tiles = (len(candidates), 1)
        answer = run_silenced(
            model, np.tile(words, tiles), np.tile(inside, tiles), np.repeat(silent, len(words), axis=0), means
        )
        right, wrong = np.take_along_axis(answer, np.tile(forms, tiles), axis=1).T.reshape(
            2, len(candidates), -1
        )
        odds = np.log(np.maximum(right, 1e-30)) - np.log(np.maximum(wrong, 1e-30))
        return (right > wrong).mean(axis=1), odds.mean(axis=1)

    (whole,), _ = judged([[]])
    order: list[int] = []
    left: list[float] = []
    alone = np.zeros(units)
    while len(order) < min(MOST, units) and (not left or left[-1] > BROKEN):
        others = [unit for unit in range(units) if unit not in order]
        shares, odds = judged([[*order, unit] for unit in others])
        if not order:
            alone = shares
        worst = int(odds.argmin())
        order.append(others[worst])
        left.append(float(shares[worst]))
    return Ablation(float(whole), alone, order, left)


def gap_means(model: keras.Model, words: Array, inside: Array) -> list[Array]:
    """Means of h and of c over the words of the gaps, `[units]` each."""
    seen = trace(model, words)["memory"]
    return [state[inside].mean(axis=0) for state in (seen.h, seen.c)]


def run_silenced(
    model: keras.Model, words: Array, inside: Array, silent: Array, means: Sequence[Array]
) -> Array:
    """The next word, `[sentences, vocabulary]`, with some units set to their means wherever `inside`.

    Args:
        words: `[sentences, steps]`, zeros for no word.
        inside: `[sentences, steps]`, from `gap_of`.
        silent: `[sentences, units]`, which units.
        means: of h and of c, `[units]` each.
    """
    embedding, memory, following = parts(model)
    x = embedding(words)
    states: list[Any] = memory.cell.get_initial_state(len(words))
    for step in range(words.shape[1]):
        _, now = memory.cell(x[:, step], states)
        here = inside[:, step, None] & silent
        now = [ops.where(here, mean, state) for mean, state in zip(means, now, strict=True)]
        is_word = words[:, step, None] != 0
        states = [ops.where(is_word, new, old) for new, old in zip(now, states, strict=True)]
    return ops.convert_to_numpy(following(states[0]))
