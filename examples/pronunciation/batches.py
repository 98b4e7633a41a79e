"""The words as batches: in each all have as many letters, so that nothing of the encoder's is filled up."""

from __future__ import annotations

from collections.abc import Sequence

import keras
import numpy as np

from edge.aliases import Array
from examples.pronunciation.alphabet import END, START, letter_numbers, symbol_numbers
from examples.pronunciation.data import Entry

IGNORED = -1  # stands behind the end of the shorter answers of a batch
SPREAD = 2.0  # phonemes by which lengths may differ in a batch more than they would if they were sorted


class Batches(keras.utils.PyDataset):
    """Every way to say every word, once an epoch, in another order each time.

    A batch is `((letters, before), after)`, int32: `[batch, letters]`; `[batch, time]`, the mark that starts and
    the phonemes; `[batch, time]`, the phonemes, the mark that ends, and `IGNORED`.

    Args:
        words: of the dictionary.
        size: words in a batch; few have the last of their length.
        seed: of the order. Epoch n has the same whether or not the epochs before were seen.
        epoch: the first one.
    """

    def __init__(self, words: Sequence[Entry], size: int, seed: int, epoch: int = 0) -> None:
        super().__init__()
        self.size, self.seed, self.epoch = size, seed, epoch
        rows: dict[int, list[tuple[Array, list[int]]]] = {}
        for entry in words:
            letters = letter_numbers(entry.word)
            for way in entry.pronunciations:
                rows.setdefault(len(letters), []).append((letters, [*symbol_numbers(way), END]))
        self.rows = list(rows.values())
        self._shuffle()

    def __len__(self) -> int:
        return len(self.order)

    def __getitem__(self, index: int) -> tuple[tuple[Array, Array], Array]:
        group, members = self.order[index]
        chosen = [self.rows[group][member] for member in members]
        after = np.full((len(chosen), max(len(answer) for _, answer in chosen)), IGNORED, np.int32)
        for row, (_, answer) in zip(after, chosen, strict=True):
            row[: len(answer)] = answer
        before = np.maximum(np.roll(after, 1, axis=1), START)
        before[:, 0] = START
        return (np.stack([letters for letters, _ in chosen]), before), after

    def on_epoch_end(self) -> None:
        self.epoch += 1
        self._shuffle()

    def _shuffle(self) -> None:
        """Draw which words share a batch, of one length and about as many phonemes, and the order of the batches."""
        rng = np.random.default_rng((self.seed, self.epoch))
        self.order: list[tuple[int, Array]] = []
        for group, rows in enumerate(self.rows):
            spread = np.array([len(answer) for _, answer in rows]) + SPREAD * rng.random(len(rows))
            members = np.argsort(spread)
            cuts = np.arange(self.size, len(rows), self.size)
            self.order += [(group, part) for part in np.split(members, cuts)]
        rng.shuffle(self.order)  # type: ignore[arg-type]
