"""How wrong an imitation is, and what the best linear filter can do.

With the target y and the output p, both `[samples]`, the error-to-signal ratio (Wright et al. 2020,
https://doi.org/10.3390/app10030766) is

    ESR = sum_t (y_t - p_t)^2 / sum_t y_t^2                    0: the same; 1: no better than silence

and with pre-emphasis both pass y_t - 0.85 y_(t-1) first, which lifts the treble, where ears are sharper.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from edge.aliases import Array
from examples.guitar_pedal.data import Pair

EMPHASIS = 0.85
TAPS = 1024  # of the linear filter: 23 ms


def esr(target: Array, output: Array) -> float:
    """The error-to-signal ratio of `output` to `target`, `[samples]` each."""
    target, output = np.asarray(target, float), np.asarray(output, float)
    return float(((target - output) ** 2).sum() / (target**2).sum())


def emphasised(sound: Array) -> Array:
    """y_t - 0.85 y_(t-1), with y_(-1) = 0: `[samples]` float64."""
    sound = np.asarray(sound, float)
    return sound - EMPHASIS * np.concatenate([[0.0], sound[:-1]])


def best_filter(pairs: Sequence[Pair], taps: int = TAPS) -> Array:
    """The causal linear filter with the least squared error from dry to wet over all pairs, `[taps]` float64.

    Its normal equations are R w = r, with the autocorrelation of dry in the Toeplitz matrix R, and r the
    correlation of dry and wet.
    """
    lags, right = np.zeros(taps), np.zeros(taps)
    for pair in pairs:
        size = 1 << (len(pair.dry) + taps).bit_length()
        dry, wet = np.fft.rfft(pair.dry, size), np.fft.rfft(pair.wet, size)
        lags += np.fft.irfft(np.abs(dry) ** 2, size)[:taps]
        right += np.fft.irfft(dry.conj() * wet, size)[:taps]
    lags[0] *= 1 + 1e-9  # where the guitar has no sound at all, any filter would do
    matrix = lags[np.abs(np.subtract.outer(np.arange(taps), np.arange(taps)))]
    return np.linalg.solve(matrix, right)


def filtered(sound: Array, taps: Array) -> Array:
    """`sound` through a linear filter, `[samples]` float64, as long as it was."""
    size = 1 << (len(sound) + len(taps)).bit_length()
    return np.fft.irfft(np.fft.rfft(sound, size) * np.fft.rfft(taps, size), size)[: len(sound)]
