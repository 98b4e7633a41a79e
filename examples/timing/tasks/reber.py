"""The embedded Reber grammar: a small grammar inside a larger one whose end repeats its beginning.

A string is B, then T or P, then a string of the Reber grammar (Reber 1967), then the same T or P, then E.
Only the second symbol says what the last but one must be, and all of the inner string lies between them.
"""

from __future__ import annotations

import numpy as np

from examples.timing.tasks.task import Array, Batch

SYMBOLS = "BTPSXVE"
# Of each state of the inner grammar: which symbols may come, and where they lead.
INNER: tuple[dict[str, int], ...] = (
    {"B": 1},
    {"T": 2, "P": 3},
    {"S": 2, "X": 4},
    {"T": 3, "V": 5},
    {"X": 3, "S": 6},
    {"P": 4, "V": 6},
    {"E": 7},
    {},
)
LONGEST = 40  # symbols; longer strings, fewer than one in a thousand, are drawn anew


def string(rng: np.random.Generator) -> tuple[str, list[str]]:
    """A string, and after each of its symbols but the last, which ones were legal next."""
    branch = "TP"[rng.integers(2)]
    text, legal, state = "B" + branch, ["TP"], 0
    while INNER[state]:
        legal.append("".join(INNER[state]))
        symbol = legal[-1][rng.integers(len(legal[-1]))]
        text, state = text + symbol, INNER[state][symbol]
    text, legal = text + branch + "E", [*legal, branch, "E"]
    return (text, legal) if len(text) <= LONGEST else string(rng)


def draw(rng: np.random.Generator, strings: int) -> Batch:
    """Strings as `x [strings, LONGEST, 7]` one-hot, with the symbol that came next as the target."""
    return encoded([string(rng) for _ in range(strings)], legal_targets=False)


def draw_legal(rng: np.random.Generator, strings: int) -> Batch:
    """Strings, with all the symbols that were legal next as the target: 1 for each of them."""
    return encoded([string(rng) for _ in range(strings)], legal_targets=True)


def encoded(strings: list[tuple[str, list[str]]], legal_targets: bool) -> Batch:
    """Strings of different lengths as one batch; nothing counts behind the last symbol."""
    x = np.zeros((len(strings), LONGEST, len(SYMBOLS)), np.float32)
    y, counts = np.zeros_like(x), np.zeros(x.shape[:2], np.float32)
    for row, (text, legal) in enumerate(strings):
        for step, (symbol, following, allowed) in enumerate(zip(text, text[1:], legal, strict=False)):
            x[row, step, SYMBOLS.index(symbol)] = 1
            for one in allowed if legal_targets else following:
                y[row, step, SYMBOLS.index(one)] = 1
            counts[row, step] = 1
    return Batch(x, y, counts)


def legal_on_top(answers: Array, y: Array, counts: Array) -> Array:
    """Whether after every symbol each legal one has a higher probability than every other."""
    lowest = np.where(y > 0, answers, np.inf).min(axis=-1)
    highest = np.where(y > 0, -np.inf, answers).max(axis=-1)
    return np.all((lowest > highest) | (counts == 0), axis=-1)
