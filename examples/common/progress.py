"""Progress of a training: one line that moves, or a line now and then where nothing can."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import keras
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

LINES = 6  # at most, in a pipe or a log file


def steps(console: Console, text: str = "{task.description}") -> Progress:
    """A bar for any long loop, with the time gone and the time left."""
    return Progress(
        TextColumn(text),
        BarColumn(),
        TextColumn("{task.completed:.0f}/{task.total:.0f}"),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
        console=console,
        disable=not console.is_terminal,
    )


def warmed_up(rate: float, updates: int) -> keras.optimizers.schedules.LearningRateSchedule:
    """A learning rate that rises over the first tenth of the updates, and fades out as a cosine."""
    warmup = updates // 10
    return keras.optimizers.schedules.CosineDecay(
        0.03 * rate, 9 * warmup, warmup_target=rate, warmup_steps=warmup
    )


class TrainingBar(keras.callbacks.Callback):
    """One line for a whole `model.fit`: a bar, the epoch, and what was measured after the one before.

    Args:
        name: what is trained.
        epochs: of `batches` batches each.
        batches: in an epoch.
        console: where it is shown.
        say: the logs of an epoch as a short text.

    Example:
        >>> with TrainingBar("standard", 3, 10, Console(), lambda logs: f"loss {logs['loss']:.3f}") as bar:
        ...     model.fit(x, y, epochs=3, callbacks=[bar], verbose=0)  # doctest: +SKIP
    """

    def __init__(
        self,
        name: str,
        epochs: int,
        batches: int,
        console: Console,
        say: Callable[[Mapping[str, float]], str],
    ) -> None:
        super().__init__()
        self.progress = Progress(
            TextColumn(f"{name:9}"),
            BarColumn(),
            TextColumn("epoch {task.fields[epoch]:2}/" + str(epochs)),
            TextColumn("{task.fields[text]}"),
            TimeElapsedColumn(),
            console=console,
            disable=not console.is_terminal,
        )
        self.name, self.epochs, self.say = name, epochs, say
        self.every = max(1, epochs // LINES)
        self.task = self.progress.add_task("", total=epochs * batches, epoch=1, text="")

    def __enter__(self) -> TrainingBar:
        self.progress.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.progress.stop()

    def on_epoch_begin(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        self.progress.update(self.task, epoch=epoch + 1)

    def on_train_batch_end(self, batch: int, logs: dict[str, float] | None = None) -> None:
        self.progress.advance(self.task)

    def on_epoch_end(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        text = self.say(logs or {})
        self.progress.update(self.task, text=text)
        due = (epoch + 1) % self.every == 0 or epoch + 1 == self.epochs
        if due and self.progress.disable:
            self.progress.console.print(f"{self.name:9} epoch {epoch + 1:2}/{self.epochs} {text}")
