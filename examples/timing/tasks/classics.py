"""Tasks of Hochreiter & Schmidhuber 1997, for which the LSTM was made."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

import numpy as np

from examples.timing.tasks import reber
from examples.timing.tasks.task import Array, Batch, Task, within

ADDING_ERROR = 0.04
ORDER_ERROR = 0.3
IN_A_ROW = 2000  # training sequences answered rightly, as in the paper
TESTED = 500  # sequences after that (the paper: 2560)
STRINGS = 256  # of the grammar, to test with

# Where the marked symbols of temporal order stand: each somewhere in its range, both ends included.
ORDER_PLACES = {2: ((10, 20), (50, 60)), 3: ((10, 20), (33, 43), (66, 76))}
ORDER_LENGTHS = (100, 110)
NOISE, MARKED = 4, 2  # symbols a to d; X and Y; then E at the start and B at the end


def adding(length: int) -> Task:
    """Adding: real numbers in [-1, 1], two of them marked; at the end, 0.5 + (their sum) / 4.

    Sequences have `length` to 1.1 * `length` steps; the first marked number is among the first ten, the
    second in the first half. The other marks are 0, at both ends -1.
    """

    def draw(rng: np.random.Generator, sequences: int) -> Batch:
        longest = length + length // 10
        steps = rng.integers(length, longest + 1, sequences)
        rows = np.arange(sequences)
        numbers = rng.uniform(-1, 1, (sequences, longest)).astype(np.float32)
        marks = np.zeros_like(numbers)
        first = rng.integers(0, 10, sequences)
        second = rng.integers(0, length // 2 - 1, sequences)
        second += second >= first  # any place but the first one
        # The paper: a mark at the very start makes that number count as 0.
        numbers[(first == 0) | (second == 0), 0] = 0
        marks[:, 0], marks[rows, steps - 1] = -1, -1
        marks[rows, first], marks[rows, second] = 1, 1
        total = numbers[rows, first] + numbers[rows, second]
        return _at_the_end(np.stack([numbers, marks], -1), (0.5 + total / 4)[:, None], steps)

    return _task(f"adding {length}", "adding", "squared", draw, ADDING_ERROR)


def temporal_order(marked: int) -> Task:
    """Temporal order: 100 to 110 symbols, of which two (6a) or three (6b) are X or Y. Which, in which order?

    All others are one of four, E begins and B ends; there are 4 or 8 classes.
    """
    places = ORDER_PLACES[marked]

    def draw(rng: np.random.Generator, sequences: int) -> Batch:
        steps = rng.integers(ORDER_LENGTHS[0], ORDER_LENGTHS[1] + 1, sequences)
        rows = np.arange(sequences)
        symbols = rng.integers(0, NOISE, (sequences, ORDER_LENGTHS[1]))
        symbols[:, 0], symbols[rows, steps - 1] = NOISE + MARKED, NOISE + MARKED + 1
        label = np.zeros(sequences, int)
        for low, high in places:
            which = rng.integers(0, MARKED, sequences)
            symbols[rows, rng.integers(low, high + 1, sequences)] = NOISE + which
            label = MARKED * label + which
        x = np.eye(NOISE + MARKED + 2, dtype=np.float32)[symbols]
        return _at_the_end(x, np.eye(MARKED ** len(places), dtype=np.float32)[label], steps)

    return _task(f"order {'6a' if marked == 2 else '6b'}", "temporal order", "categorical", draw, ORDER_ERROR)


def embedded_reber() -> Task:
    """Embedded Reber grammar: after every symbol of a string, which symbols may come next?

    Right is a string after every symbol of which the legal ones have the highest probabilities.
    """
    return Task(
        "embedded Reber",
        "Reber",
        "categorical",
        batch=32,
        draw=reber.draw,
        test=lambda rng: reber.draw_legal(rng, STRINGS),
        right=reber.legal_on_top,
        limit=0.5,  # of no importance here
    )


def _task(
    name: str,
    family: str,
    loss: Literal["categorical", "squared"],
    draw: Callable[[np.random.Generator, int], Batch],
    limit: float,
) -> Task:
    """Solved with 2000 sequences right in a row."""
    test, right = (lambda rng: draw(rng, TESTED)), within(limit)
    return Task(name, family, loss, 32, draw, test, right, limit, in_a_row=IN_A_ROW)


def _at_the_end(x: Array, answer: Array, steps: Array) -> Batch:
    """Sequences of `steps [batch]` steps, asked once, at their end; what lies behind it is zero."""
    rows = np.arange(len(x))
    x = x * (np.arange(x.shape[1]) < steps[:, None])[..., None]
    y = np.zeros((*x.shape[:2], answer.shape[-1]), np.float32)
    counts = np.zeros(x.shape[:2], np.float32)
    y[rows, steps - 1], counts[rows, steps - 1] = answer, 1
    return Batch(x.astype(np.float32), y, counts)
