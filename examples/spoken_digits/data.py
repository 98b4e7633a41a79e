"""The recordings: the official `spoken_digit` of TensorFlow Datasets, told apart by who speaks.

Free Spoken Digit Dataset 1.0.9: five people say each of ten digits 50 times, 8 kHz, trimmed to the word
(https://github.com/Jakobovski/free-spoken-digit-dataset, CC BY-SA 4.0). TFDS has one split, all of it. The
data set's own README names the official one: "Recordings numbered 0-4 are in the test and 5-49 are in the
training set". File names are `{digit}_{speaker}_{number}.wav`.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import tensorflow_datasets as tfds

from edge.aliases import Array
from examples.common.data import prepared
from examples.spoken_digits.settings import RATE

SPEAKERS = ("george", "jackson", "nicolas", "theo", "yweweler")
ARCHIVE = "free-spoken-digit-dataset-1.0.9.tar.gz"
URL = "https://github.com/Jakobovski/free-spoken-digit-dataset/archive/v1.0.9.tar.gz"
OFFICIAL_TEST = 5  # recordings of each digit and speaker, the first


class Clip(NamedTuple):
    """One digit said once.

    Attributes:
        audio: `[samples]` int16 at `RATE`.
        digit: 0 to 9.
        speaker: one of `SPEAKERS`.
        number: 0 to 49, of this digit by this speaker.
    """

    audio: Array
    digit: int
    speaker: str
    number: int


class Split(NamedTuple):
    """Clips to learn from and clips to be judged on."""

    seen: list[Clip]
    unseen: list[Clip]


def load_clips(data_dir: str | Path | None = None) -> list[Clip]:
    """Every recording, through `tfds.load`, sorted by speaker, digit and number.

    Args:
        data_dir: where TFDS keeps the prepared set; None: its own choice, ~/tensorflow_datasets. The first
            call prepares it there, from the copy of the archive on this machine, else from a download.

    Raises:
        FileNotFoundError: it is not prepared, there is no copy, and the server cannot be reached.
    """
    builder = prepared("spoken_digit", data_dir, URL, ARCHIVE)
    rows = tfds.as_numpy(builder.as_dataset(split="train"))
    if builder.info.features["audio"].sample_rate != RATE:
        raise ValueError(f"The recordings are not at {RATE} Hz; TFDS has another version of them.")
    return sorted((_clip(row) for row in rows), key=lambda clip: (clip.speaker, clip.digit, clip.number))


def official(clips: Sequence[Clip]) -> Split:
    """The data set's own split: of each digit and speaker the first five are judged on."""
    return Split(
        [clip for clip in clips if clip.number >= OFFICIAL_TEST],
        [clip for clip in clips if clip.number < OFFICIAL_TEST],
    )


def without(clips: Sequence[Clip], speaker: str) -> Split:
    """One speaker held out whole: judged on all that he says, learned from all the others say."""
    return Split(
        [clip for clip in clips if clip.speaker != speaker],
        [clip for clip in clips if clip.speaker == speaker],
    )


def chosen(clips: Sequence[Clip], some: Sequence[Clip]) -> Array:
    """Which of `clips` are among `some`, `[clips]` bool."""
    wanted = {(clip.speaker, clip.digit, clip.number) for clip in some}
    return np.array([(clip.speaker, clip.digit, clip.number) in wanted for clip in clips])


def _clip(row: dict[str, Any]) -> Clip:
    digit, speaker, number = row["audio/filename"].decode().removesuffix(".wav").split("_")
    if int(digit) != int(row["label"]):
        raise ValueError(f"The file {row['audio/filename'].decode()} is labelled {row['label']}.")
    return Clip(row["audio"].astype(np.int16), int(digit), speaker, int(number))
