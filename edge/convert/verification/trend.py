"""Whether an error grows with time: a judgement on levels that are compared with their own noise."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from edge.aliases import Array
from edge.results.verification import Trend

BY_TEN = (
    1.2  # from one level to one at ten times as many steps: an error like the logarithm grows so at 100,000
)
WARM_UP = 3.0  # the same where there are but two levels: the first is of a state that is hardly filled
SETTLED = 2.0  # from an earlier level to the last, for an error that is said to have grown once
SURE = 3.5  # standard errors between two levels
LEAST_NOISE = 0.02  # of a level, relative: however alike its pieces are
FEW = 5  # pieces: fewer do not tell their own noise
PIECES = 20  # of a window of a stream
LATE = 1.4  # from the second quarter of a stream to its last: without end, an error grows by 1.5 at least


class _Level(NamedTuple):
    """The logarithm of an rms error, and its standard error."""

    log: float
    noise: float


def trend(levels: Sequence[Array], ends: Sequence[int], floor: float) -> Trend:
    """What an error does over time.

    It grows if the last level is above the one before it by more than BY_TEN for ten times as many steps, and
    by more than the noise of both; a piece that stands out by far makes a level uncertain. It has settled if
    the last level is not above the one before, but far above an earlier one.

    Args:
        levels: mean squared errors for more and more steps, an array a level: of sequences side by side, or
            of pieces of one stream.
        ends: how many steps each is for.
        floor: a smaller rms is the noise of the arithmetic.
    """
    if len(levels) < 2:
        return "steady"
    if not all(np.isfinite(level).all() for level in levels):
        return "grows" if np.isfinite(levels[0]).all() else "steady"
    known = _levels(levels, floor)
    last = known[-1]
    by_ten = (last.log - known[-2].log) / math.log10(ends[-1] / max(ends[-2], 1))
    if _is_above(last, known[-2]) and by_ten > math.log(BY_TEN if len(levels) > 2 else WARM_UP):
        return "grows"
    rose = (_is_above(last, each) and last.log - each.log > math.log(SETTLED) for each in known)
    return "settled" if any(rose) else "steady"


def trend_of_stream(squares: Array, ends: Sequence[int], floor: float) -> Trend:
    """The same for a stream.

    Args:
        squares: the mean squared error of each step.
        ends: of the windows, the first of which begins with the stream: 10, 100, ...
        floor: as above.
    """
    begins = [0, *ends[:-1]]
    windows = [_pieces(squares[a:b]) for a, b in zip(begins, ends, strict=True)]
    found = trend(windows, [(a + b) // 2 for a, b in zip(begins, ends, strict=True)], floor)
    quarter = len(squares) // 4
    if found == "grows" or quarter < 100 or not np.isfinite(squares).all():
        return found
    # What begins late, or is slow, is lost in a window that is nine tenths of the stream.
    quarters = [_pieces(squares[n * quarter : (n + 1) * quarter]) for n in (1, 3)]
    second, last = _levels(quarters, floor)
    return "grows" if _is_above(last, second) and last.log - second.log > math.log(LATE) else found


def _pieces(squares: Array) -> Array:
    """The means of pieces of a window, of equal length."""
    return np.array([part.mean() for part in np.array_split(squares, min(PIECES, len(squares)))])


def _levels(levels: Sequence[Array], floor: float) -> list[_Level]:
    least = max(floor, 1e-150) ** 2
    found = [_level(np.maximum(level, least)) for level in levels]
    sizes = [len(level) for level in levels]
    shared = [each.noise**2 * n for each, n in zip(found, sizes, strict=True) if n >= FEW]
    piece = float(np.mean(shared)) if shared else 0.0
    return [
        each._replace(noise=max(each.noise, math.sqrt(piece / n) if n < FEW else 0.0, LEAST_NOISE))
        for each, n in zip(found, sizes, strict=True)
    ]


def _level(squares: Array) -> _Level:
    """The level of its pieces, and its noise by leaving out each once (the jackknife)."""
    count = len(squares)
    log = 0.5 * math.log(squares.mean())
    if count < 2:
        return _Level(log, 0.0)
    without = 0.5 * np.log((squares.sum() - squares + 1e-300) / (count - 1))
    return _Level(log, math.sqrt((count - 1) / count * float(((without - without.mean()) ** 2).sum())))


def _is_above(later: _Level, earlier: _Level) -> bool:
    """Whether one level is above another by more than their noise."""
    return later.log - earlier.log > SURE * math.hypot(later.noise, earlier.noise)
