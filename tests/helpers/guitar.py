"""Noise and plucked strings, in the place of recordings of a guitar."""

from __future__ import annotations

import numpy as np

from examples.guitar_pedal import data

RATE = data.SAMPLE_RATE


def noise(samples: int, seed: int = 0, scale: float = 0.1) -> np.ndarray:
    return np.random.default_rng(seed).normal(0, scale, samples).astype(np.float32)


def strings(seconds: int) -> np.ndarray:
    """Plucked strings (Karplus and Strong 1983), a tone every half second."""
    rng, tones = np.random.default_rng(0), []
    for _ in range(2 * seconds):
        loop, tone = rng.uniform(-0.5, 0.5, rng.integers(100, 400)), np.zeros(RATE // 2)
        for t in range(len(tone)):
            tone[t] = loop[t % len(loop)]
            loop[t % len(loop)] = 0.498 * (loop[t % len(loop)] + loop[(t + 1) % len(loop)])
        tones.append(tone)
    return np.concatenate(tones)
