"""The three tasks of Gers, Schraudolph & Schmidhuber 2002: measure an interval, make one, make a wave."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

import numpy as np

from examples.timing.tasks.task import Array, Batch, Task, within

SPIKE_ERROR = 0.49  # a spike or none: on the right side of one half
WAVE_ERROR = 0.3
PERIODS_LEARNED = 6  # of a wave or between spikes, in a sequence to learn from
STEPS = 1000  # of the stream that decides, at least
SPIKES_LEARNED = 10
SPIKES = 100  # in each stream that decides


def measure_spike_delays(shortest: int) -> Task:
    """MSD: spikes come `shortest` or `shortest + 1` steps apart. At every spike: was it the longer interval?

    Nothing is asked between the spikes.
    """

    def streams(rng: np.random.Generator, sequences: int, spikes: int) -> Batch:
        longer = rng.integers(0, 2, (sequences, spikes))
        times = np.cumsum(shortest + longer, axis=1) - 1
        time = spikes * (shortest + 1)
        x, y, counts = (np.zeros((sequences, time), np.float32) for _ in range(3))
        rows = np.arange(sequences)[:, None]
        x[rows, times], y[rows, times], counts[rows, times] = 1, longer, 1
        return Batch(x[..., None], y[..., None], counts)

    return Task(
        f"MSD {shortest} or {shortest + 1}",
        "MSD",
        "binary",
        batch=16,
        draw=lambda rng, sequences: streams(rng, sequences, SPIKES_LEARNED),
        test=lambda rng: streams(rng, 10, SPIKES),
        right=within(SPIKE_ERROR),
        limit=SPIKE_ERROR,
    )


def generate_timed_spikes(interval: int) -> Task:
    """GTS: no input; a spike every `interval` steps, and nothing else, for ever."""
    return _without_input(
        f"GTS {interval}", "GTS", "binary", interval, lambda t: t % interval == interval - 1, SPIKE_ERROR
    )


def generate_function(shape: str, period: int) -> Task:
    """PFG: no input; a wave between 0 and 1, for ever."""
    return _without_input(
        f"PFG {shape} {period}", "PFG", "squared", period, lambda t: SHAPES[shape](t / period % 1), WAVE_ERROR
    )


SHAPES: dict[str, Callable[[Array], Array]] = {
    "cosine": lambda phase: (1 - np.cos(2 * np.pi * phase)) / 2,
    "triangle": lambda phase: 1 - np.abs(2 * phase - 1),
    "rectangle": lambda phase: phase >= 0.5,
}


def _without_input(
    name: str,
    family: str,
    loss: Literal["binary", "squared"],
    period: int,
    target: Callable[[Array], Array],
    limit: float,
) -> Task:
    """No input but zeros, the same target in every sequence; the spikes count as much as all else."""

    def stream(time: int) -> Batch:
        y = np.asarray(target(np.arange(time)), np.float32)[None, :, None]
        return Batch(np.zeros_like(y), y, np.ones((1, time), np.float32))

    return Task(
        name,
        family,
        loss,
        batch=1,
        draw=lambda rng, sequences: stream(PERIODS_LEARNED * period),
        test=lambda rng: stream(max(STEPS, SPIKES * period) if family == "GTS" else STEPS),
        right=within(limit),
        limit=limit,
        spike_weight=period - 1.0,
    )
