"""Single recordings: padded at the front, asked of a model, and counted."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from edge.aliases import Array
from examples.spoken_digits.data import Clip
from examples.spoken_digits.scenes import AFTER_END, BEFORE_END
from examples.spoken_digits.settings import DIGITS, FEATURES, RATE
from examples.spoken_digits.sound import as_float

LONGEST = int(2.3 * RATE)  # samples; the longest recording has 18,262
TAIL = AFTER_END * FEATURES.hop_samples  # silence in which the network may make up its mind


class Score(NamedTuple):
    """How often a model was right: share of clips, 0 to 1, and `[10, 10]` counts, a row for a true digit."""

    accuracy: float
    confusion: Array


def clip_features(clip: Clip) -> Array:
    """The clip with silence before it, so that all end at the same frame, `[frames, mels]` float32."""
    audio = as_float(clip.audio)[-LONGEST:]
    return FEATURES(np.pad(audio, (LONGEST - len(audio), TAIL)))


def answers(probabilities: Array) -> Array:
    """The digit of each clip, `[clips]`: the most probable over the last frames of `[clips, frames, 11]`."""
    return probabilities[:, -(BEFORE_END + AFTER_END) :, : len(DIGITS)].mean(axis=1).argmax(axis=-1)


def score(probabilities: Array, clips: Sequence[Clip]) -> Score:
    """Judge the probabilities of clips, `[clips, frames, 11]`."""
    truth, answer = np.array([clip.digit for clip in clips]), answers(probabilities)
    confusion = np.zeros((len(DIGITS), len(DIGITS)), int)
    np.add.at(confusion, (truth, answer), 1)
    return Score(float(np.mean(truth == answer)), confusion)
