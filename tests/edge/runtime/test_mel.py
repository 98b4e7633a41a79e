"""The mel scale and its triangles: against known values and TensorFlow's."""

from __future__ import annotations

import math

import numpy as np
import pytest

from edge import LogMel
from edge.runtime.mel import hz_to_mel


def mel(hz: float) -> float:
    return 1127.01048 * math.log(1 + hz / 700)  # the same scale by natural logarithms: 2595 / ln 10


def triangle(hz: float, band: int, features: LogMel) -> float:
    """Height at hz of a triangle that rises to its middle and falls after it."""
    bottom, top = mel(features.low_hz), mel(features.high_hz)
    left, middle, right = (bottom + (top - bottom) * (band + i) / (features.mels + 1) for i in range(3))
    if left < mel(hz) <= middle:
        return (mel(hz) - left) / (middle - left)
    return (right - mel(hz)) / (right - middle) if middle < mel(hz) < right else 0.0


def test_the_mel_scale() -> None:
    np.testing.assert_allclose(hz_to_mel([0, 700, 1000]), [0, 2595 * math.log10(2), 999.9855], atol=1e-3)


def test_the_bands_are_tensorflows() -> None:
    tf = pytest.importorskip("tensorflow")
    for features in (LogMel(), LogMel(mels=9, sample_rate_hz=8000), LogMel(mels=23, low_hz=0, high_hz=8000)):
        wanted = tf.signal.linear_to_mel_weight_matrix(
            features.mels,
            features.fft_length // 2 + 1,
            features.sample_rate_hz,
            features.low_hz,
            features.high_hz,
            dtype=tf.float64,
        )
        np.testing.assert_allclose(features.weights, wanted, atol=1e-6)
