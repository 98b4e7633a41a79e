"""The recipe: one stream of words, cut into many that run side by side, each carrying its state along."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import NamedTuple

import keras
import numpy as np
from rich.console import Console

from edge.aliases import Array
from examples.common.progress import TrainingBar
from examples.language_model.corpus import Corpus
from examples.language_model.network import Size, bring_back, build, trainable_twin
from examples.language_model.scores import judge
from examples.language_model.verbs.lessons import Lessons

WATCHED = 20_000  # words of the validation part that are asked about after each epoch


class Recipe(NamedTuple):
    """How a network is trained.

    Attributes:
        size: of the network.
        batch: streams side by side.
        steps: words over which gradients go back.
        sampled: epochs in which the softmax runs over a sample of the words.
        whole: epochs after them, over all words.
        samples: words in that sample.
        dropout: before and after the LSTM.
        rate: learning rate at the start; it falls in a line to a hundredth.
        lessons: sentences up to a verb beside every batch, see `verbs`; 0: none.
    """

    size: Size
    batch: int = 32
    steps: int = 35
    sampled: int = 7
    whole: int = 1
    samples: int = 2048
    dropout: float = 0.3
    rate: float = 3e-3
    lessons: int = 0


# As many parameters in both, the table of words aside.
FULL = {"cifg": Recipe(Size(512, 128), lessons=48), "standard": Recipe(Size(268, 128))}
QUICK = {
    kind: Recipe(Size(cells, 48), 16, sampled=1, whole=1, samples=256, rate=6e-3, lessons=lessons)
    for kind, cells, lessons in (("cifg", 96, 16), ("standard", 64, 0))
}


class Trained(NamedTuple):
    """A trained network.

    Attributes:
        model: numbers of words `[batch, time]` to scores `[batch, time, vocabulary]`.
        history: by epoch: `loss` while training, with dropout, against a sample in all epochs but the last
            ones; and `perplexity` on the first `WATCHED` words of the validation part, without either.
        seconds: that the training took.
    """

    model: keras.Model
    history: dict[str, list[float]]
    seconds: float


class Streams(keras.utils.PyDataset):
    """The words as `batch` streams side by side, `steps` words of each at a time, in their order.

    A batch is `((ids, following),)`, both `[batch, steps]`; batch n + 1 goes on where n ended. With lessons
    it is `((ids, following, words, last, verbs),)`, drawn anew in every epoch.
    """

    def __init__(
        self,
        ids: Array,
        batch: int,
        steps: int,
        lessons: Lessons | None = None,
        drawn: int = 0,
        seed: int = 0,
    ) -> None:
        super().__init__()
        self.lessons, self.drawn, self.rng = lessons, drawn, np.random.default_rng(seed)
        self.count = (len(ids) - 1) // (batch * steps)
        used = self.count * batch * steps
        self.ids, self.following = (ids[k : k + used].reshape(batch, -1) for k in (0, 1))
        self.steps = steps

    def __len__(self) -> int:
        return self.count

    def __getitem__(self, index: int) -> tuple[tuple[Array, ...]]:
        piece = slice(index * self.steps, (index + 1) * self.steps)
        beside = self.lessons.draw(self.drawn, self.rng) if self.lessons else ()
        return ((self.ids[:, piece], self.following[:, piece], *beside),)


class Watch(keras.callbacks.Callback):
    """Begins every epoch from a state of zeros, and ends it with a look at the validation part."""

    def __init__(self, model: keras.Model, corpus: Corpus) -> None:
        super().__init__()
        self.network, self.corpus = model, corpus

    def on_epoch_begin(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        self.model.get_layer("memory").reset_states()

    def on_epoch_end(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        bring_back(self.model, self.network)
        words = self.corpus.validation[:WATCHED]
        assert logs is not None
        logs["perplexity"] = judge(self.network, words, self.corpus.vocabulary).perplexity


def train(
    kind: str, corpus: Corpus, recipe: Recipe, seed: int, console: Console, lessons: Lessons | None = None
) -> Trained:
    """Train one network.

    Args:
        kind: `"cifg"` or `"standard"`.
        corpus: its training part is learned from; its validation part is watched, and decides nothing.
        recipe: see there.
        seed: of the weights, the dropout and the sampled words.
        console: where the progress is shown.
        lessons: what it is taught of verbs, where the recipe has such.
    """
    keras.utils.set_random_seed(seed)
    started = time.perf_counter()
    model = build(kind, len(corpus.vocabulary), recipe.size)
    _start_from_counts(model, corpus.counts)
    drawn = recipe.lessons if lessons else 0
    twin = trainable_twin(
        model, kind, recipe.size, recipe.batch, recipe.steps, recipe.dropout, recipe.samples, drawn
    )
    streams = Streams(corpus.train, recipe.batch, recipe.steps, lessons, drawn, seed)
    epochs = recipe.sampled + recipe.whole
    total = epochs * len(streams)
    rate = keras.optimizers.schedules.PolynomialDecay(recipe.rate, total, recipe.rate / 100)
    optimizer = keras.optimizers.Adam(rate, global_clipnorm=1.0)
    history: dict[str, list[float]] = {"loss": [], "perplexity": []}
    with TrainingBar(kind, epochs, len(streams), console, _say) as bar:
        for first, last, samples in ((0, recipe.sampled, recipe.samples), (recipe.sampled, epochs, 0)):
            if first == last:
                continue
            twin.get_layer("loss").samples = samples
            twin.compile(optimizer, jit_compile=False)  # the same optimizer: it goes on where it was
            found = twin.fit(
                streams,
                initial_epoch=first,
                epochs=last,
                shuffle=False,
                callbacks=[Watch(model, corpus), bar],
                verbose=0,
            )
            for name, values in history.items():
                values += found.history[name]
    return Trained(model, history, time.perf_counter() - started)


def _start_from_counts(model: keras.Model, counts: Array) -> None:
    """Let the scores start as the logarithms of how frequent the words are: an epoch that is not wasted."""
    share = (counts + 0.5) / (counts + 0.5).sum()
    model.get_layer("words").bias.assign(np.log(share))


def _say(logs: Mapping[str, float]) -> str:
    return f"perplexity {logs['perplexity']:6.1f}"
