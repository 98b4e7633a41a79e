"""What a benchmark computes from durations and outputs. Pure functions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from edge.aliases import Array


def statistics(seconds: Sequence[float]) -> dict[str, Any]:
    """What people want to know of durations: milliseconds, and their count."""
    times = np.asarray(seconds) * 1e3
    low, p5, median, p95, high = (float(value) for value in np.percentile(times, [0, 5, 50, 95, 100]))
    return {
        "avg": float(times.mean()),
        "std": float(times.std()),
        "min": low,
        "p5": p5,
        "median": median,
        "p95": p95,
        "max": high,
        "count": len(times),
    }


def stream_figures(durations: Sequence[float], latencies: Sequence[float], rate_hz: float) -> dict[str, Any]:
    """A stream in figures: `stream` of `edge.results.benchmark`.

    Args:
        durations: of each step, in seconds.
        latencies: from the moment a sample was due until its answer, in seconds.
        rate_hz: samples in a second.
    """
    late = np.asarray(latencies)
    return {
        "rate_hz": float(rate_hz),
        "step_ms": {**statistics(durations), "p99": float(np.percentile(durations, 99)) * 1e3},
        "real_time_factor": float(np.median(durations)) * rate_hz,
        "jitter_p99_ms": float(np.percentile(late, 99) - np.median(late)) * 1e3,
        "late": int((late > 1 / rate_hz).sum()),
    }


def compare(outputs: list[Array], reference: list[Array]) -> dict[str, float] | None:
    """How far outputs are from those of the reference; None where they cannot be compared.

    `max_abs` is the largest difference, `relative` the root mean square difference over the standard
    deviation of the reference; of several outputs the worst counts.
    """
    if [each.shape for each in outputs] != [each.shape for each in reference]:
        return None
    largest, relative = 0.0, 0.0
    for mine, theirs in zip(outputs, reference, strict=True):
        a, b = mine.astype(np.float64), theirs.astype(np.float64)
        difference = a - b
        spread = float(b.std()) or float(np.abs(b).max()) or 1.0
        largest = max(largest, float(np.abs(difference).max()))
        relative = max(relative, float(np.sqrt(np.square(difference).mean())) / spread)
    if not np.isfinite([largest, relative]).all():  # a file that gives NaN
        return None
    return {"max_abs": largest, "relative": relative}
