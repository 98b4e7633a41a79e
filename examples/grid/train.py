"""Training one kind of network again and again, a seed at a time, by one compiled function."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, NamedTuple

import keras
import numpy as np
import tensorflow as tf

from edge.aliases import Array
from examples.grid.data import right, written
from examples.grid.network import build
from keras_lstm_plus.aliases import Tensor

BATCH = 32
CLIP = 1.0  # largest norm of a gradient
SOLVED = 0.99  # of the sums held out, right in every digit


class Lesson(NamedTuple):
    """What is learned, and for how long.

    Attributes:
        digits: of the numbers.
        size: weights of a network, about.
        updates: of `BATCH` sums each.
        every: updates between two tests.
        learned, asked: pairs of numbers to learn from, and those held out.
    """

    digits: int
    size: int
    updates: int
    every: int
    learned: Array
    asked: Array


class Learned(NamedTuple):
    """What became of one network.

    Attributes:
        curve: sums seen, share of the digits and share of the sums that were right there.
        seconds: that it took, its compilation not counted.
    """

    curve: list[tuple[int, float, float]]
    seconds: float

    @property
    def solved(self) -> int | None:
        """Sums seen until 99 % of those held out were right in every digit; None: never."""
        return next((seen for seen, _, whole in self.curve if whole >= SOLVED), None)


class Trainer:
    """Trains networks of one kind; XLA compiles the update once for all of them.

    Args:
        name: of `network.KINDS`.
        lesson: what they learn.
    """

    def __init__(self, name: str, lesson: Lesson) -> None:
        self.name, self.lesson = name, lesson
        self.model = build(name, lesson.digits, lesson.size, seed=0)
        self.optimizer = keras.optimizers.Adam(1.0, global_clipnorm=CLIP)  # its rate is set at every update
        self.optimizer.build(self.model.trainable_variables)
        self._loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
        self._update = tf.function(self._one_update, jit_compile=True, autograph=False)
        self._answer: Any = tf.function(self.model, jit_compile=True, autograph=False)

    def train(self, seed: int, rate: float, advance: Callable[[int, float], None]) -> Learned:
        """One network, from its first weights to its last; they stay in `model`.

        Args:
            seed: of the weights and of the order of the sums.
            rate: of Adam at first; it fades out as a cosine.
            advance: is told the updates so far and the share of sums right.
        """
        lesson, rng = self.lesson, np.random.default_rng((seed, 1))
        fresh = build(self.name, lesson.digits, lesson.size, seed)
        self.model.set_weights(fresh.get_weights())
        for variable in self.optimizer.variables:
            variable.assign(tf.zeros_like(variable))
        rates = keras.optimizers.schedules.CosineDecay(rate, lesson.updates, 0.02)
        asked = written(lesson.asked, lesson.digits)
        curve: list[tuple[int, float, float]] = []
        seconds, started = 0.0, time.perf_counter()
        for update in range(lesson.updates):
            x, y = written(lesson.learned[rng.integers(0, len(lesson.learned), BATCH)], lesson.digits)
            self.optimizer.learning_rate.assign(rates(update))
            self._update(tf.constant(x), tf.constant(y))
            if update == 0:  # that one compiled
                started = time.perf_counter()
            if (update + 1) % lesson.every == 0 or update + 1 == lesson.updates:
                seconds += time.perf_counter() - started
                curve.append(((update + 1) * BATCH, *right(np.asarray(self._answer(asked.x)), asked.y)))
                advance(update + 1, curve[-1][-1])
                started = time.perf_counter()
        return Learned(curve, seconds)

    def _one_update(self, x: Tensor, y: Tensor) -> None:
        weights = [weight.value for weight in self.model.trainable_variables]
        with tf.GradientTape(watch_accessed_variables=False) as tape:
            tape.watch(weights)
            answers = self.model(x, training=True)[:, -self.lesson.digits - 1 :]
            loss = self._loss(y, answers)
        self.optimizer.apply(tape.gradient(loss, weights), self.model.trainable_variables)
