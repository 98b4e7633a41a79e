"""Windows as other people might have moved: the training data, drawn anew for every batch.

Few people were recorded, and an unseen one differs from them in ways that are known: the other wrist, a strap
that sits a little turned, a quicker or slower hand. Each drawn window is changed in just these ways.
"""

from __future__ import annotations

from collections.abc import Sequence

import keras
import numpy as np

from edge.aliases import Array
from examples.exercise_recognition.data import CLASSES, Recording

# The other wrist is a reflection along the forearm. Acceleration is a vector: its x turns round. The turning
# rate is a pseudovector: its y and z do.
MIRROR = np.array([-1, 1, 1, 1, -1, -1], np.float32)

TURN = np.deg2rad(
    [20.0, 12.0, 12.0]
)  # standard deviation of the watch's seat, about x (the forearm), y and z
SPEED = 1.3  # at most so many times as quick, or as slow
STRENGTH = 0.15  # standard deviation of the logarithm of the turning rate's scale
NOISE = 0.02  # standard deviation, g and rad/s


class MovingWindows(keras.utils.PyDataset):
    """Batches `(x [batch, time, 6], one-hot y [batch, classes])`, the same in every run of one seed.

    Args:
        recordings: what the windows are cut from, at any place, long recordings more often.
        length: samples of a window.
        batch: windows of a batch.
        batches: batches of an epoch.
        seed: of all that is drawn.
    """

    def __init__(
        self, recordings: Sequence[Recording], length: int, batch: int, batches: int, seed: int
    ) -> None:
        super().__init__()
        self.length, self.batch, self.batches, self.seed = length, batch, batches, seed
        self.epoch = 0
        self.samples = np.concatenate([recording.series for recording in recordings])
        self.sizes = np.array([len(recording.series) for recording in recordings])
        self.starts = np.cumsum(self.sizes) - self.sizes
        self.labels = np.array([recording.label for recording in recordings])

    def __len__(self) -> int:
        return self.batches

    def on_epoch_end(self) -> None:
        self.epoch += 1

    def __getitem__(self, index: int) -> tuple[Array, Array]:
        rng = np.random.default_rng((self.seed, self.epoch, index))
        chosen = rng.choice(len(self.sizes), self.batch, p=self.sizes / self.sizes.sum())
        speed = np.exp(rng.uniform(-1, 1, self.batch) * np.log(SPEED))
        x = self._cut(chosen, speed, rng)
        x[..., 3:] *= (speed * np.exp(rng.normal(0, STRENGTH, self.batch)))[:, None, None]
        x[rng.random(self.batch) < 0.5] *= MIRROR
        x = turn(x, rotations(rng.normal(0, 1, (self.batch, 3)) * TURN))
        x += rng.normal(0, NOISE, x.shape)
        return x.astype(np.float32), np.eye(len(CLASSES), dtype=np.float32)[self.labels[chosen]]

    def _cut(self, chosen: Array, speed: Array, rng: np.random.Generator) -> Array:
        """A window of each chosen recording, read at its speed (linear interpolation), `[batch, time, 6]`."""
        last = self.sizes[chosen] - 1
        span = np.minimum((self.length - 1) * speed, last)
        first = rng.uniform(0, 1, len(chosen)) * (last - span)
        at = first[:, None] + np.linspace(0, 1, self.length) * span[:, None]
        below = np.minimum(at.astype(int), last[:, None] - 1)
        rest = (at - below)[..., None]
        place = self.starts[chosen][:, None] + below
        return self.samples[place] * (1 - rest) + self.samples[place + 1] * rest


def turn(x: Array, rotation: Array) -> Array:
    """Both sensors turned together: `x [batch, time, 6]`, `rotation [batch, 3, 3]`."""
    vectors = x.reshape(*x.shape[:2], 2, 3)
    return np.einsum("btsj,bij->btsi", vectors, rotation).reshape(x.shape)


def rotations(vectors: Array) -> Array:
    """Rotation matrices `[n, 3, 3]` about each of `vectors [n, 3]`, by its length in radians (Rodrigues)."""
    angle = np.linalg.norm(vectors, axis=-1)[:, None, None]
    x, y, z = (vectors / np.maximum(angle[..., 0], 1e-12)).T
    zero = np.zeros_like(x)
    cross = np.array([[zero, -z, y], [z, zero, -x], [-y, x, zero]]).transpose(2, 0, 1)
    return np.eye(3) + np.sin(angle) * cross + (1 - np.cos(angle)) * cross @ cross
