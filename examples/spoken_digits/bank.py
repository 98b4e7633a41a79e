"""What training scenes are made of: every clip at several speeds, and noise, as energies in the mel bands.

Energies of sounds that are independent add up, near enough, so that a scene is mixed in the bands and not
sample by sample: it costs half a millisecond. All of them come from `FEATURES`, the very object that runs on
the device.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np

from edge.aliases import Array
from examples.spoken_digits.data import Clip, official
from examples.spoken_digits.recording import room
from examples.spoken_digits.settings import FEATURES, RATE
from examples.spoken_digits.sound import NOISES, as_float, noise, resampled

# A voice played faster is higher and comes from a smaller throat: people differ in just that.
SPEEDS = (0.82, 0.88, 0.94, 1.0, 1.07, 1.14, 1.22)
NOISE_SECONDS = 20.0
LOUDNESS = 0.05  # root mean square of the noise whose features are taken; far above the floor


class Bank(NamedTuple):
    """Energies in the mel bands, `[frames, mels]` each, and whose they are.

    Attributes:
        words: of each clip at each speed, slowest first.
        digits: of each clip.
        speakers: of each clip.
        noises: of each kind of noise at a root mean square of 1.
        rooms: of the room of each speaker, made of clips that are in no test set.
    """

    words: list[list[Array]]
    digits: Array
    speakers: Array
    noises: list[Array]
    rooms: dict[str, Array]

    def of(self, chosen: Array) -> Bank:
        """The same with some of the clips, `chosen [clips]` bool."""
        words = [self.words[number] for number in np.flatnonzero(chosen)]
        speakers = self.speakers[chosen]
        rooms = {speaker: self.rooms[speaker] for speaker in np.unique(speakers).tolist()}
        return Bank(words, self.digits[chosen], speakers, self.noises, rooms)


def make_bank(
    clips: Sequence[Clip], speeds: Sequence[float], seed: int, advance: Callable[[], None] = lambda: None
) -> Bank:
    """Compute it. `advance` is called after each clip."""
    rng = np.random.default_rng(seed)
    words = []
    for clip in clips:
        words.append([_energies(resampled(as_float(clip.audio), speed), rng) for speed in speeds])
        advance()
    sounds = [noise(kind, int(NOISE_SECONDS * RATE), RATE, rng) for kind in NOISES]
    noises = [np.exp(FEATURES(LOUDNESS * sound)) / LOUDNESS**2 for sound in sounds]
    digits, speakers = (np.array([getattr(clip, name) for clip in clips]) for name in ("digit", "speaker"))
    rooms = {}
    for speaker in np.unique(speakers).tolist():
        quiet = [clip for clip in official(clips).seen if clip.speaker == speaker]
        rooms[speaker] = np.exp(FEATURES(room(quiet, int(NOISE_SECONDS * RATE), rng)))
    return Bank(words, digits, speakers, noises, rooms)


def _energies(audio: Array, rng: np.random.Generator) -> Array:
    """Of a word that begins anywhere in a hop, with the frames that begin before it and end after it."""
    before = FEATURES.frame_samples - FEATURES.hop_samples + int(rng.integers(FEATURES.hop_samples))
    padded = np.pad(audio, (before, FEATURES.hop_samples))
    return np.exp(FEATURES(np.clip(padded, -1, 1)))
