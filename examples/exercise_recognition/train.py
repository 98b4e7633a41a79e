"""Training: a fixed number of epochs, a learning rate that warms up and fades out. Nothing is stopped early.

How the recipe was chosen: on the people that the default run learns from (subjects 1 to 8), each pair of them
held out in turn. Subjects 9 and 10, the unseen people of the default run, had no part in it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import keras
import numpy as np
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

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
    warmup = epochs * BATCHES // 10
    rate = keras.optimizers.schedules.CosineDecay(
        0.03 * LEARNING_RATE, 9 * warmup, warmup_target=LEARNING_RATE, warmup_steps=warmup
    )
    model.compile(
        keras.optimizers.AdamW(rate, weight_decay=1e-4, global_clipnorm=1.0),
        keras.losses.CategoricalCrossentropy(label_smoothing=0.05),
        metrics=["accuracy"],
    )
    with ProgressBar(variant, epochs, console) as bar:
        history = model.fit(
            MovingWindows(seen, WINDOW, BATCH, BATCHES, seed),
            epochs=epochs,
            validation_data=(unseen.x, np.eye(len(CLASSES))[unseen.label]),
            validation_batch_size=256,
            callbacks=[bar],
            verbose=0,
        )
    return Trained(model, history.history)


class ProgressBar(keras.callbacks.Callback):
    """One line for a whole training: a bar, the epoch, and the accuracies after the one before."""

    def __init__(self, variant: str, epochs: int, console: Console) -> None:
        super().__init__()
        self.progress = Progress(
            TextColumn(f"{variant:9}"),
            BarColumn(),
            TextColumn("epoch {task.fields[epoch]:2}/" + str(epochs)),
            TextColumn("{task.fields[accuracy]}"),
            TimeElapsedColumn(),
            console=console,
            disable=not console.is_terminal,
        )
        self.variant, self.epochs = variant, epochs
        self.task = self.progress.add_task("", total=epochs * BATCHES, epoch=1, accuracy="")

    def __enter__(self) -> ProgressBar:
        self.progress.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.progress.stop()

    def on_epoch_begin(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        self.progress.update(self.task, epoch=epoch + 1)

    def on_train_batch_end(self, batch: int, logs: dict[str, float] | None = None) -> None:
        self.progress.advance(self.task)

    def on_epoch_end(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        logs = logs or {}
        accuracy = f"seen {logs['accuracy']:6.1%}  unseen {logs['val_accuracy']:6.1%}"
        self.progress.update(self.task, accuracy=accuracy)
        due = (epoch + 1) % 4 == 0 or epoch + 1 == self.epochs
        if due and self.progress.disable:  # in a pipe or a log file a bar cannot move: a line now and then
            self.progress.console.print(f"{self.variant:9} epoch {epoch + 1:2}/{self.epochs} {accuracy}")
