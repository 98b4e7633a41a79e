"""A layer's call without its numbers: what a trace depends on, in any framework."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from keras_lstm_plus.native.engine import Engine, Given, Layer

NO_GRADIENT = ("hold_h", "hold_c", "masks")


class Task(NamedTuple):
    """What a trace depends on."""

    engine: Engine
    layer: Layer
    present: tuple[bool, ...]  # which of `Given` there are

    @classmethod
    def of(cls, engine: Engine, layer: Layer, given: Given) -> Task:
        """That of a call with these."""
        return cls(engine, layer, tuple(value is not None for value in given))

    @property
    def names(self) -> list[str]:
        """Of the values, in their order."""
        return [name for name, there_is in zip(Given._fields, self.present, strict=True) if there_is]

    def given(self, values: Sequence[Any]) -> Given:
        """The values in their places."""
        left = iter(values)
        return Given(*(next(left) if there_is else None for there_is in self.present))

    def wanted(self, of_x: bool) -> list[str]:
        """Names of the values of which there is a gradient."""
        return [name for name in self.names if name not in NO_GRADIENT and (name != "x" or of_x)]
