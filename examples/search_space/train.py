"""One variant on one set, trained again and again: another rate and seed, the same program."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import keras
import numpy as np
import tensorflow as tf

from examples.search_space.data import Part, Task
from examples.search_space.network import build

BATCH = 64


class Errors(NamedTuple):
    """Shares of sequences that were given a wrong class, 0 to 1."""

    validation: float
    test: float


class Trainer:
    """A network with one LSTM, whose last output is classified.

    Args:
        task: what is learned.
        variant: of `LSTMPlus`.
        epochs: of a training; the learning rate rises over the first tenth of them and fades out as a cosine.
    """

    def __init__(self, task: Task, variant: str, epochs: int) -> None:
        self.task, self.epochs = task, epochs
        self.model = build(task, variant)
        self.optimizer = keras.optimizers.Adam(1e-3, global_clipnorm=1.0)
        self.optimizer.build(self.model.trainable_variables)
        self._update, self._answer = _compiled(self.model, self.optimizer, task.train)

    def train(self, rate: float, seed: int) -> Errors:
        """Train from new weights. The seed is that of the weights and of the order of the sequences."""
        self._start_anew(seed)
        size = len(self.task.train.x)
        per_epoch = size // BATCH
        total, rng = per_epoch * self.epochs, np.random.default_rng(seed)
        for step in range(total):
            if step % per_epoch == 0:
                order = rng.permutation(size)
            batch = order[step % per_epoch * BATCH :][:BATCH]
            self._update(batch.astype(np.int32), np.float32(rate * schedule(step, total)))
        return Errors(self.error(self.task.validation), self.error(self.task.test))

    def error(self, part: Part) -> float:
        """The share of wrong answers."""
        answers = np.concatenate(
            [self._answer(part.x[start : start + 256]) for start in range(0, len(part.x), 256)]
        )
        return float((answers.argmax(axis=-1) != part.label).mean())

    def _start_anew(self, seed: int) -> None:
        keras.utils.set_random_seed(seed)
        # A copy draws new weights: its initializers are seeded anew.
        self.model.set_weights(keras.models.clone_model(self.model).get_weights())
        for variable in self.optimizer.variables:
            variable.assign(keras.ops.zeros_like(variable))


def schedule(step: int, total: int) -> float:
    """The share of the learning rate at a step: it rises over the first tenth, and fades out as a cosine."""
    warmup = max(1, total // 10)
    if step < warmup:
        return (step + 1) / warmup
    return 0.5 + 0.5 * math.cos(math.pi * (step - warmup) / (total - warmup))


def _compiled(model: keras.Model, optimizer: keras.optimizers.Optimizer, part: Part) -> tuple[Any, Any]:
    """`update(which sequences of part, learning rate)`, one XLA program, and `answer(x) -> probabilities`."""
    loss_of = keras.losses.SparseCategoricalCrossentropy()
    sequences, labels = tf.constant(part.x), tf.constant(part.label)

    @tf.function(jit_compile=True)
    def update(batch: Any, rate: Any) -> None:
        optimizer.learning_rate.assign(rate)
        with tf.GradientTape() as tape:
            answers = model(tf.gather(sequences, batch), training=True)
            loss = loss_of(tf.gather(labels, batch), answers)
        gradients = tape.gradient(loss, model.trainable_variables)
        optimizer.apply_gradients(zip(gradients, model.trainable_variables, strict=True))

    @tf.function(reduce_retracing=True)
    def answer(x: Any) -> Any:
        return model(x, training=False)

    return update, answer
