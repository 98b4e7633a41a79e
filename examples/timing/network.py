"""The networks: one small recurrent layer and a dense layer, by the names of the tables."""

from __future__ import annotations

from typing import NamedTuple

import keras
import numpy as np

from examples.timing.tasks.task import Task
from keras_lstm_plus import LSTMPlus, LSTMSpec


class Setting(NamedTuple):
    """A shape of network and how it learns.

    Attributes:
        name: for tables.
        cells: of each network.
        linear: the candidate and the cell's output are not squashed, as in Gers et al. 2002.
        rate: first learning rate of Adam.
        updates: at most.
        stops: a sequence ends at its first error, as in Gers et al. 2002.
        every: updates between two tests.
        chrono: the longest memory expected, which sets the first biases; None: forget bias 1.
    """

    name: str
    cells: int
    linear: bool
    rate: float
    updates: int
    stops: bool = False
    every: int = 100
    chrono: int | None = None


def build(task: Task, setting: Setting, variant: str, seed: int) -> keras.Sequential:
    """One network: a recurrent layer and a dense layer, any number of steps to as many answers."""
    keras.utils.set_random_seed(seed)
    example = task.draw(np.random.default_rng(0), 1)
    squash = {"binary": "sigmoid", "categorical": "softmax", "squared": None}[task.loss]
    return keras.Sequential(
        [
            keras.Input((None, example.x.shape[-1]), name="sequence"),
            recurrent(variant, setting),
            keras.layers.Dense(example.y.shape[-1], squash, name="answer"),
        ]
    )


def recurrent(variant: str, setting: Setting) -> keras.layers.Layer:
    """The layer by its name in the tables."""
    if variant == "SimpleRNN":
        return keras.layers.SimpleRNN(setting.cells, return_sequences=True, name="memory")
    spec: str | LSTMSpec = variant
    if setting.linear:
        spec = LSTMSpec(
            f"linear {variant}",
            peephole=variant == "peephole",
            candidate_activation="linear",
            output_activation="linear",
        )
    return LSTMPlus(setting.cells, spec, return_sequences=True, chrono=setting.chrono, name="memory")
