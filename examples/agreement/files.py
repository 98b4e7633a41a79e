"""The LSTM as files, each asked the same sentences through `edge.load`."""

from __future__ import annotations

from pathlib import Path

import keras

import edge
from examples.agreement.data import draw, encode
from examples.agreement.experiment import Trial
from examples.agreement.grammar import LONGEST_GAP
from examples.agreement.judge import Exam, mark
from examples.agreement.report import Row
from examples.common.files import write_files

CALIBRATION = 200  # sentences


def with_scores(model: keras.Model) -> keras.Model:
    """The same network without the softmax: in 8 bits small probabilities are all 0, and scores are not."""
    following = model.get_layer("next")
    scores = keras.layers.Dense(following.units, name="scores")
    twin = keras.Model(model.inputs, scores(following.input))
    scores.set_weights(following.get_weights())
    return twin


def write_and_judge(trial: Trial, asked: Exam, folder: Path, quick: bool) -> list[Row]:
    """Write the network as float, dynamic and int8 file and judge each on the device half.

    Args:
        asked: what the network itself was asked.
        quick: leave the float file out.
    """
    words, _ = encode(draw(trial.seed, CALIBRATION, (0, LONGEST_GAP)))
    kinds = ("dynamic", "int8") if quick else ("float", "dynamic", "int8")
    rows = [Row(trial.network, "Keras", trial.marks)]
    for kind, path in write_files(with_scores(trial.model), trial.network, folder, words, kinds).items():
        rows.append(Row(trial.network, kind, mark(edge.load(path, num_threads=1).predict, asked), path))
    return rows
