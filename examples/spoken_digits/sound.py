"""Sound that was not recorded: other voices by resampling, and noise."""

from __future__ import annotations

import numpy as np

from edge.aliases import Array

NOISES = {"white": 0.0, "pink": 1.0, "brown": 2.0}  # power falls with this exponent of the frequency
LOWEST = 40.0  # Hz; below it a noise is as strong as there


def resampled(audio: Array, factor: float) -> Array:
    """The same sound played `factor` times as fast: higher, and from a smaller throat. `[samples]` float64.

    By the Fourier transform: no frequency but those that both rates can carry.
    """
    samples = np.asarray(audio, np.float64)
    length = max(1, round(len(samples) / factor))
    spectrum = np.fft.rfft(samples)
    wanted = length // 2 + 1
    kept = np.zeros(wanted, complex)
    common = min(wanted, len(spectrum))
    kept[:common] = spectrum[:common]
    return np.fft.irfft(kept, length) * (length / len(samples))


def noise(kind: str, samples: int, rate: float, rng: np.random.Generator) -> Array:
    """Gaussian noise of root mean square 1, `[samples]` float64, of one of `NOISES`."""
    spectrum = np.fft.rfft(rng.normal(size=samples))
    frequency = np.maximum(np.fft.rfftfreq(samples, 1 / rate), LOWEST)
    spectrum *= frequency ** (-NOISES[kind] / 2)
    spectrum[0] = 0
    sound = np.fft.irfft(spectrum, samples)
    return sound / rms(sound)


def rms(audio: Array) -> float:
    """Root mean square."""
    return float(np.sqrt(np.mean(np.square(audio, dtype=np.float64))))


def as_float(audio: Array) -> Array:
    """16-bit samples as float64 in -1..1."""
    return np.asarray(audio) / 32768.0
