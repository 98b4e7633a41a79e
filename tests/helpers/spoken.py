"""Clips of tones, in the place of recordings of digits."""

from __future__ import annotations

import numpy as np

from edge.aliases import Array
from examples.spoken_digits.data import Clip
from examples.spoken_digits.settings import RATE


def tone(hertz: float, seconds: float, loudness: float = 0.3) -> Array:
    """A sine, `[samples]` float64."""
    return loudness * np.sin(2 * np.pi * hertz * np.arange(round(seconds * RATE)) / RATE)


def clip(digit: int, speaker: str = "theo", number: int = 0, seconds: float = 0.4) -> Clip:
    """A tone whose height is the digit's, with a little silence at both ends."""
    audio = np.pad(tone(300 + 200 * digit, seconds), 200)
    return Clip((audio * 32767).astype(np.int16), digit, speaker, number)


def few_clips() -> list[Clip]:
    speakers = ("george", "theo")
    return [
        clip(digit, speaker, number) for speaker in speakers for digit in range(10) for number in range(7)
    ]
