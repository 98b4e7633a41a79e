"""What a task is: sequences, targets, which of them count, and what a right answer is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, NamedTuple

import numpy as np

from edge.aliases import Array


class Batch(NamedTuple):
    """Sequences with their targets.

    Attributes:
        x: `[batch, time, features]` float32, what the network sees.
        y: `[batch, time, outputs]` float32, what it should say.
        counts: `[batch, time]` float32, 1 where the answer counts and 0 where nobody asks.
    """

    x: Array
    y: Array
    counts: Array


@dataclass(frozen=True)
class Task:
    """One task with its success criterion.

    Attributes:
        name: for tables.
        family: `"MSD"`, `"GTS"`, `"PFG"`, `"adding"`, `"temporal order"` or `"Reber"`.
        loss: of an answer: `"binary"` and `"categorical"` cross-entropy, or `"squared"` error.
        batch: sequences of one update.
        draw: `(rng, sequences)` to a `Batch` to train with.
        test: `rng` to the `Batch` that decides.
        right: `(answers [..., time, outputs], y, counts)` to `[...]`, whether all of a sequence is right. The
            answers have gone through the sigmoid or the softmax.
        limit: an answer is wrong if it is this far from its target, or farther.
        in_a_row: so many training sequences must have been answered rightly, one after the other and each
            before it was learned from; 0: the test decides.
        spike_weight: how much more a spike counts in the loss than a step without one.
    """

    name: str
    family: str
    loss: Literal["binary", "categorical", "squared"]
    batch: int
    draw: Callable[[np.random.Generator, int], Batch]
    test: Callable[[np.random.Generator], Batch]
    right: Callable[[Array, Array, Array], Array]
    limit: float
    in_a_row: int = 0
    spike_weight: float = 1.0


def lasted(answers: Array, y: Array, limit: float) -> int:
    """Steps before the first error."""
    wrong = (np.abs(answers - y) >= limit).any(axis=-1)
    return int(wrong.argmax()) if wrong.any() else len(wrong)


def within(limit: float) -> Callable[[Array, Array, Array], Array]:
    """Right is a sequence whose every answer that counts is less than `limit` from its target."""

    def right(answers: Array, y: Array, counts: Array) -> Array:
        return np.all((np.abs(answers - y) < limit) | (counts[..., None] == 0), axis=(-2, -1))

    return right
