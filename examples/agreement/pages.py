"""The sentences as pages: the cell word by word, with the plain RNN beside it forgetting."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import keras
import numpy as np

from edge.aliases import Array
from examples.agreement.experiment import Trial
from examples.agreement.grammar import WORD_ID, Sentence
from examples.agreement.inside import STORIES, Insight, Seen
from examples.agreement.network import parts
from examples.agreement.report import of
from keras_lstm_plus import plot_gates


class Plain(NamedTuple):
    """One sentence in the plain RNN.

    Attributes:
        states: after every word, `[1, words, units]`.
        right: the probability that it gives the right form, beside the wrong one; 0 to 1.
    """

    states: Array
    right: float


def plain_of(trials: Sequence[Trial]) -> keras.Model:
    """The plain RNN that agrees best."""
    return max(of(trials, "SimpleRNN"), key=lambda trial: trial.marks.number + trial.marks.gender).model


def watch_plain(model: keras.Model, sentence: Sentence) -> Plain:
    """Run one sentence through a plain RNN, without its padding."""
    words = np.array([[WORD_ID[word] for word in sentence.prefix]], np.int32)
    embedding, memory, following = parts(model)
    every = keras.layers.SimpleRNN.from_config({**memory.get_config(), "return_sequences": True})
    x = embedding(words)
    every.build(x.shape)
    every.set_weights(memory.get_weights())
    states = np.asarray(every(x))
    answer = np.ravel(following(states[:, -1]))
    right, wrong = (float(answer[WORD_ID[word]]) for word in (sentence.right, sentence.wrong))
    return Plain(states, right / (right + wrong))


def write_pages(seen: Mapping[str, Seen], insight: Insight, plain: keras.Model, folder: Path) -> list[Path]:
    """A page a sentence, `cell_NAME.html`; the units that are missed most come first.

    Args:
        seen: the sentences in the LSTM.
        insight: which of its units carry what.
        plain: the plain RNN.
    """
    count = next(iter(seen.values())).gates.c.shape[-1]
    units = list(dict.fromkeys([*insight.number.order, *insight.gender.order, *range(count)]))
    paths = []
    for name, found in seen.items():
        sentence = STORIES[name]
        beside = watch_plain(plain, sentence)
        title = (
            f"\u201c{' '.join(found.words)} \u2026\u201d: the LSTM says \u201c{sentence.right}\u201d "
            f"with {found.right:.0%}, the plain RNN with {beside.right:.0%}"
        )
        path = folder / f"cell_{name}.html"
        plot_gates(found.gates, found.words, units=units, title=title, path=path, plain=beside.states)
        paths.append(path)
    return paths
