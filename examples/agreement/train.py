"""Training: whole prefixes in, the word that agrees out, by cross entropy over the whole vocabulary."""

from __future__ import annotations

from collections.abc import Sequence

import keras
import numpy as np
from rich.console import Console

from edge.aliases import Array
from examples.agreement.grammar import (
    LENGTH,
    LONGEST_GAP,
    WORD_ID,
    Sentence,
    gender_sentence,
    number_sentence,
)
from examples.agreement.network import build, units_for
from examples.common.progress import TrainingBar

BATCH = 128
BATCHES = 150  # an epoch
LEARNING_RATE = 1e-2
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


def untrained(name: str, seed: int) -> keras.Model:
    """A network as training starts with it."""
    keras.utils.set_random_seed(seed)
    return build(name, units_for(name))


def train(
    name: str, words: Array, targets: Array, epochs: int, seed: int, console: Console, batches: int = BATCHES
) -> keras.Model:
    """Train one network.

    Args:
        name: of its recurrent layer, one of `network.MAKERS`.
        words, targets: from `encode`.
        epochs: of `batches` batches; a learning rate that fades out over all of them.
        seed: of the weights and the order of the sentences.
    """
    model = untrained(name, seed)
    rate = keras.optimizers.schedules.CosineDecay(LEARNING_RATE, epochs * batches)
    model.compile(keras.optimizers.Adam(rate, global_clipnorm=1.0), "sparse_categorical_crossentropy")
    with TrainingBar(name, epochs, batches, console, lambda logs: f"loss {logs['loss']:.3f}") as bar:
        model.fit(words, targets, batch_size=BATCH, epochs=epochs, callbacks=[bar], verbose=0)
    return model
