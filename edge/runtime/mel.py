"""The mel scale and its triangular filters.

Of the two formulas in use this is HTK's (Young et al., The HTK Book, 3.4, section 5.4), not Slaney's; the
triangles are straight in mel and 1 at their centre, as in `tf.signal.linear_to_mel_weight_matrix`.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from edge.aliases import Array


def hz_to_mel(hz: Any) -> Any:
    """mel(f) = 2595 log10(1 + f / 700), f in Hz.

    Example:
        >>> round(float(hz_to_mel(1000)), 2)
        999.99
    """
    return 2595 * np.log10(1 + np.asarray(hz) / 700)


def mel_weights(sample_rate_hz: float, fft_length: int, mels: int, low_hz: float, high_hz: float) -> Array:
    """How much of each frequency of an FFT belongs to each band.

        M_m(f) = max(0, 1 - |mel(f) - c_m| / d),  c_m = mel(low_hz) + m d,  m = 1 .. mels,
        d = (mel(high_hz) - mel(low_hz)) / (mels + 1)

    Args:
        sample_rate_hz, fft_length: they give the frequencies, b sample_rate_hz / fft_length.
        mels: number of bands.
        low_hz, high_hz: where the lowest triangle begins and the highest ends, in Hz.

    Returns:
        `[fft_length / 2 + 1, mels]`, float64.
    """
    low, *centres, high = np.linspace(hz_to_mel(low_hz), hz_to_mel(high_hz), mels + 2)
    width = (high - low) / (mels + 1)
    frequencies = hz_to_mel(np.fft.rfftfreq(fft_length, 1 / sample_rate_hz))
    return np.maximum(0, 1 - np.abs(frequencies[:, None] - np.asarray(centres)) / width)
