"""What a conversion is doing, told to whoever asks while it does it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TypeVar

from edge.aliases import Progress
from edge.errors import check_progress

T = TypeVar("T")
READING = "reading the model"
KERAS = "running Keras"
GRAPH = "recording the graph"
RANGES = "calibrating"
FLOAT = "checking it in real numbers"
NUMBERS = "quantizing"
FILE = "checking the file against Keras"
BEYOND = "checking it on other data"
OTHERS = "refused: trying other numbers"


def stages_of(quantize: str | None) -> tuple[str, ...]:
    """Those of a conversion into these numbers, in their order."""
    if quantize is None:
        return READING, KERAS, GRAPH, FILE
    ranges = (RANGES,) if str(quantize).startswith("int") else ()
    return READING, KERAS, GRAPH, *ranges, FLOAT, NUMBERS, FILE, BEYOND


class Stages:
    """Where a conversion is among its stages.

    Args:
        progress: is called at the beginning of each: how many are done, how many there are, what begins.
            None: nobody asks.
        quantize: as in `convert`.

    Raises:
        TypeError: `progress` cannot be called.
    """

    def __init__(self, progress: Progress | None = None, quantize: str | None = None) -> None:
        check_progress(progress)
        self._progress, self._all = progress, stages_of(quantize)
        self._now = 0, len(self._all), READING

    def begin(self, stage: str) -> None:
        """Say that a stage begins; one that no conversion of this kind has comes after them all."""
        if self._progress is not None:
            count = len(self._all)
            done = self._all.index(stage) if stage in self._all else count
            self._progress(done, count, stage)
            self._now = done, count, stage

    def counted(self, things: Sequence[T]) -> Iterator[T]:
        """These, one by one; at every further tenth of them it is said how far the stage has come."""
        for n, thing in enumerate(things):
            tenths = 10 * n // len(things)
            if self._progress is not None and tenths > 10 * (n - 1) // len(things) >= 0:
                done, count, stage = self._now
                self._progress(done, count, f"{stage}, {tenths}0 %")
            yield thing
