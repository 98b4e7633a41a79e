"""A batch of any size through a file that takes a fixed number of rows at a time. Pure functions."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from edge.aliases import Array


def chunks(values: Sequence[Array], rows: int) -> Iterator[list[Array]]:
    """The values, `rows` rows at a time; the last chunk is filled up with its last row again."""
    total = len(values[0])
    for begin in range(0, total, rows):
        chunk = [value[begin : begin + rows] for value in values]
        missing = rows - len(chunk[0])
        if missing:  # real numbers of the caller's, not zeros: those may be no valid input
            chunk = [np.concatenate([part, np.repeat(part[-1:], missing, axis=0)]) for part in chunk]
        yield chunk


def joined(parts: Sequence[Array], rows: int, total: int) -> Array:
    """The results of all chunks as one batch of `total` rows.

    A result without a batch axis (a single number for one row) gets one; where a chunk of several rows has no
    batch axis in its result, the rows cannot be told apart.
    """
    if parts[0].ndim and len(parts[0]) == rows:
        return np.concatenate(parts)[:total]
    if rows == 1:
        return np.stack(parts)
    if total == rows:  # all that the caller gave, as the file gives it
        return parts[0]
    raise ValueError(
        f"an output of shape {list(parts[0].shape)} has no row for each of the {rows} that the file takes"
    )
