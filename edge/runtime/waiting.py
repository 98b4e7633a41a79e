"""Samples on the way into a file that takes several at a call: they wait until they fill a block."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from edge.aliases import Array
from edge.runtime.stream_form import StreamForm


class Waiting(NamedTuple):
    """What a stream has gathered for its next call.

    Attributes:
        steps: how many wait.
        parts: the values as they came, one after the other: an array an input, as the file holds them,
            `[rows, time, ...]` where a step has its own.
    """

    steps: int = 0
    parts: tuple[Sequence[Array], ...] = ()

    def joined(
        self, values: Sequence[Array], count: int, form: StreamForm
    ) -> tuple[list[list[Array]], Waiting]:
        """The calls that are full with `count` steps more, in the shapes of the file, and what waits then.

        Raises:
            ValueError: an input without an axis of time is not what it was at the head of the block.
        """
        if count == form.steps and not self.parts:  # as mostly: nothing to join
            return [form.call(values, 0)], self
        if self.parts and count:
            form.check_constant(self.parts[0], values, self.steps)
        total, parts = self.steps + count, (*self.parts, values)
        if total < form.steps:
            kept = tuple(
                array.copy() for array in values
            )  # the caller may write into his own the next sample
            return [], Waiting(total, (*self.parts, kept)) if count else self
        whole = [
            np.concatenate(each, axis=1) if has else each[-1]
            for each, has in zip(zip(*parts, strict=True), form.by_step, strict=True)
        ]
        full = total // form.steps * form.steps
        calls = [form.call(whole, begin) for begin in range(0, full, form.steps)]
        rest = tuple(
            array[:, full:].copy() if has else array.copy()
            for array, has in zip(whole, form.by_step, strict=True)
        )
        return calls, Waiting(total - full, (rest,)) if total > full else Waiting()
