"""Data of many kinds: what a model may meet, and what it was not calibrated with."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from tests.lottery.draw import Ticket

SAMPLES = 48  # to calibrate on
LONGEST = 40  # steps, where any number may come
ALIKE = ("normal", "smooth", "steps")  # of one size, each of another kind
OTHERS = ("quiet", "zero", "large")


def calibration(ticket: Ticket) -> tuple[str, np.ndarray]:
    """What the file is calibrated with: its kind, and `[samples, time, features]`."""
    rng = np.random.default_rng([ticket.seed, 1])
    kind, whole = str(rng.choice(ALIKE)), bool(rng.random() < 0.5)
    return kind, sequences(ticket, kind, SAMPLES, ticket.length or 12, seed=2, whole=whole)


def sequences(
    ticket: Ticket, kind: str, samples: int, length: int, seed: int, whole: bool = False
) -> np.ndarray:
    """`[samples, length, features]` of that kind; `[samples, length]` of tokens, whatever the kind.

    Where the model knows padding, all but the first sequence may end early; not if they are to be `whole`.
    """
    rng = np.random.default_rng([ticket.seed, seed])
    if ticket.tokens:
        ids = rng.integers(1, ticket.tokens, (samples, length))
        return (ids if whole else _padded(rng, ids, 0)).astype(np.int32)
    x = _KINDS[kind](rng, (samples, length, ticket.features)).astype(np.float32)
    return x if whole or ticket.pad is None else _padded(rng, x, ticket.pad)


def _smooth(rng: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
    time = np.arange(shape[1])[:, None]
    phase, pace = rng.uniform(0, 6, (shape[0], 1, shape[2])), rng.uniform(0.05, 0.8, (shape[0], 1, shape[2]))
    return np.asarray(1.4 * np.sin(pace * time + phase))


def _steps(rng: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
    return np.cumsum(rng.normal(size=shape) * (rng.random(shape) < 0.3), axis=1).clip(-3, 3)


def _padded(rng: np.random.Generator, x: np.ndarray, value: float) -> np.ndarray:
    """Sequences of any length behind which the padding stands; the first is whole."""
    ends = rng.integers(1, x.shape[1] + 1, len(x))
    ends[0] = x.shape[1]
    beyond = np.arange(x.shape[1]) >= ends[:, None]
    return np.where(beyond.reshape(*beyond.shape, *(1,) * (x.ndim - 2)), value, x).astype(x.dtype)


_KINDS: dict[str, Callable[[np.random.Generator, tuple[int, ...]], np.ndarray]] = {
    "normal": lambda rng, shape: rng.normal(size=shape),
    "smooth": _smooth,
    "steps": _steps,
    "quiet": lambda rng, shape: 0.02 * rng.normal(size=shape),
    "zero": lambda rng, shape: np.zeros(shape),
    "large": lambda rng, shape: 3 * rng.normal(size=shape),
}
