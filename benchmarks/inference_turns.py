"""Contestants in turns, so that a noisy machine is as noisy for each."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from edge.aliases import Array
from edge.benchmark.figures import compare, statistics
from edge.results.benchmark import Entry

TURN, MOST = 0.05, 50  # seconds and inferences of a turn
TOO_SLOW = 5.0  # seconds for one inference, with which a contestant drops out


def in_turns(
    contestants: Sequence[Any], wanted: Array, rounds: int, steps: int
) -> tuple[list[Entry], list[tuple[str, str]]]:
    """An entry for each, and the names of those that are too slow, with the reason.

    Args:
        contestants: each a `Contestant` of `benchmarks.inference_contestants`.
        wanted: what each has to answer; errors are against it.
        rounds: turns of each.
        steps: of the sequence.
    """
    firsts = [each.measure(1)[0] for each in contestants]
    slow = [
        (each.name, f"one inference takes {first:.0f} s")
        for each, first in zip(contestants, firsts, strict=True)
        if first > TOO_SLOW
    ]
    taking_part = [
        (each, first) for each, first in zip(contestants, firsts, strict=True) if first <= TOO_SLOW
    ]
    warm_ups = [each.measure(3) for each, _ in taking_part]
    durations: list[list[float]] = [[] for _ in taking_part]
    for _ in range(rounds):
        for (each, _), warm_up, mine in zip(taking_part, warm_ups, durations, strict=True):
            each.measure(1)  # the turns of the others have cooled the caches
            mine += each.measure(int(np.clip(TURN / float(np.median(warm_up)), 1, MOST)))
    entries = [
        Entry(
            name=each.name,
            size_bytes=each.size,
            runtime=each.runtime,
            threads=1,
            batch=1,
            first_ms=first * 1e3,
            warm_up_ms=statistics(warm_up),
            inference_ms=statistics(mine),
            per_step_us=float(np.median(mine)) / steps * 1e6,
            error=compare([each.answer()], [wanted]),
            engine=each.engine,
        )
        for (each, first), warm_up, mine in zip(taking_part, warm_ups, durations, strict=True)
    ]
    return entries, slow
