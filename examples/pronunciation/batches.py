"""The words as batches: in each all have as many letters, so that nothing of the encoder's is filled up."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import tensorflow as tf

from edge.aliases import Array
from examples.pronunciation.alphabet import END, START, letter_numbers, symbol_numbers
from examples.pronunciation.data import Entry

IGNORED = -1  # stands behind the end of the shorter answers of a batch
SPREAD = 2.0  # phonemes by which lengths may differ in a batch more than they would if they were sorted


class Batches:
    """Every way to say every word, once an epoch, in another order each time.

    A batch is `((letters, before), after)`, int32: `[batch, letters]`; `[batch, time]`, the start mark and
    the phonemes; `[batch, time]`, the phonemes, the mark that ends, and `IGNORED`.

    Args:
        words: of the dictionary.
        size: words in a batch; few have the last of their length.
        seed: of the order. Epoch n has the same whether or not the epochs before were seen.
        epoch: the first one.
    """

    def __init__(self, words: Sequence[Entry], size: int, seed: int, epoch: int = 0) -> None:
        self.size, self.seed, self.epoch = size, seed, epoch
        rows: dict[int, list[tuple[Array, list[int]]]] = {}
        for entry in words:
            letters = letter_numbers(entry.word)
            for way in entry.pronunciations:
                rows.setdefault(len(letters), []).append((letters, [*symbol_numbers(way), END]))
        self.rows = list(rows.values())

    def __len__(self) -> int:
        return sum(-(-len(rows) // self.size) for rows in self.rows)

    def __iter__(self) -> Iterator[tuple[tuple[Array, Array], Array]]:
        """An epoch; the next time, the next one."""
        order = self._order()
        self.epoch += 1
        for group, members in order:
            yield self._batch([self.rows[group][member] for member in members])

    def endless(self) -> tf.data.Dataset:
        """One epoch after the other, for `fit(..., steps_per_epoch=len(batches))`."""

        def forever() -> Iterator[tuple[tuple[Array, Array], Array]]:
            while True:
                yield from self

        # Said beforehand: Keras would guess it from the first two batches, and others have other lengths.
        numbers = tf.TensorSpec((None, None), tf.int32)
        signature = ((numbers, numbers), numbers)
        return tf.data.Dataset.from_generator(forever, output_signature=signature).prefetch(2)

    def _batch(self, chosen: Sequence[tuple[Array, list[int]]]) -> tuple[tuple[Array, Array], Array]:
        after = np.full((len(chosen), max(len(answer) for _, answer in chosen)), IGNORED, np.int32)
        for row, (_, answer) in zip(after, chosen, strict=True):
            row[: len(answer)] = answer
        before = np.maximum(np.roll(after, 1, axis=1), START)
        before[:, 0] = START
        return (np.stack([letters for letters, _ in chosen]), before), after

    def _order(self) -> list[tuple[int, Array]]:
        """Draw who share a batch, of one length and about as many phonemes, and the order of the batches."""
        rng = np.random.default_rng((self.seed, self.epoch))
        order: list[tuple[int, Array]] = []
        for group, rows in enumerate(self.rows):
            spread = np.array([len(answer) for _, answer in rows]) + SPREAD * rng.random(len(rows))
            cuts = np.arange(self.size, len(rows), self.size)
            order += [(group, part) for part in np.split(np.argsort(spread), cuts)]
        return [order[n] for n in rng.permutation(len(order))]
