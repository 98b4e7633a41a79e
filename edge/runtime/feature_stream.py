"""Audio that comes in pieces: the frames that each piece completes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from edge.aliases import Array

if TYPE_CHECKING:
    from edge.runtime.log_mel import LogMel

LOUDEST = 2.0  # resampling and mixing go a little beyond 1; 16-bit numbers kept as floats go far beyond


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
        samples = as_audio(audio)
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


def as_audio(audio: Any) -> Array:
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
