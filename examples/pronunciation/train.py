"""The recipe, and a training that goes on where it was cut off."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import keras
import numpy as np
from keras import ops
from rich.console import Console

from edge.aliases import Array
from examples.common.files import write_json
from examples.common.progress import TrainingBar, warmed_up
from examples.pronunciation.batches import IGNORED, Batches
from examples.pronunciation.data import Entry
from examples.pronunciation.network import Size, build
from examples.pronunciation.scores import score
from examples.pronunciation.search import Reader

EVERY = 10  # batches between two looks at the weights that are averaged
NOTE = "training.json"


class Recipe(NamedTuple):
    """How the network is trained.

    Attributes:
        size: of the network.
        epochs: over all ways to say all words.
        batch: words.
        rate: highest learning rate of Adam; it rises over the first tenth of the batches and fades out.
        dropout: share of each vector that is set to zero between the layers.
        smoothing: probability that is spread over all symbols, instead of all on the right one
            (Szegedy et al. 2016, arXiv:1512.00567).
        keep: of the mean of the weights, at each look, so much stays; the rest is today's.
    """

    size: Size
    epochs: int = 16
    batch: int = 128
    rate: float = 2e-3
    dropout: float = 0.15
    smoothing: float = 0.1
    keep: float = 0.98


FULL = Recipe(Size(48, 192, 2))
QUICK = Recipe(Size(32, 48, 1), epochs=2, batch=64, rate=6e-3, dropout=0.0, keep=0.5)


class Trained(NamedTuple):
    """A trained network.

    Attributes:
        model: of `network.build`, with the mean of its last weights.
        history: by epoch: `loss` while training, with dropout; `words_wrong` of the validation part, no beam.
        seconds: that the training took.
    """

    model: keras.Model
    history: dict[str, list[float]]
    seconds: float


@keras.saving.register_keras_serializable("examples.pronunciation")
class PhonemeLoss(keras.losses.Loss):
    """Mean of -log P(right phoneme) over the phonemes that there are, label smoothing included.

    Call arguments: `y_true [batch, time]`, `IGNORED` where there is nothing; `y_pred [batch, time, symbols]`.
    """

    def __init__(self, smoothing: float, name: str = "phoneme_loss", **kwargs: Any) -> None:
        super().__init__(name=name, **kwargs)
        self.smoothing = smoothing

    def call(self, y_true: Any, y_pred: Any) -> Any:
        there = ops.cast(ops.not_equal(y_true, IGNORED), y_pred.dtype)
        logs = ops.log_softmax(y_pred)
        right = ops.one_hot(ops.maximum(y_true, 0), y_pred.shape[-1], dtype=y_pred.dtype)
        likely = (1 - self.smoothing) * ops.sum(right * logs, -1) + self.smoothing * ops.mean(logs, -1)
        return -ops.sum(likely * there) / ops.sum(there)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "smoothing": self.smoothing}


class Keeper(keras.callbacks.Callback):
    """Averages the weights, looks at the validation part after each epoch, and writes both down."""

    def __init__(
        self, keep: float, mean: list[Array], words: Sequence[Entry], folder: Path, note: dict[str, Any]
    ) -> None:
        super().__init__()
        self.keep, self.mean, self.words, self.folder, self.note = keep, mean, words, folder, note
        self.before, self.started = note["seconds"], time.perf_counter()

    def on_train_batch_end(self, batch: int, logs: dict[str, float] | None = None) -> None:
        if batch % EVERY == EVERY - 1:
            for mean, now in zip(self.mean, self.model.get_weights(), strict=True):
                mean += (1 - self.keep) * (now - mean)

    def on_epoch_end(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        assert logs is not None
        weights = self.model.get_weights()
        self.model.set_weights(self.mean)
        logs["words_wrong"] = validated(self.model, self.words)
        averaged = self.folder / f"averaged_{epoch + 1}.keras"
        self.model.save(averaged)
        self.model.set_weights(weights)
        self.model.save(self.folder / f"checkpoint_{epoch + 1}.keras")
        for name in ("loss", "words_wrong"):
            self.note["history"].setdefault(name, []).append(float(logs[name]))
        self.note["epochs"] = epoch + 1
        self.note["seconds"] = self.before + time.perf_counter() - self.started
        write_json(self.folder / NOTE, self.note)
        # What the note named before is not needed any more.
        for old in self.folder.glob("*_*.keras"):
            if not old.name.endswith(f"_{epoch + 1}.keras"):
                old.unlink()


def train_or_go_on(
    train: Sequence[Entry],
    validation: Sequence[Entry],
    recipe: Recipe,
    seed: int,
    folder: Path,
    console: Console,
) -> Trained:
    """The trained network: from the folder if it was trained there in this way, for the epochs that it lacks.

    Args:
        train: the words to learn from.
        validation: is watched, and decides nothing.
        recipe: see there. A network in the folder that has seen fewer epochs, and was trained so in all else,
            is trained on.
        seed: of the weights, the dropout and the order of the words.
        folder: for what is kept after every epoch.
        console: where the progress is shown.
    """
    folder.mkdir(parents=True, exist_ok=True)
    settings = _settings(train, recipe, seed)
    note = _note(folder, settings) or {"settings": settings, "epochs": 0, "seconds": 0.0, "history": {}}
    done = note["epochs"]
    if done >= recipe.epochs:
        console.print(f"Trained before, {done} epochs in {note['seconds']:.0f} s: {folder}", soft_wrap=True)
        return _trained(folder, note)
    keras.utils.set_random_seed(seed + done)
    batches = Batches(train, recipe.batch, seed, done)
    rate = warmed_up(recipe.rate, recipe.epochs * len(batches))
    model = build(recipe.size, recipe.dropout)
    # Lengths vary, and XLA would compile anew for each.
    optimizer = keras.optimizers.Adam(rate, global_clipnorm=1.0)
    model.compile(optimizer, PhonemeLoss(recipe.smoothing), jit_compile=False)
    mean = [np.array(weight) for weight in model.get_weights()]
    if done:
        console.print(f"Goes on after epoch {done} of {recipe.epochs}: {folder}", soft_wrap=True)
        mean = _restore(model, folder, done)
    keeper = Keeper(recipe.keep, mean, validation, folder, note)
    with TrainingBar("network", recipe.epochs, len(batches), console, _say) as bar:
        model.fit(
            batches.endless(),
            steps_per_epoch=len(batches),
            shuffle=False,  # it is already
            initial_epoch=done,
            epochs=recipe.epochs,
            callbacks=[keeper, bar],
            verbose=0,
        )
    return _trained(folder, note)


def validated(model: keras.Model, words: Sequence[Entry]) -> float:
    """Share of the words wrong, greedily."""
    return score(words, Reader(model).read([entry.word for entry in words])).words_wrong


def _restore(model: keras.Model, folder: Path, done: int) -> list[Array]:
    """Give the model and its optimizer what they had after an epoch; returns the mean of the weights."""
    before = keras.models.load_model(folder / f"checkpoint_{done}.keras")
    model.set_weights(before.get_weights())
    optimizer = model.optimizer
    optimizer.build(model.trainable_variables)
    for variable, value in zip(optimizer.variables, before.optimizer.variables, strict=True):
        variable.assign(value)
    averaged = keras.models.load_model(folder / f"averaged_{done}.keras", compile=False)
    return [np.array(weight) for weight in averaged.get_weights()]


def _trained(folder: Path, note: Mapping[str, Any]) -> Trained:
    model = keras.models.load_model(folder / f"averaged_{note['epochs']}.keras", compile=False)
    return Trained(model, note["history"], note["seconds"])


def _note(folder: Path, settings: Mapping[str, Any]) -> dict[str, Any] | None:
    """What is known of a training in the folder, if it was of this kind."""
    path = folder / NOTE
    if not path.is_file():
        return None
    found = json.loads(path.read_text(encoding="utf-8"))
    return found if found["settings"] == settings else None


def _settings(train: Sequence[Entry], recipe: Recipe, seed: int) -> dict[str, Any]:
    """What a trained network depends on beside the number of epochs, as JSON gives it back."""
    chosen = {name: value for name, value in recipe._asdict().items() if name != "epochs"}
    return json.loads(json.dumps({"words": len(train), "recipe": chosen, "seed": seed}))


def _say(logs: Mapping[str, float]) -> str:
    return f"loss {logs['loss']:.3f}, words wrong {100 * logs['words_wrong']:.1f}%"
