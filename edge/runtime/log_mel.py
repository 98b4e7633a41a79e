"""Log-mel features of audio: the same numbers in training and on the device, whole or as the samples come."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import cached_property
from typing import Any

import numpy as np

from edge.aliases import Array
from edge.runtime.mel import mel_weights

FORMAT = {"kind": "log-mel", "format": 1}  # a change of the equations is a new format
LOUDEST = 2.0  # resampling and mixing go a little beyond 1; 16-bit numbers kept as floats go far beyond


@dataclass(frozen=True)
class LogMel:
    """Log-mel features, `[samples]` -> `[frames, mels]`; a value that can be compared, stored and called.

    With n samples a frame, k samples a hop, rate r and the FFT length N, the first power of two >= n:

        x_t[i]  = audio[t k + i] w[i],  i < n             frame t; the audio is not padded at its ends
        w[i]    = 1/2 - 1/2 cos(2 pi i / n)               the periodic Hann window
        P_t[b]  = |sum_i x_t[i] exp(-2 pi j b i / N)|^2   power at b r / N Hz, not scaled; b = 0 .. N/2
        mel(f)  = 2595 log10(1 + f / 700)                 f in Hz
        M_m(f)  = max(0, 1 - |mel(f) - c_m| / d)          triangles, 1 at the centre of their band
        y[t, m] = ln max(floor, sum_b P_t[b] M_m(b r / N))

    The centres are c_m = mel(low_hz) + m d, m = 1 .. mels, d = (mel(high_hz) - mel(low_hz)) / (mels + 1); see
    `edge.runtime.mel`. All is float64 up to the float32 result: machines agree but for its last digit.

    Attributes:
        sample_rate_hz: r, in Hz.
        frame_ms, hop_ms: length of a frame, and from one to the next, in ms, rounded to whole samples.
        mels: number of bands.
        low_hz, high_hz: where the lowest triangle begins and the highest ends, in Hz.
        floor: smallest energy; silence is ln(floor).

    Raises:
        ValueError: settings that give no features, or a band so narrow that no frequency of the FFT is in it.

    Example:
        >>> features = LogMel(sample_rate_hz=8000, mels=20)
        >>> features(np.zeros(8000, np.int16)).shape
        (98, 20)
        >>> stream = features.stream()
        >>> [len(stream.push(np.zeros(150, np.int16))) for _ in range(4)]
        [0, 2, 2, 2]
    """

    sample_rate_hz: int = 16000
    frame_ms: float = 25.0
    hop_ms: float = 10.0
    mels: int = 40
    low_hz: float = 20.0
    high_hz: float = 4000.0
    floor: float = 1e-6

    def __post_init__(self) -> None:
        for name, value in asdict(self).items():
            whole = name in ("sample_rate_hz", "mels")
            kinds = (int, np.integer) if whole else (int, float, np.integer, np.floating)
            good = isinstance(value, kinds) and not isinstance(value, bool) and math.isfinite(value)
            if not good or value < 0 or (value == 0 and name != "low_hz"):
                raise ValueError(
                    f"LogMel: {name} must be a positive {'whole ' * whole}number, received {value!r}."
                )
            object.__setattr__(self, name, int(value) if whole else float(value))
        rate = self.sample_rate_hz
        if min(self.frame_samples, self.hop_samples) < 1:
            raise ValueError(f"LogMel: frame_ms and hop_ms must each be at least one sample at {rate} Hz.")
        if not self.low_hz < self.high_hz <= rate / 2:
            received = f"low_hz {self.low_hz} and high_hz {self.high_hz}"
            raise ValueError(f"LogMel: {received} must be in order and at most half the rate, {rate / 2} Hz.")
        if not self.weights.any(axis=0).all():
            apart = f"{rate / self.fft_length:g} Hz apart; take fewer mels or a longer frame."
            raise ValueError(
                f"LogMel: one of {self.mels} bands has no frequency of the FFT, which are {apart}"
            )

    @property
    def frame_samples(self) -> int:
        """Samples in a frame."""
        return round(self.sample_rate_hz * self.frame_ms / 1000)

    @property
    def hop_samples(self) -> int:
        """Samples from the start of a frame to the start of the next."""
        return round(self.sample_rate_hz * self.hop_ms / 1000)

    @property
    def fft_length(self) -> int:
        """N."""
        return 1 << (self.frame_samples - 1).bit_length()

    @cached_property
    def window(self) -> Array:
        """w, `[frame_samples]`, float64."""
        return 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(self.frame_samples) / self.frame_samples)

    @cached_property
    def weights(self) -> Array:
        """M_m at each frequency of the FFT, `[fft_length / 2 + 1, mels]`, float64."""
        return mel_weights(self.sample_rate_hz, self.fft_length, self.mels, self.low_hz, self.high_hz)

    def __call__(self, audio: Any, sample_rate_hz: float | None = None) -> Array:
        """The features of a whole recording, `[frames, mels]`, float32; no frames if it is shorter than one.

        Args:
            audio: `[samples]`, one channel: floats in -1..1, or int16, which is divided by 32768.
            sample_rate_hz: its rate, where it is known, to be checked.

        Raises:
            ValueError: another rate or shape, NaN, infinity, or floats that are not in -1..1.
            TypeError: other kinds of numbers.
        """
        return self.stream(sample_rate_hz).push(audio)

    def stream(self, sample_rate_hz: float | None = None) -> LogMelStream:
        """A recording that comes in pieces, which may be of any length. Raises ValueError at another rate."""
        if sample_rate_hz is not None and sample_rate_hz != self.sample_rate_hz:
            rates = f"audio at {self.sample_rate_hz} Hz, received {sample_rate_hz} Hz"
            raise ValueError(f"These features are for {rates}; resample the audio first.")
        return LogMelStream(self)

    def frame(self, samples: Array) -> Array:
        """The features of one frame, `[frame_samples]` float64 -> `[mels]` float64."""
        spectrum = np.fft.rfft(samples * self.window, self.fft_length)
        # Not by BLAS, whose threads may change the order of the sum, and are slow to wake for so little.
        energies = np.einsum("b,bm->m", spectrum.real**2 + spectrum.imag**2, self.weights)
        return np.log(np.maximum(energies, self.floor))

    def to_dict(self) -> dict[str, Any]:
        """The settings, for JSON."""
        return {**FORMAT, **asdict(self)}

    @classmethod
    def from_dict(cls, settings: Mapping[str, Any]) -> LogMel:
        """The features that `to_dict` described. Raises ValueError for anything else."""
        given, wanted = dict(settings), cls().to_dict()
        if given.keys() != wanted.keys() or any(given.pop(name) != value for name, value in FORMAT.items()):
            raise ValueError(f"LogMel: settings like {wanted} are needed, received {dict(settings)}.")
        return cls(**given)


class LogMelStream:
    """One recording, piece by piece. Made by `LogMel.stream`.

    However the recording is cut, the frames are bit for bit those of the whole: each is computed on its own.

    Attributes:
        frames: how many were returned so far.
    """

    def __init__(self, features: LogMel) -> None:
        self._features = features
        self.reset()

    def reset(self) -> None:
        """Start a new recording: samples that wait for the rest of their frame are forgotten."""
        self._waiting: Array = np.zeros(0)
        self._skip: int = 0
        self.frames: int = 0

    def push(self, audio: Any) -> Array:
        """Take the next samples.

        Args:
            audio: `[samples]`, any number of them: floats in -1..1, or int16.

        Returns:
            The frames that became complete, `[frames, mels]`, float32; often none.

        Raises:
            ValueError: the wrong shape, NaN, infinity, or floats not in -1..1; the stream is as it was.
            TypeError: other kinds of numbers.
        """
        samples = _as_audio(audio)
        features, left_out = self._features, min(self._skip, len(samples))
        size, hop = features.frame_samples, features.hop_samples
        waiting = np.concatenate([self._waiting, samples[left_out:]])
        starts = range(0, len(waiting) - size + 1, hop)
        result = np.empty((len(starts), features.mels), np.float32)
        for row, start in zip(result, starts, strict=True):
            # One by one: a product of many rows at once may round differently from that of a few.
            row[:] = features.frame(waiting[start : start + size])
        used = len(starts) * hop
        # A hop longer than a frame leaves samples out, some of which may not have come yet.
        self._skip += max(0, used - len(waiting)) - left_out
        self._waiting = waiting[used:].copy()
        self.frames += len(starts)
        return result


def _as_audio(audio: Any) -> Array:
    """Samples as float64 in -1..1, `[samples]`, checked. For what it raises see `LogMelStream.push`."""
    array = np.asarray(audio)
    if array.ndim != 1:
        raise ValueError(f"Audio is one channel, [samples], received the shape {list(array.shape)}.")
    if array.dtype == np.int16:
        return array / 32768.0
    if array.dtype.kind != "f":
        raise TypeError(f"Audio is floats in -1..1 or int16, received {array.dtype}.")
    samples = array.astype(np.float64)
    if not np.isfinite(samples).all():
        at = int(np.flatnonzero(~np.isfinite(samples))[0])
        raise ValueError(f"Audio must be finite, received {samples[at]} at sample {at}.")
    if len(samples) and (peak := float(np.abs(samples).max())) > LOUDEST:
        raise ValueError(
            f"Audio as floats is in -1..1, received values up to {peak:g}; pass 16-bit audio as int16."
        )
    return samples
