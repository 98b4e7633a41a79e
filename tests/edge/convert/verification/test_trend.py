"""Whether an error grows, on series of which everybody would say so."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from edge.convert.verification.source import marks
from edge.convert.verification.trend import trend, trend_of_stream

ENDS = (10, 100, 1_000, 10_000)
ROWS = (8, 8, 8, 8)  # sequences side by side, as `sequence_drift` takes them


def levels(*rms: float, noise: float = 0.15, seed: int = 0) -> list[np.ndarray]:
    """Mean squared errors of sequences around the given rms."""
    rng = np.random.default_rng(seed)
    return [(value * np.exp(rng.normal(0, noise, rows))) ** 2 for value, rows in zip(rms, ROWS, strict=False)]


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize(
    ("rms", "wanted"),
    [
        ((0.002, 0.002, 0.064, 0.12), "grows"),  # was called "does not grow"
        ((0.001, 0.00316, 0.01, 0.0316), "grows"),  # like the root of time
        ((0.002, 0.002, 0.002, 0.06), "grows"),  # late
        ((0.01, 0.02, 0.04, 0.08), "grows"),  # slowly
        ((0.01, 0.01, 0.01, 0.01), "steady"),
        ((0.012, 0.010, 0.013, 0.011), "steady"),
        ((0.08, 0.04, 0.02, 0.01), "steady"),  # falling
        ((0.01, 0.06, 0.01, 0.01), "steady"),  # one that stands out
        ((0.001, 0.03, 0.06, 0.06), "settled"),
        ((0.01, 0.05), "grows"),
        ((0.01, 0.025), "settled"),  # but two lengths: a state that fills makes that much
        ((0.01,), "steady"),
    ],
)
def test_sequences(rms: tuple[float, ...], wanted: str, seed: int) -> None:
    found = trend(levels(*rms, seed=seed), ENDS[: len(rms)], 0.0)
    assert found == wanted


def test_one_sequence_that_stands_out_is_no_growth() -> None:
    found = levels(0.01, 0.01, 0.01, 0.01)
    found[-1][0] *= 2500
    assert trend(found, ENDS, 0.0) == "steady"


def test_what_is_below_the_rounding_grows_not() -> None:
    assert trend(levels(1e-9, 1e-8, 1e-7, 1e-6), ENDS, 1e-5) == "steady"


def test_nan_at_the_end_is_growth() -> None:
    found = [*levels(0.01, 0.01, 0.01), np.array([np.inf, np.inf])]
    assert trend(found, ENDS, 0.0) == "grows"


STEPS = 20_000
TIME = np.arange(1, STEPS + 1) / STEPS
STREAMS: dict[str, tuple[Callable[[np.ndarray], np.ndarray], str]] = {
    "constant": (np.ones_like, "steady"),
    "root of time": (np.sqrt, "grows"),
    "with time": (lambda t: t, "grows"),
    "from the middle of its last half on": (lambda t: 1 + 4 * np.maximum(t - 0.7, 0), "grows"),
    "logarithm": (lambda t: np.log(1 + t * STEPS), "grows"),
    "settles soon": (lambda t: 1 - 0.999 * np.exp(-t * STEPS / 200), "settled"),
    "falls": (lambda t: 1 / (0.01 + t), "steady"),
    "comes and goes": (lambda t: 1 + 0.9 * np.sin(2 * np.pi * t * 300), "steady"),
    "a burst at the end": (lambda t: np.where((t > 0.97) & (t < 0.975), 100.0, 1.0), "steady"),
    "a burst in the middle": (lambda t: np.where((t > 0.4) & (t < 0.405), 100.0, 1.0), "steady"),
}


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("name", STREAMS)
def test_streams(name: str, seed: int) -> None:
    shape, wanted = STREAMS[name]
    noise = np.random.default_rng(seed).normal(size=STEPS)
    squares = (shape(TIME) * noise) ** 2
    assert trend_of_stream(squares, list(marks(STEPS)), 0.0) == wanted


def test_short_streams_of_noise_are_steady() -> None:
    found = [
        trend_of_stream(np.random.default_rng(seed).normal(size=500) ** 2, list(marks(500)), 0.0)
        for seed in range(200)
    ]
    assert found.count("grows") <= 1  # 3.5 standard errors of skewed numbers
    assert found.count("settled") <= 2  # of the first ten steps nobody can be sure
