"""The two sets, small enough for hundreds of trainings: exercises seen by a watch, and digits heard.

Each has three parts that share no person (exercises) or no recording (digits): one to learn from, one to
choose the learning rate on, one to judge on.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from edge.aliases import Array
from edge.runtime.log_mel import LogMel
from examples.exercise_recognition import data as exercise_data
from examples.spoken_digits import data as digit_data
from examples.spoken_digits.settings import RATE


class Part(NamedTuple):
    """Sequences and their classes: `x [n, time, features]` float32, `label [n]`."""

    x: Array
    label: Array


class Task(NamedTuple):
    """A set in its three parts, and the number of its classes."""

    name: str
    classes: int
    train: Part
    validation: Part
    test: Part


# Of the ten people with the watch. Subjects 9 and 10 are those that exercise_recognition is judged on, too.
PEOPLE = {"train": (1, 2, 3, 4, 5, 6), "validation": (7, 8), "test": (9, 10)}
WINDOW, HOP = 4 * exercise_data.SAMPLE_RATE, exercise_data.SAMPLE_RATE  # samples: 4 s, 1 s
MEAN_OF = 8  # samples of the watch become one step: 6 a second

# Of the 50 recordings of each digit and speaker; 0 to 4 are the official test part.
RECORDINGS = {"train": range(10, 50), "validation": range(5, 10), "test": range(5)}
FEATURES = LogMel(sample_rate_hz=RATE, frame_ms=32, hop_ms=25, mels=20, low_hz=50, high_hz=4000)
FRAMES = 32  # 0.8 s


def exercises(data_dir: Path | None = None) -> Task:
    """Seven exercises, four-second windows of a watch, `[n, 25, 6]`: people never seen in training.

    Raises:
        FileNotFoundError: see `exercise_recognition.data.recordings_file`.
    """
    parts = {}
    for part, people in PEOPLE.items():
        recordings = exercise_data.load_recordings(people, data_dir)
        windows = exercise_data.cut_windows(recordings, WINDOW, HOP)
        parts[part] = Part(slower(windows.x, MEAN_OF), windows.label)
    return Task("exercises", len(exercise_data.CLASSES), **parts)


def digits(data_dir: Path | None = None) -> Task:
    """Ten spoken digits, log-mel features of 0.8 s, `[n, 32, 20]`: the official test part.

    Raises:
        FileNotFoundError: see `spoken_digits.data.load_clips`.
    """
    clips = digit_data.load_clips(data_dir)
    parts = {}
    for part, numbers in RECORDINGS.items():
        chosen = [clip for clip in clips if clip.number in numbers]
        x = np.stack([padded(FEATURES(clip.audio), FRAMES) for clip in chosen])
        parts[part] = Part(x, np.array([clip.digit for clip in chosen]))
    return Task("digits", 10, **parts)


SETS: dict[str, Callable[[Path | None], Task]] = {"exercises": exercises, "digits": digits}


def slower(x: Array, factor: int) -> Array:
    """The mean of each `factor` steps that follow each other, `[n, time, features]`; a rest is left out."""
    steps = x.shape[1] // factor
    return x[:, : steps * factor].reshape(len(x), steps, factor, -1).mean(axis=2).astype(np.float32)


def padded(features: Array, frames: int) -> Array:
    """`[time, mels]` as `[frames, mels]`: silence in front, or the start cut off."""
    kept = features[-frames:]
    silence = np.full((frames - len(kept), features.shape[1]), np.log(FEATURES.floor), np.float32)
    return np.concatenate([silence, kept]).astype(np.float32)


def shares(tasks: Sequence[Task]) -> str:
    """How many sequences each part of each set has, as a text."""
    counts = [
        f"{len(task.train.x)}, {len(task.validation.x)} and {len(task.test.x)} of {task.name}"
        for task in tasks
    ]
    return "Sequences to learn from, to choose on and to judge on: " + "; ".join(counts)
