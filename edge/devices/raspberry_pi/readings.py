"""Numbers from text, and numbers at the pace of a clock."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterable, Iterator

import numpy as np

from edge.aliases import Array

BETWEEN = re.compile(r"[,;\s]+")


def read_samples(lines: Iterable[str], name: str) -> Iterator[Array | None]:
    """A sample for each line of text, as the lines come: from a file, or from a program that writes on.

    Numbers have commas, semicolons, tabs or spaces between them. A first line that holds names, and lines
    that start with #, are passed over.

    Args:
        lines: of the text.
        name: of the source, for errors.

    Yields:
        `[features]`, float32; None for an empty line, which starts a new sequence.

    Raises:
        ValueError: a line with something else than numbers, or with more or fewer than the lines before; the
            message names it.

    Example:
        >>> [None if x is None else x.tolist() for x in read_samples(["x,y", "1,2", "", "3 4"], "text")]
        [[1.0, 2.0], None, [3.0, 4.0]]
    """
    width, is_first = 0, True
    for number, line in enumerate(lines, start=1):
        text = line.strip().lstrip("\ufeff")
        if text.startswith("#"):
            continue
        if not text:
            yield None
            continue
        words = [word for word in BETWEEN.split(text) if word]
        values = [_number(word) for word in words]
        if is_first and all(value is None for value in values):  # the names of the columns
            is_first = False
            continue
        is_first = False
        if None in values:
            raise ValueError(f"{name}, line {number}: {words[values.index(None)]!r} is no number.")
        if width not in (0, len(values)):
            raise ValueError(
                f"{name}, line {number} has {len(values)} numbers, and the lines before have {width}."
            )
        width = len(values)
        yield np.array(values, np.float32)


def paced(
    samples: Iterable[Array | None],
    rate_hz: float,
    clock: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], None] = time.sleep,
) -> Iterator[Array | None]:
    """The samples, each when it is due: as if a sensor measured them now.

    Who falls behind gets the next one at once, and so catches up; no sample is lost.
    """
    start, count = clock(), 0
    for sample in samples:
        if sample is not None:
            wait = start + count / rate_hz - clock()
            if wait > 0:
                sleep(wait)
            count += 1
        yield sample


def _number(word: str) -> float | None:
    try:
        return float(word)
    except ValueError:
        return None
