"""The tagger: three tables and the looks of a word -> LSTM in both directions -> a tag."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import NamedTuple

import keras
import numpy as np

from edge.aliases import Array
from examples.tagger.features import INPUTS, LOOKS, Alphabet, alphabet, plain_tag
from keras_lstm_plus import LSTMPlus

BATCH, LONGEST = 64, 60  # sentences in a batch, all of one length; words of a sentence, of more it is cut
FORGOTTEN = 0.05  # share of words whose table says "unknown" in training, so that endings are learned
RATE = 4e-3

Tagged = tuple[Sequence[str], Sequence[str]]


class Tagger(NamedTuple):
    """A trained tagger.

    Attributes:
        model: `[batch, time, INPUTS]` int32 to scores `[batch, time, tags]`.
        alphabet: what its numbers mean.
        seconds: that the training took.
    """

    model: keras.Model
    alphabet: Alphabet
    seconds: float

    def tag(self, sentences: Sequence[Sequence[str]]) -> list[tuple[str, ...]]:
        """A tag of the Brown corpus for every word.

        Args:
            sentences: words of each, punctuation marks among them.
        """
        pieces = [
            (row, start, words[start : start + LONGEST])
            for row, words in enumerate(sentences)
            for start in range(0, len(words), LONGEST)
        ]
        found: list[list[str]] = [[""] * len(words) for words in sentences]
        for rows in batches([len(words) for _, _, words in pieces], 8 * BATCH):
            x = np.stack([self.alphabet.numbers(pieces[row][2]) for row in rows])
            best = np.argmax(self.model.predict_on_batch(x), axis=-1)
            for piece, numbers in zip((pieces[row] for row in rows), best, strict=True):
                row, start, words = piece
                found[row][start : start + len(words)] = [self.alphabet.tags[n] for n in numbers]
        return [tuple(tags) for tags in found]


class Accuracy(NamedTuple):
    """Share of right tags, 0 to 1, of all words and of those that training never saw; how many they are."""

    right: float
    unseen: float
    words: int
    new: int


def build(letters: Alphabet, cells: int = 96) -> keras.Model:
    """The network.

    Args:
        letters: what it has numbers for.
        cells: of the LSTM in each direction.
    """
    x = keras.Input((None, INPUTS), dtype="int32", name="words")
    sizes = (len(letters.words), 96), (len(letters.threes), 48), (len(letters.twos), 16), (LOOKS, 8)
    vectors = [keras.layers.Embedding(count + 1, width)(x[:, :, n]) for n, (count, width) in enumerate(sizes)]
    seen = keras.layers.Dropout(0.2)(keras.layers.Concatenate()(vectors))
    both = keras.layers.Bidirectional(LSTMPlus(cells, return_sequences=True))(seen)
    scores = keras.layers.Dense(len(letters.tags))(keras.layers.Dropout(0.2)(both))
    return keras.Model(x, scores, name="tagger")


def train(sentences: Sequence[Tagged], epochs: int, seed: int) -> Tagger:
    """Learn from tagged sentences.

    Args:
        sentences: words and tags.
        epochs: over all of them.
        seed: of the weights, the order and the forgotten words.
    """
    started = time.perf_counter()
    keras.utils.set_random_seed(seed)
    letters = alphabet(sentences)
    model = build(letters)
    data = Batches(sentences, letters, seed)
    decay = keras.optimizers.schedules.PolynomialDecay(RATE, epochs * len(data), RATE / 50)
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(keras.optimizers.Adam(decay), loss, jit_compile=False)
    model.fit(data, epochs=epochs, verbose=0)
    return Tagger(model, letters, time.perf_counter() - started)


class Batches(keras.utils.PyDataset):
    """Sentences in batches of one length each, so that none is filled up; `(words, tags)` as numbers."""

    def __init__(self, sentences: Sequence[Tagged], letters: Alphabet, seed: int) -> None:
        super().__init__()
        cut = [
            (words[k : k + LONGEST], tags[k : k + LONGEST])
            for words, tags in sentences
            for k in range(0, len(words), LONGEST)
        ]
        self.x = [letters.numbers(words) for words, _ in cut]
        self.y = [letters.tag_numbers(tags) for _, tags in cut]
        self.rows = batches([len(words) for words, _ in cut], BATCH, np.random.default_rng(seed))
        self.rng = np.random.default_rng(seed)

    def __len__(self) -> int:
        return len(self.rows)

    def __getitem__(self, index: int) -> tuple[Array, Array]:
        x = np.stack([self.x[row] for row in self.rows[index]])
        x[..., 0][self.rng.random(x.shape[:2]) < FORGOTTEN] = 0
        return x, np.stack([self.y[row] for row in self.rows[index]])


def batches(lengths: Sequence[int], most: int, rng: np.random.Generator | None = None) -> list[list[int]]:
    """Places of equal length together, `most` at a time; in an order drawn, with something to draw by."""
    by_length: dict[int, list[int]] = {}
    order = range(len(lengths)) if rng is None else rng.permutation(len(lengths))
    for row in order:
        by_length.setdefault(lengths[row], []).append(int(row))
    found = [rows[k : k + most] for rows in by_length.values() for k in range(0, len(rows), most)]
    return found if rng is None else [found[k] for k in rng.permutation(len(found))]


def accuracy(tagger: Tagger, sentences: Sequence[Tagged], known: set[str]) -> Accuracy:
    """Judge a tagger.

    Args:
        sentences: that it did not learn from.
        known: words in small letters that it saw in training, however often.
    """
    found = tagger.tag([words for words, _ in sentences])
    right, new = [], []
    for (words, tags), guessed in zip(sentences, found, strict=True):
        right += [plain_tag(tag) == guess for tag, guess in zip(tags, guessed, strict=True)]
        new += [word.lower() not in known for word in words]
    hits, fresh = np.array(right), np.array(new)
    unseen = float(hits[fresh].mean()) if fresh.any() else float("nan")
    return Accuracy(float(hits.mean()), unseen, len(hits), int(fresh.sum()))
