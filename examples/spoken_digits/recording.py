"""A long recording of one person: held-out digits and backward words, in his own room, with pauses between.

The pauses are not digital silence: they are made of the quietest moments of his own recordings.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from edge.aliases import Array
from examples.spoken_digits.data import Clip
from examples.spoken_digits.settings import RATE
from examples.spoken_digits.sound import as_float, noise, rms

PAUSE = (0.55, 1.6)  # seconds between words; a decision is never nearer to another word
FADE = 80  # samples over which a word comes out of the room and goes back into it
PIECE = 400  # samples, 50 ms, of a quiet moment
BACKWARD = 0.2  # so many backward words for each digit


class Word(NamedTuple):
    """Where a word stands in a recording: first sample, sample after the last; no digit: backwards."""

    start: int
    end: int
    digit: int | None


class Recording(NamedTuple):
    """Samples `[samples]` int16 at `RATE`, and the words in them in order."""

    audio: Array
    words: list[Word]


def join(clips: Sequence[Clip], seed: int, noise_db: float | None = None) -> Recording:
    """Every clip once, in an order that is drawn, and some of them once more, backwards.

    Args:
        clips: of one speaker, none of them learned from.
        seed: of all that is drawn.
        noise_db: pink noise so many dB below the words is added; None: none.
    """
    rng = np.random.default_rng(seed)
    backward = rng.choice(len(clips), round(BACKWARD * len(clips)), replace=False)
    items: list[tuple[Array, int | None]] = [(clip.audio, clip.digit) for clip in clips]
    items += [(clips[number].audio[::-1], None) for number in backward]
    order = rng.permutation(len(items))
    pauses = rng.uniform(*PAUSE, len(items) + 1)
    lengths = [len(items[number][0]) for number in order]
    starts = np.cumsum((pauses[:-1] * RATE).astype(int) + np.array([0, *lengths[:-1]]))
    audio = room(clips, int(starts[-1] + lengths[-1] + pauses[-1] * RATE), rng)
    words = []
    for start, length, number in zip(starts.tolist(), lengths, order, strict=True):
        sound, digit = items[number]
        place = slice(start, start + length)
        fade = np.minimum(1, np.minimum(np.arange(length), np.arange(length)[::-1]) / FADE)
        audio[place] += fade * (as_float(sound) - audio[place])
        words.append(Word(start, start + length, digit))
    if noise_db is not None:
        level = rms(np.concatenate([as_float(clip.audio) for clip in clips]))
        audio += level * 10 ** (-noise_db / 20) * noise("pink", len(audio), RATE, rng)
    return Recording(np.clip(np.round(audio * 32768), -32768, 32767).astype(np.int16), words)


def room(clips: Sequence[Clip], samples: int, rng: np.random.Generator) -> Array:
    """The sound of a room where nobody speaks, `[samples]` float64: quiet moments of clips, cross-faded.

    The quietest 50 ms of each clip are taken; of these the quieter half, for some clips are all word.
    """
    quiet = sorted((quietest(as_float(clip.audio)) for clip in clips), key=rms)
    quiet = quiet[: max(1, len(quiet) // 2)]
    # Pieces are independent: their energies add up, so that the window is to be squared to add up to one.
    window = np.sqrt(0.5 - 0.5 * np.cos(2 * np.pi * (np.arange(PIECE) + 0.5) / PIECE))
    result = np.zeros(samples + PIECE)
    for start in range(0, samples, PIECE // 2):
        result[start : start + PIECE] += window * quiet[rng.integers(len(quiet))]
    return result[:samples]


def quietest(audio: Array) -> Array:
    """The 50 ms of least energy, `[PIECE]`."""
    energy = np.convolve(np.square(audio), np.ones(PIECE), mode="valid")
    start = int(energy.argmin())
    return audio[start : start + PIECE]
