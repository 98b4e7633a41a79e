"""Which measurements a picture shows where there are too many to tell apart: the best, and it says so."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

BARS = 50  # lines of one picture
POINTS = 16  # in all panels of one picture: each has a colour and stands in the legend
PANELS = 8
LINES = 16  # over the length of a sequence

T = TypeVar("T")


def chosen(items: Sequence[T], most: int, **best: Callable[[T], float]) -> tuple[list[T], str]:
    """The best of what there is, in their order, and the first, to which others are compared.

    Args:
        items: a measurement each.
        most: how many.
        best: by a word for them, what is small for those: `fastest=lambda row: row.median`.

    Returns:
        Those, and what they are, `"the 60 fastest of 4,000"`; `""` where all are there.
    """
    if len(items) <= most:
        return list(items), ""
    share = most // len(best)
    numbers = {0}
    for key in best.values():
        ranked = sorted(range(len(items)), key=lambda place: key(items[place]))
        numbers |= set(ranked[:share])
    words = " and ".join(f"the {share} {word}" for word in best)
    return [items[place] for place in sorted(numbers)], f"{words} of {len(items):,}, and the first"
