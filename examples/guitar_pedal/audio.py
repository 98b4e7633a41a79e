"""Sound as arrays: WAV files of integers in and out, one channel, -1 to 1."""

from __future__ import annotations

import io
import wave
from pathlib import Path

import numpy as np

from edge.aliases import Array

SAMPLE_RATE = 44100  # Hz


def read_wav(path: Path) -> Array:
    """The sound of a WAV file, `[samples]` float32 in -1..1; several channels become their mean.

    Raises:
        ValueError: no WAV file of integers of 16, 24 or 32 bits, a cut one, or not at `SAMPLE_RATE`.
        OSError: it cannot be read.
    """
    try:
        with wave.open(str(path), "rb") as file:
            width, channels, rate = file.getsampwidth(), file.getnchannels(), file.getframerate()
            frames, content = file.getnframes(), file.readframes(file.getnframes())
    except (wave.Error, EOFError) as error:
        raise ValueError(
            f"{path} is no WAV file of plain integers ({error or 'it ends too soon'}): "
            f"sox {path.name} -r {SAMPLE_RATE} -b 16 -e signed new.wav makes one."
        ) from None
    if len(content) != frames * channels * width:
        raise ValueError(f"{path} is cut: {len(content):,} of {frames * channels * width:,} bytes of sound.")
    if rate != SAMPLE_RATE or width not in (2, 3, 4):
        raise ValueError(
            f"{path} has {8 * width} bits at {rate} Hz; 16, 24 or 32 bits at {SAMPLE_RATE} Hz are needed: "
            f"sox {path.name} -r {SAMPLE_RATE} -b 16 new.wav makes them."
        )
    raw = np.frombuffer(content, np.uint8).reshape(-1, width)
    wide = np.zeros((len(raw), 4), np.uint8)
    wide[:, 4 - width :] = raw  # the most significant bytes come last; the lowest stay zero
    values = wide.view("<i4").reshape(-1, channels).mean(axis=1) / 2.0**31
    return values.astype(np.float32)


def write_wav(path: Path, sound: Array) -> None:
    """Write `[samples]` in 16 bits, one channel, at `SAMPLE_RATE`; what is louder than 1 is cut off."""
    from examples.common.files import write_whole  # it brings Keras with it

    integers = np.clip(np.rint(np.asarray(sound, float) * 32768), -32768, 32767).astype("<i2")
    buffer = io.BytesIO()
    with wave.open(buffer, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(SAMPLE_RATE)
        file.writeframes(integers.tobytes())
    write_whole(path, buffer.getvalue())
