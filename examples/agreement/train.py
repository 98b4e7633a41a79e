"""Training: whole prefixes in, the word that agrees out, by cross entropy over the whole vocabulary."""

from __future__ import annotations

import keras
from rich.console import Console

from edge.aliases import Array
from examples.agreement.network import build, units_for
from examples.common.progress import TrainingBar

BATCH = 128
BATCHES = 150  # an epoch
LEARNING_RATE = 1e-2


def untrained(name: str, seed: int) -> keras.Model:
    """A network as training starts with it."""
    keras.utils.set_random_seed(seed)
    return build(name, units_for(name))


def train(
    name: str, words: Array, targets: Array, epochs: int, seed: int, console: Console, batches: int = BATCHES
) -> keras.Model:
    """Train one network.

    Args:
        name: of its recurrent layer, one of `network.MAKERS`.
        words, targets: from `data.encode`.
        epochs: of `batches` batches; a learning rate that fades out over all of them.
        seed: of the weights and the order of the sentences.
    """
    model = untrained(name, seed)
    rate = keras.optimizers.schedules.CosineDecay(LEARNING_RATE, epochs * batches)
    model.compile(keras.optimizers.Adam(rate, global_clipnorm=1.0), "sparse_categorical_crossentropy")
    with TrainingBar(name, epochs, batches, console, lambda logs: f"loss {logs['loss']:.3f}") as bar:
        model.fit(words, targets, batch_size=BATCH, epochs=epochs, callbacks=[bar], verbose=0)
    return model
