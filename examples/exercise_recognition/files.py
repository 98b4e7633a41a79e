"""From a trained network to files, and what each file says of people it has never seen."""

from __future__ import annotations

import contextlib
import io
import os
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import keras
import numpy as np
import tensorflow as tf

import edge
from edge.convert import convert
from examples.exercise_recognition.data import CHANNELS, CLASSES, Recording, Windows, cut_windows
from examples.exercise_recognition.network import with_keras_lstm
from examples.exercise_recognition.train import WINDOW

Array = np.ndarray

KINDS = {"float": None, "dynamic": "dynamic", "int8": "int8"}
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


def write_files(model: keras.Model, variant: str, folder: Path, representative: Array) -> dict[str, Path]:
    """The Keras model, and a float, a dynamic and an int8 file of it, by kind.

    Args:
        representative: windows to take the int8 ranges from and to check every file with, `[n, time, 6]`.
    """
    model.save(folder / f"{variant}.keras")
    paths = {kind: folder / f"{variant}_{kind}.tflite" for kind in KINDS}
    for kind, quantize in KINDS.items():
        convert(model, paths[kind], quantize, representative, labels=CLASSES)
    return paths


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


def predict_file(path: Path, x: Array) -> Array:
    """What a file answers to raw sensor values, `[n, time, 6]` to `[n, 7]`, as a device would run it."""
    return np.asarray(edge.load(path, num_threads=1).predict(x))


def write_whole(path: Path, content: bytes) -> None:
    """Write a file so that nobody ever sees half of it."""
    part = path.with_name(path.name + ".part")
    part.write_bytes(content)
    os.replace(part, path)
