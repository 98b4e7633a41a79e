"""Train a crowd on a task until each of its networks has solved it, or its updates are used up."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import keras
import numpy as np
import tensorflow as tf

from edge.aliases import Array
from examples.timing.crowd import Crowd
from examples.timing.tasks.task import Batch, Task, lasted
from keras_lstm_plus.aliases import Tensor

CLIP = 1.0  # largest norm of the gradient of one network
CURVE = 60  # points kept of each learning curve


class Learned(NamedTuple):
    """What became of the networks of a crowd, in their order.

    Attributes:
        solved: after so many training sequences each had solved the task; None: it had not.
        right: share of the test sequences that each answers wholly rightly, when solved or else at the end.
        lasted: steps of its first test sequence that each answered rightly before its first error.
        curve: (training sequences, median over the networks of the loss there).
    """

    solved: list[int | None]
    right: list[float]
    lasted: list[int]
    curve: list[tuple[int, float]]


class Trainer:
    """Adam on a crowd, each network with a loss, a gradient norm and data of its own; compiled by XLA.

    Args:
        stops: a sequence is over at its first wrong answer, and nothing after it is learned from, as in Gers
            et al. 2002.
    """

    def __init__(self, crowd: Crowd, task: Task, rate: Any, stops: bool) -> None:
        self.crowd, self.task, self.stops = crowd, task, stops
        self.optimizer = keras.optimizers.Adam(rate)
        self.optimizer.build(crowd.order)
        self.update = tf.function(self._update, jit_compile=True)
        self.answer = tf.function(lambda x: self._answers(crowd(x)), jit_compile=True)

    def losses(self, logits: Tensor, y: Tensor, counts: Tensor) -> Tensor:
        """Mean over the answers that count, of each network, `[R]`."""
        if self.task.loss == "categorical":
            each = tf.nn.softmax_cross_entropy_with_logits(y, logits)
        elif self.task.loss == "binary":
            each = tf.nn.weighted_cross_entropy_with_logits(y, logits, self.task.spike_weight)[..., 0]
        else:
            each = tf.reduce_mean(tf.square(y - logits), axis=-1)
        if self.stops:
            counts = counts * before_first_error(self._answers(logits), y, counts, self.task.limit)
        return tf.reduce_sum(each * counts, axis=(0, 1)) / tf.reduce_sum(counts, axis=(0, 1))

    def _answers(self, logits: Tensor) -> Tensor:
        squash = {"binary": tf.sigmoid, "categorical": tf.nn.softmax, "squared": tf.identity}
        return squash[self.task.loss](logits)

    def _update(self, x: Tensor, y: Tensor, counts: Tensor) -> tuple[Tensor, Tensor]:
        """One step of Adam. Gives the answers `[batch, time, R, outputs]` and the losses `[R]` before it."""
        variables = [weight.value for weight in self.crowd.order]
        with tf.GradientTape(watch_accessed_variables=False) as tape:
            tape.watch(variables)
            logits = self.crowd(x, training=True)
            losses = self.losses(logits, y, counts)
            total = tf.reduce_sum(losses)
        gradients = clipped(tape.gradient(total, variables), self.crowd.owners, self.crowd.runs)
        self.optimizer.apply(gradients, self.crowd.order)
        return self._answers(logits), losses


def before_first_error(answers: Tensor, y: Tensor, counts: Tensor, limit: float) -> Tensor:
    """1 up to and including the first answer that is wrong by `limit` or more, else 0: `[batch, time, R]`."""
    wrong = tf.cast(tf.reduce_any(tf.abs(answers - y) >= limit, axis=-1), counts.dtype) * counts
    return tf.cast(tf.cumsum(wrong, axis=1, exclusive=True) < 0.5, counts.dtype)


def clipped(gradients: Sequence[Tensor], owners: Sequence[Array], runs: int) -> list[Tensor]:
    """The gradient of each network brought to a norm of at most `CLIP`; what is nobody's becomes zero."""
    squares = tf.add_n(
        [
            tf.math.unsorted_segment_sum(tf.square(gradient), owner, runs + 1)
            for gradient, owner in zip(gradients, owners, strict=True)
        ]
    )
    factor = tf.minimum(1.0, CLIP * tf.math.rsqrt(squares[:runs] + 1e-20))
    factor = tf.concat([factor, [0.0]], axis=0)
    return [g * tf.gather(factor, owner) for g, owner in zip(gradients, owners, strict=True)]


def stacked(batches: Sequence[Batch]) -> Batch:
    """A batch for each network as one: `x [batch, time, R, F]`, `y` likewise, `counts [batch, time, R]`."""
    return Batch(*(np.stack(parts, axis=2) for parts in zip(*batches, strict=True)))


def learn(
    networks: Sequence[keras.Sequential],
    task: Task,
    updates: int,
    rate: float,
    every: int,
    stops: bool,
    seed: int,
    advance: Callable[[int, str], None],
) -> Learned:
    """Train networks of equal shape, each on data of its own; they are left as they were when they solved it.

    Args:
        updates: at most.
        rate: of Adam; it falls to a twentieth of it over the updates (cosine).
        every: updates between two tests.
        stops: of `Trainer`.
        seed: of the data.
        advance: is told the updates done since the last time and how things stand.
    """
    runs = range(len(networks))
    crowd = Crowd(networks)
    trainer = Trainer(crowd, task, keras.optimizers.schedules.CosineDecay(rate, updates, 0.05), stops)
    streams = [np.random.default_rng((seed, run)) for run in runs]
    tests = stacked([task.test(np.random.default_rng((seed, run, 1))) for run in runs])
    solved: list[int | None] = [None for _ in runs]
    right, steps = [0.0 for _ in runs], [0 for _ in runs]
    in_a_row = np.zeros(len(networks), int)
    curve: list[tuple[int, float]] = []
    done = 0
    for n in range(1, updates + 1):
        batch = stacked([task.draw(stream, task.batch) for stream in streams])
        answers, losses = trainer.update(*batch)
        if n % max(1, updates // CURVE) == 0:
            curve.append((n * task.batch, float(np.median(losses))))
        if task.in_a_row:
            in_a_row = streaks(in_a_row, judged(task, answers.numpy(), batch))
        candidates = [run for run in runs if solved[run] is None and in_a_row[run] >= task.in_a_row]
        last = n == updates
        if last or (candidates and (task.in_a_row or n % every == 0)):
            answers = trainer.answer(tests.x).numpy()
            found = judged(task, answers, tests)
            for run in [run for run in runs if solved[run] is None] if last else candidates:
                if run in candidates and (task.in_a_row or found[run].all()):
                    solved[run] = n * task.batch
                if last or solved[run] is not None:
                    crowd.copy_to(networks[run], run)
                    right[run] = float(found[run].mean())
                    steps[run] = lasted(answers[0, :, run], tests.y[0, :, run], task.limit)
        over = last or None not in solved
        if over or n % every == 0:
            advance(n - done, f"{sum(s is not None for s in solved)}/{len(solved)} solved")
            done = n
        if over:
            break
    return Learned(solved, right, steps, curve)


def judged(task: Task, answers: Array, batch: Batch) -> Array:
    """Of each network and sequence whether it is wholly right, `[R, batch]`."""
    return task.right(*(np.moveaxis(values, 2, 0) for values in (answers, batch.y, batch.counts)))


def streaks(before: Array, right: Array) -> Array:
    """How many sequences each network `[R]` has had right in a row, after those of `right [R, batch]` too."""
    wrong = ~right[:, ::-1]
    return np.where(wrong.any(axis=1), wrong.argmax(axis=1), before + right.shape[1])
