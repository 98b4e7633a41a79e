"""Contestants take turns, so that a noisy machine is as noisy for each."""

from __future__ import annotations

from collections.abc import Callable
from statistics import median
from time import perf_counter, process_time, sleep
from typing import Any

Steps = dict[str, Callable[[], Any]]
Figures = dict[str, float]

PAUSE = 0.05  # seconds: PyTorch's threads spin for a while after their work, on the next one's cores
WARM_UP = 2  # rounds that do not count


def interleave(steps: Steps, runs: int, warm_up: int = WARM_UP) -> dict[str, Figures]:
    """What each contestant takes, in turns, after rounds to warm up.

    Returns:
        By contestant: `first`, the very first call, which traces and compiles; `min`, `median` and `max` of
        those that count, in milliseconds; `cores`, CPU time over wall time: how many it kept busy; `runs`.
    """
    wall: dict[str, list[float]] = {name: [] for name in steps}
    cpu: dict[str, list[float]] = {name: [] for name in steps}
    for _ in range(warm_up + runs):
        for name, step in steps.items():
            sleep(PAUSE)
            worked, started = process_time(), perf_counter()
            step()
            wall[name].append(1e3 * (perf_counter() - started))
            cpu[name].append(1e3 * (process_time() - worked))
    return {name: _figures(wall[name], cpu[name], warm_up) for name in steps}


def _figures(wall: list[float], cpu: list[float], warm_up: int) -> Figures:
    counted = wall[warm_up:]
    return {
        "first": wall[0],
        "min": min(counted),
        "median": median(counted),
        "max": max(counted),
        "cores": sum(cpu[warm_up:]) / sum(counted),
        "runs": len(counted),
    }
