"""Adding two numbers, digit by digit: a task of Kalchbrenner, Danihelka & Graves 2015, numbers shorter.

One sequence of three digits: 128 + 256 is 384, and the answer has a digit more for the carry.

    read    1 2 8 - 2 5 6 - - - - -
    answer                -> 0 3 8 4
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from edge.aliases import Array

SYMBOLS = 11  # ten digits and the mark between the numbers, which is read while the answer is given too
MARK = 10


class Sums(NamedTuple):
    """A batch of sums.

    Attributes:
        x: what is read, one-hot, `[batch, time, SYMBOLS]`.
        y: the digits of the answers, `[batch, digits + 1]`; they belong to the last steps.
    """

    x: Array
    y: Array


def steps(digits: int) -> int:
    """Time steps of a sequence: two numbers, a mark behind each, and the answer."""
    return 2 * (digits + 1) + digits + 1


def split(digits: int, held_out: int, seed: int) -> tuple[Array, Array]:
    """All pairs of numbers of up to so many digits, mixed: those to learn from, and those to be asked for.

    A network that has seen a sum may know it by heart; those that are held out it has to add.
    """
    pairs = np.random.default_rng((seed, digits)).permutation(10 ** (2 * digits))
    numbers = np.stack(np.divmod(pairs, 10**digits), axis=1)
    return numbers[held_out:], numbers[:held_out]


def written(numbers: Array, digits: int) -> Sums:
    """The sums of pairs of numbers, `[batch, 2]`."""
    symbols = np.full((len(numbers), steps(digits)), MARK)
    symbols[:, :digits] = _digits(numbers[:, 0], digits)
    symbols[:, digits + 1 : 2 * digits + 1] = _digits(numbers[:, 1], digits)
    return Sums(np.eye(SYMBOLS, dtype=np.float32)[symbols], _digits(numbers.sum(axis=1), digits + 1))


def _digits(numbers: Array, count: int) -> Array:
    return numbers[:, None] // 10 ** np.arange(count)[::-1] % 10


def right(answers: Array, y: Array) -> tuple[float, float]:
    """The share of digits that are right, and the share of sums that are right in every digit.

    Args:
        answers: scores of the digits, `[batch, time, 10]`, of which the last steps count.
        y: of `Sums`.
    """
    hits = answers[:, -y.shape[1] :].argmax(axis=-1) == y
    return float(hits.mean()), float(hits.all(axis=1).mean())
