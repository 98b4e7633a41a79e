"""From a trained network to files, and what each file says of people it has never seen."""

from __future__ import annotations

import contextlib
import io
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import keras
import numpy as np
import tensorflow as tf

from edge.aliases import Array
from edge.files import write_whole
from examples.exercise_recognition.data import CHANNELS, Recording, Windows, cut_windows
from examples.exercise_recognition.network import with_keras_lstm
from examples.exercise_recognition.train import WINDOW

CALIBRATION = 200  # windows


class Score(NamedTuple):
    """How often a model was right.

    Attributes:
        windows: share of windows, 0 to 1.
        recordings: share of recordings whose windows voted for the right exercise.
        confusion: `[7, 7]` counts of windows, a row for the true exercise, a column for the answer.
    """

    windows: float
    recordings: float
    confusion: Array


def calibration_windows(seen: Sequence[Recording], seed: int) -> Array:
    """Windows of the people seen in training that the int8 file takes its ranges from, `[n, time, 6]`.

    Both sensors share the 256 steps of the input. Cutting off the largest value in a thousand makes the steps
    half as wide for all the others; the file saturates there.
    """
    x = cut_windows(seen, WINDOW, WINDOW).x
    limit = np.percentile(np.abs(x), 99.9)
    drawn = np.random.default_rng(seed).permutation(len(x))[:CALIBRATION]
    return np.clip(x[drawn], -limit, limit)


def write_stock_file(model: keras.Model, path: Path) -> Path:
    """The same weights in `keras.layers.LSTM`, through TensorFlow's own converter: what people have today.

    Its LSTM becomes a WHILE loop, which that converter takes only with every length fixed.
    """
    fixed = keras.Input(batch_shape=(1, WINDOW, len(CHANNELS)))
    twin = keras.Model(fixed, with_keras_lstm(model)(fixed))
    with contextlib.redirect_stdout(io.StringIO()):  # it lists every variable of the model
        content = tf.lite.TFLiteConverter.from_keras_model(twin).convert()
    write_whole(path, content)
    return path


def score(probabilities: Array, windows: Windows, recordings: Sequence[Recording]) -> Score:
    """Judge `probabilities [n, 7]` of windows against their labels."""
    answer = probabilities.argmax(axis=-1)
    classes = probabilities.shape[-1]
    confusion = np.zeros((classes, classes), int)
    np.add.at(confusion, (windows.label, answer), 1)
    votes = [np.bincount(answer[windows.recording == n], minlength=classes) for n in range(len(recordings))]
    right = [vote.argmax() == recording.label for vote, recording in zip(votes, recordings, strict=True)]
    return Score(float((answer == windows.label).mean()), float(np.mean(right)), confusion)
