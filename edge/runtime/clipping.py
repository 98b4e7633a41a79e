"""How much of the input was beyond the range that a file in integers can hold."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from edge.aliases import Array
from edge.runtime.values import steps
from edge.tflite import Interface
from edge.tflite.lookups import quantized_as


@dataclass
class Clipping:
    """What an input of a file was given since it was loaded, or since `reset_clipping`.

    A file in integers was made for a range of values; what lies beyond it is taken for the end of the range,
    and the answer is for other data than was given.

    Attributes:
        least, largest: the range, as real numbers.
        seen: how many numbers were given.
        clipped: how many of them were beyond the range.

    Example:
        >>> print(Clipping(-4.0, 4.0, seen=300, clipped=3))
        3 of 300 values beyond -4 to 4
    """

    least: float
    largest: float
    seen: int = 0
    clipped: int = 0

    @property
    def share(self) -> float:
        """Of what was seen, 0 to 1."""
        return self.clipped / self.seen if self.seen else 0.0

    def __str__(self) -> str:
        return f"{self.clipped} of {self.seen} values beyond {self.least:.4g} to {self.largest:.4g}"


class ClippingCounter:
    """Counts for each input that becomes integers, at once or (in a file with real ends) inside."""

    def __init__(self, interface: Interface) -> None:
        self._rules = [quantized_as(interface.graph, index) for index in range(len(interface.inputs))]
        self._names = [info.name for info in interface.inputs]
        self.reset()

    def reset(self) -> None:
        """Count from zero."""
        self._counts: list[Clipping | None] = []
        for rule in self._rules:
            if rule is None:
                self._counts.append(None)
                continue
            limits = np.iinfo(rule.dtype)
            least, largest = (
                float((end - rule.zero_point) * rule.scale) for end in (int(limits.min), int(limits.max))
            )
            self._counts.append(Clipping(least, largest))

    def found(self, values: Sequence[Array]) -> list[int]:
        """How many of the values of each input are beyond its range."""
        numbers = []
        for value, rule in zip(values, self._rules, strict=True):
            if rule is None:
                numbers.append(0)
                continue
            limits = np.iinfo(rule.dtype)
            exact = steps(value, rule.scale, rule.zero_point)
            numbers.append(int(np.count_nonzero((exact < limits.min) | (exact > limits.max))))
        return numbers

    def add(self, values: Sequence[Array], beyond: Sequence[int]) -> None:
        """Count values that were run."""
        for value, number, count in zip(values, beyond, self._counts, strict=True):
            if count is not None:
                count.seen += value.size
                count.clipped += number

    def as_dict(self) -> dict[str, Clipping]:
        """By the name of the input, as copies; inputs that stay real numbers or are tokens are not in it."""
        return {
            name: Clipping(count.least, count.largest, count.seen, count.clipped)
            for name, count in zip(self._names, self._counts, strict=True)
            if count is not None
        }
