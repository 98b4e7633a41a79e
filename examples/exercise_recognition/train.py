"""Training: a fixed number of epochs, a learning rate that warms up and fades out. Nothing is stopped early.

How the recipe was chosen: on the people that the default run learns from (subjects 1 to 8), each pair of them
held out in turn. Subjects 9 and 10, the unseen people of the default run, had no part in it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import keras
import numpy as np
from rich.console import Console

from examples.common.progress import TrainingBar, warmed_up
from examples.exercise_recognition.augment import MovingWindows
from examples.exercise_recognition.data import CLASSES, SAMPLE_RATE, Recording, Windows
from examples.exercise_recognition.network import build, lstm_plus, statistics

WINDOW = 4 * SAMPLE_RATE  # samples: two repetitions or more of most people
HOP = SAMPLE_RATE  # samples between the starts of two windows that are judged

BATCH = 64
BATCHES = 80  # an epoch
LEARNING_RATE = 3e-3


class Trained(NamedTuple):
    """A trained network, and its `accuracy`, `loss`, `val_accuracy` and `val_loss` after every epoch."""

    model: keras.Model
    history: dict[str, list[float]]


def train(
    variant: str, seen: Sequence[Recording], unseen: Windows, epochs: int, seed: int, console: Console
) -> Trained:
    """Train one variant of the network.

    Args:
        variant: of `LSTMPlus`.
        seen: recordings of the people to learn from.
        unseen: windows of other people. They are watched after each epoch, and nothing is decided by them.
        epochs: of `BATCHES` batches.
        seed: of the weights, the dropout and the windows drawn.
        console: where the progress is shown.
    """
    keras.utils.set_random_seed(seed)
    model = build(lstm_plus(variant), *statistics(seen))
    rate = warmed_up(LEARNING_RATE, epochs * BATCHES)
    model.compile(
        keras.optimizers.AdamW(rate, weight_decay=1e-4, global_clipnorm=1.0),
        keras.losses.CategoricalCrossentropy(label_smoothing=0.05),
        metrics=["accuracy"],
    )
    with TrainingBar(variant, epochs, BATCHES, console, _say) as bar:
        history = model.fit(
            MovingWindows(seen, WINDOW, BATCH, BATCHES, seed),
            epochs=epochs,
            validation_data=(unseen.x, np.eye(len(CLASSES))[unseen.label]),
            validation_batch_size=256,
            callbacks=[bar],
            verbose=0,
        )
    return Trained(model, history.history)


def _say(logs: Mapping[str, float]) -> str:
    return f"seen {logs['accuracy']:6.1%}  unseen {logs['val_accuracy']:6.1%}"
