"""What a benchmark computes from durations and outputs. Pure functions."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from edge.aliases import Array
from edge.results.benchmark import ErrorFigures, StepTimes, StreamFigures, Times
from edge.results.spread import spread_of


def statistics(seconds: Sequence[float]) -> Times:
    """What people want to know of durations."""
    times = np.asarray(seconds) * 1e3
    low, p5, median, p95, high = (float(value) for value in np.percentile(times, [0, 5, 50, 95, 100]))
    return Times(
        avg=float(times.mean()),
        std=float(times.std()),
        min=low,
        p5=p5,
        median=median,
        p95=p95,
        max=high,
        count=len(times),
    )


def stream_figures(
    durations: Sequence[float], latencies: Sequence[float], rate_hz: float, steps: int = 1
) -> StreamFigures:
    """A stream in figures.

    Args:
        durations: of each step, or each block, in seconds.
        latencies: from the moment a sample was due until its answer, in seconds.
        rate_hz: samples in a second.
        steps: in a block.
    """
    late = np.asarray(latencies)
    return StreamFigures(
        rate_hz=float(rate_hz),
        step_ms=StepTimes(**vars(statistics(durations)), p99=float(np.percentile(durations, 99)) * 1e3),
        real_time_factor=float(np.median(durations)) * rate_hz / steps,
        jitter_p99_ms=float(np.percentile(late, 99) - np.median(late)) * 1e3,
        late=int((late > steps / rate_hz).sum()),
        steps=steps,
    )


def compare(outputs: list[Array], reference: list[Array]) -> ErrorFigures | None:
    """How far outputs are from those of the reference, of several the worst; None where it cannot be said."""
    if [each.shape for each in outputs] != [each.shape for each in reference]:
        return None
    largest, relative = 0.0, 0.0
    for mine, theirs in zip(outputs, reference, strict=True):
        a, b = mine.astype(np.float64), theirs.astype(np.float64)
        difference = a - b
        largest = max(largest, float(np.abs(difference).max()))
        relative = max(relative, float(np.sqrt(np.square(difference).mean())) / spread_of(b))
    if not np.isfinite([largest, relative]).all():  # a file that gives NaN
        return None
    return ErrorFigures(largest, relative)
