"""Training: a fixed number of epochs, a learning rate that warms up and fades out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import keras
import numpy as np
from rich.console import Console

from examples.common.progress import TrainingBar, warmed_up
from examples.spoken_digits.bank import Bank
from examples.spoken_digits.network import build
from examples.spoken_digits.scenes import Scenes

BATCH = 32  # scenes
BATCHES = 100  # an epoch
LEARNING_RATE = 6e-3


class Trained(NamedTuple):
    """A trained network, and the loss after every epoch."""

    model: keras.Model
    loss: list[float]


def train(name: str, bank: Bank, epochs: int, seed: int, console: Console) -> Trained:
    """Learn from scenes made of `bank`.

    Args:
        name: shown with the progress.
        bank: of the clips to learn from, and of no others.
        epochs: of `BATCHES` batches.
        seed: of the weights, the dropout and the scenes.
        console: where the progress is shown.
    """
    keras.utils.set_random_seed(seed)
    scenes = Scenes(bank, BATCH, BATCHES, seed)
    sample = np.concatenate([scenes[index][0] for index in range(4)])
    model = build(sample.mean(axis=(0, 1)), float(sample.std()))
    rate = warmed_up(LEARNING_RATE, epochs * BATCHES)
    model.compile(
        keras.optimizers.AdamW(rate, weight_decay=1e-3, global_clipnorm=1.0),
        keras.losses.SparseCategoricalCrossentropy(),
        weighted_metrics=[],
    )
    with TrainingBar(name, epochs, BATCHES, console, _say) as bar:
        history = model.fit(scenes, epochs=epochs, callbacks=[bar], verbose=0)
    return Trained(model, history.history["loss"])


def _say(logs: Mapping[str, float]) -> str:
    return f"loss {logs['loss']:.3f}"
