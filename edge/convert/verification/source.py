"""The time steps that the error over time is measured on."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from edge.aliases import Array
from edge.convert.keras_model.signature import Input, Signature, has_free_time
from edge.convert.samples import Samples, evenly
from edge.convert.verification.outputs import Scale
from edge.results.verification import OutputDrift, Tolerance, Trend, Window


class Source:
    """Time steps without end: those of the samples one after another; in any order where they are random."""

    def __init__(self, signature: Signature, samples: Samples, steps: int, is_random: bool) -> None:
        specs = signature.inputs
        self.timed = [_is_timed(spec, signature) for spec in specs]
        lengths = {array.shape[1] for array, has in zip(samples, self.timed, strict=True) if has}
        if len(lengths) != 1:
            raise ValueError("its inputs have no time axis in common")
        (self.length,) = lengths
        # So few that every window of the stream meets all of them, and windows can be compared.
        self._samples = evenly(samples, max(1, steps // 20 // self.length))
        self.total = len(self._samples[0]) * self.length
        self._rng = np.random.default_rng(0) if is_random else None

    def take(self, begin: int, count: int, rows: int) -> list[Array]:
        """An array an input: `[count, rows, 1, ...]`, or `[count, rows, ...]` if it has no time axis."""
        if self._rng is not None:
            index = self._rng.integers(0, self.total, (count, rows))
        else:
            shift = np.arange(rows) * self.length
            index = (np.arange(begin, begin + count)[:, None] + shift) % self.total
        sample, step = np.divmod(index, self.length)
        return [
            array[sample, step][:, :, None] if has else array[sample]
            for array, has in zip(self._samples, self.timed, strict=True)
        ]


def summary(
    name: str,
    windows: tuple[Window, ...],
    max_abs: float,
    rms: float,
    scale: Scale,
    tolerance: Tolerance,
    trend: Trend,
) -> OutputDrift:
    # By the rms: an LSTM multiplies any difference for a few steps now and then, and one of many stands out.
    error, tolerance = scale.judged(tolerance, rms, rms)
    limit = tolerance.limit
    return OutputDrift(name, windows, max_abs, rms, error, limit, error <= limit, trend)


def marks(steps: int) -> Iterator[int]:
    """10, 100, ... and `steps`."""
    mark = 10
    while mark < steps:
        yield mark
        mark *= 10
    yield steps


def _is_timed(spec: Input, signature: Signature) -> bool:
    return has_free_time(spec) if signature.is_free else len(spec.shape) > 1 and spec.shape[1] == 1
