"""WAV files of plain integers."""

from __future__ import annotations

import io
import wave
from pathlib import Path
from typing import NamedTuple

import numpy as np

from edge.aliases import Array
from edge.files import write_whole


class Wav(NamedTuple):
    """A sound `[time]`, -1 to 1, the mean of its channels; `rate` in Hz, `width` in bytes for a sample."""

    sound: Array
    rate: int
    width: int


def read_wav(path: Path) -> Wav:
    """Read a file whose samples have 16, 24 or 32 bits; with another width the sound means nothing.

    Raises:
        wave.Error, EOFError: it is no such file.
        ValueError: it is cut.
        OSError: it cannot be read.
    """
    with wave.open(str(path), "rb") as file:
        width, channels, rate = file.getsampwidth(), file.getnchannels(), file.getframerate()
        expected, content = file.getnframes() * channels * width, file.readframes(file.getnframes())
    if len(content) != expected:
        raise ValueError(f"{path} is cut: {len(content):,} of {expected:,} bytes of sound.")
    raw = np.frombuffer(content, np.uint8).reshape(-1, width)
    wide = np.zeros((len(raw), 4), np.uint8)
    wide[:, 4 - width :] = raw  # the most significant bytes come last; the lowest stay zero
    return Wav(wide.view("<i4").reshape(-1, channels).mean(axis=1) / 2.0**31, rate, width)


def write_wav(path: Path, samples: Array, rate: int) -> None:
    """Write integers `[time]` of 16 bits, one channel."""
    buffer = io.BytesIO()
    with wave.open(buffer, "wb") as file:
        file.setparams((1, 2, rate, 0, "NONE", ""))
        file.writeframes(samples.astype("<i2").tobytes())
    write_whole(path, buffer.getvalue())
