"""Training scenes: three seconds with a few words in them, drawn anew for every batch.

Four or five people were recorded, each in one room with one microphone. An unseen one differs from them in
ways that are known: throat, tempo, loudness, microphone, room. Each scene is changed in just these ways, and
parts of it are masked (SpecAugment, Park et al. 2019, https://arxiv.org/abs/1904.08779), so that no single
band decides.
"""

from __future__ import annotations

import keras
import numpy as np

from edge.aliases import Array
from examples.spoken_digits.bank import Bank
from examples.spoken_digits.settings import BACKGROUND, FEATURES, LABELS

FRAMES = 150  # of a scene: three seconds
# A word is to be known from so many frames before its end to so many after it. Its beginning is background,
# or else the network guesses there, and is believed.
BEFORE_END, AFTER_END = 2, 8
UNSURE = 4  # frames before and after that, in which nothing is asked of the network
PAUSE = 8.0  # frames, mean of the exponential distribution of the pauses, beside the time a word is known
WEIGHT = 2.0  # of a frame where a word is to be known; a pause has 1
EARLY = 0.3  # of a frame at the beginning of a word

REVERSED = 0.1  # share of words played backwards: speech, and no digit
TEMPO = 0.3  # at most so much faster or slower, as a natural logarithm, with the voice unchanged
GAIN = (-20.0, 10.0)  # dB, of a scene
WORD_GAIN = 3.0  # dB either way, of a word in its scene
MICROPHONE = 2.0  # dB, standard deviation of each of four slow waves over the bands
NOISE = (5.0, 45.0)  # dB by which the loudest frame of the words is above the noise
NOISELESS = 0.3  # share of scenes
ROOM = 0.7  # share of scenes in which the room of the speaker is heard
ROOM_GAIN = 6.0  # dB either way
BANDS, TIMES = (1, 6), (3, 4)  # masks: how many, and wider than so many bands or frames none


class Scenes(keras.utils.PyDataset):
    """Batches of `x [batch, FRAMES, mels]` float32, `classes [batch, FRAMES]`, `weight [batch, FRAMES]`.

    They are the same in every run of one seed. Each scene has one speaker.

    Args:
        bank: what they are made of.
        batch: scenes of a batch.
        batches: batches of an epoch.
        seed: of all that is drawn.
    """

    def __init__(self, bank: Bank, batch: int, batches: int, seed: int) -> None:
        super().__init__()
        self.bank, self.batch, self.batches, self.seed = bank, batch, batches, seed
        self.epoch = 0
        self.groups = [np.flatnonzero(bank.speakers == speaker) for speaker in np.unique(bank.speakers)]
        self.waves = np.cos(np.arange(1, 5)[:, None] * np.linspace(0, np.pi, FEATURES.mels))

    def __len__(self) -> int:
        return self.batches

    def on_epoch_end(self) -> None:
        self.epoch += 1

    def __getitem__(self, index: int) -> tuple[Array, Array, Array]:
        rng = np.random.default_rng((self.seed, self.epoch, index))
        scenes = [self._scene(rng) for _ in range(self.batch)]
        x, classes, weight = (np.stack(parts) for parts in zip(*scenes, strict=True))
        return x, classes, weight

    def _scene(self, rng: np.random.Generator) -> tuple[Array, Array, Array]:
        group = self.groups[rng.integers(len(self.groups))]
        words, classes, weight = self._words(group, rng)
        loudest = words.sum(axis=1).max()
        sound = self._noise(rng)
        if rng.random() < NOISELESS:
            sound *= 0
        elif loudest > 0:
            sound *= loudest / sound.sum(axis=1).mean() * decibels(-rng.uniform(*NOISE))
        if rng.random() < ROOM:
            room = excerpt(self.bank.rooms[self.bank.speakers[group[0]]], rng)
            sound = sound + room * decibels(rng.uniform(-ROOM_GAIN, ROOM_GAIN))
        heard = masked(words, rng) + sound
        microphone = rng.normal(0, MICROPHONE, len(self.waves)) @ self.waves + rng.uniform(*GAIN)
        energies = np.maximum(heard * decibels(microphone), FEATURES.floor)
        return np.log(energies).astype(np.float32), classes, weight

    def _words(self, group: Array, rng: np.random.Generator) -> tuple[Array, Array, Array]:
        """Words of one speaker, whose clips are `group`, with pauses between: energies, classes, weights."""
        energies = np.zeros((FRAMES, FEATURES.mels))
        classes, weight = np.full(FRAMES, LABELS.index(BACKGROUND)), np.ones(FRAMES)
        last = len(self.bank.words[0]) - 1
        voice = int(rng.integers(last + 1))
        start = int(rng.integers(AFTER_END + 2 * int(PAUSE)))
        while True:
            number = group[rng.integers(len(group))]
            speed = int(np.clip(voice + rng.integers(-1, 2), 0, last))
            word = stretched(self.bank.words[number][speed], np.exp(rng.uniform(-TEMPO, TEMPO)))
            end = start + len(word)
            if end + AFTER_END > FRAMES:
                return energies, classes, weight
            word = word * decibels(rng.uniform(-WORD_GAIN, WORD_GAIN))
            if rng.random() < REVERSED:
                energies[start:end] += word[::-1]
            else:
                energies[start:end] += word
                known = slice(end - BEFORE_END, end + AFTER_END)
                weight[start + 1 : end - BEFORE_END - UNSURE] = EARLY
                weight[max(start, end - BEFORE_END - UNSURE) : end + AFTER_END + UNSURE] = 0
                classes[known], weight[known] = self.bank.digits[number], WEIGHT
            start = end + AFTER_END + 2 + int(rng.exponential(PAUSE))

    def _noise(self, rng: np.random.Generator) -> Array:
        """A mixture of the kinds of noise, `[FRAMES, mels]`."""
        shares = rng.dirichlet(np.ones(len(self.bank.noises)))
        pairs = zip(shares, self.bank.noises, strict=True)
        return np.sum([share * excerpt(noise, rng) for share, noise in pairs], axis=0)


def excerpt(sound: Array, rng: np.random.Generator) -> Array:
    """`FRAMES` frames from anywhere in a sound, `[FRAMES, mels]`."""
    start = int(rng.integers(len(sound) - FRAMES + 1))
    return sound[start : start + FRAMES]


def decibels(value: Array | float) -> Array | float:
    """The factor of energy that so many dB are."""
    return 10 ** (np.asarray(value) / 10)


def stretched(word: Array, factor: float) -> Array:
    """`word [frames, mels]` `factor` times as long, linear between its frames; at least four frames."""
    at = np.linspace(0, len(word) - 1, max(4, round(len(word) * factor)))
    below = np.minimum(at.astype(int), len(word) - 2)
    rest = (at - below)[:, None]
    return word[below] * (1 - rest) + word[below + 1] * rest


def masked(words: Array, rng: np.random.Generator) -> Array:
    """Without some bands and some moments, in which the noise alone is heard."""
    result = words.copy()
    for axis, (count, widest) in enumerate((TIMES, BANDS)):
        for _ in range(count):
            width = int(rng.integers(widest))
            start = int(rng.integers(words.shape[axis] - width + 1))
            result[(slice(None),) * axis + (slice(start, start + width),)] = 0
    return result
