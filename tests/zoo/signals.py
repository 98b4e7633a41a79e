"""Inputs like those that the architectures are for: signals that go on, tokens of Zipf's law, pictures."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from tests.zoo.architecture import Data, Inputs

Rng = np.random.Generator


def sensors(*features: int, scale: float = 1.0) -> Data:
    """Smooth signals with noise, `[samples, steps, *features]`, about as large as normed data are."""

    def draw(rng: Rng, samples: int, steps: int) -> Inputs:
        return [scale * _smooth(rng, (samples, steps, *features))]

    return draw


def frames(count: int, steps: int, *features: int) -> Data:
    """A number of windows of smooth signals: `[samples, windows, steps, *features]`; `count` 0: free."""

    def draw(rng: Rng, samples: int, windows: int) -> Inputs:
        shape = (samples, (count or windows) * steps, *features)
        return [_smooth(rng, shape).reshape(samples, count or windows, steps, *features)]

    return draw


def tokens(vocabulary: int, padded: bool = False, kind: str = "int32") -> Data:
    """Ids of words, `[samples, steps]`, rare ones rarely; zeros behind the end if they are padded."""

    def draw(rng: Rng, samples: int, steps: int) -> Inputs:
        ids = np.minimum(rng.zipf(1.3, (samples, steps)), 10**6) % (vocabulary - 1) + 1
        return [(ids * _valid(rng, samples, steps) if padded else ids).astype(kind)]

    return draw


def padded_sensors(features: int, value: float, before: bool = False) -> Data:
    """Smooth signals that end early; from there on each feature is `value`. `before`: they begin late."""

    def draw(rng: Rng, samples: int, steps: int) -> Inputs:
        valid = _valid(rng, samples, steps)[..., None]
        valid = valid[:, ::-1] if before else valid
        return [np.where(valid, _smooth(rng, (samples, steps, features)), value).astype("float32")]

    return draw


def one_hot(classes: int) -> Data:
    """Characters, `[samples, steps, classes]`."""

    def draw(rng: Rng, samples: int, steps: int) -> Inputs:
        return [np.eye(classes, dtype="float32")[rng.integers(0, classes, (samples, steps))]]

    return draw


def images(height: int, width: int, channels: int = 1) -> Data:
    """Pictures from 0 to 1 with edges in them, `[samples, height, width, channels]`."""

    def draw(rng: Rng, samples: int, steps: int) -> Inputs:
        coarse = rng.uniform(size=(samples, height // 4 + 1, width // 4 + 1, channels))
        large = coarse.repeat(4, axis=1).repeat(4, axis=2)[:, :height, :width]
        noisy = large + rng.normal(scale=0.05, size=large.shape)
        return [np.clip(noisy, 0, 1).astype("float32")]

    return draw


def video(height: int, width: int, channels: int) -> Data:
    """Pictures that change slowly, `[samples, steps, height, width, channels]`."""

    def draw(rng: Rng, samples: int, steps: int) -> Inputs:
        (first,) = images(height, width, channels)(rng, samples, 1)
        moved = [np.roll(first, step, axis=2) for step in range(steps)]
        return [np.stack(moved, axis=1)]

    return draw


def vectors(*shape: int, scale: float = 1.0) -> Data:
    """One vector a sample, `[samples, *shape]`: features of a picture, a state."""

    def draw(rng: Rng, samples: int, steps: int) -> Inputs:
        return [(scale * rng.normal(size=(samples, *shape))).astype("float32")]

    return draw


def classes(count: int) -> Data:
    """One category a sample, `[samples, 1]`."""
    return lambda rng, samples, steps: [rng.integers(0, count, (samples, 1)).astype("int32")]


def together(*parts: Data) -> Data:
    """Several inputs."""
    return lambda rng, samples, steps: [array for part in parts for array in part(rng, samples, steps)]


def of_length(data: Data, length: int) -> Data:
    """An input of a length of its own, whatever that of the others is."""
    return lambda rng, samples, steps: data(rng, samples, length)


def words(vocabulary: list[str]) -> Data:
    """Text, `[samples, steps]` of words."""

    def draw(rng: Rng, samples: int, steps: int) -> Inputs:
        return [np.array(vocabulary, dtype=object)[rng.integers(0, len(vocabulary), (samples, steps))]]

    return draw


def mapped(data: Data, change: Callable[[np.ndarray], np.ndarray]) -> Data:
    """The same after a function."""
    return lambda rng, samples, steps: [change(array) for array in data(rng, samples, steps)]


def _smooth(rng: Rng, shape: tuple[int, ...]) -> np.ndarray:
    """Each channel of each sample a walk that returns to zero, with its own offset; variance about one."""
    value = np.empty(shape)
    level = rng.normal(size=(shape[0], *shape[2:]))
    offset = 0.4 * rng.normal(size=level.shape)
    for step in range(shape[1]):
        level = 0.8 * level + 0.6 * rng.normal(size=level.shape)
        value[:, step] = level + offset
    return value.astype("float32")


def _valid(rng: Rng, samples: int, steps: int) -> np.ndarray:
    """Which steps count: some of the samples are full, all have at least a few."""
    lengths = rng.integers(max(2, steps // 4), steps + 1, samples)
    lengths[:: max(1, samples // 4)] = steps
    return np.arange(steps) < lengths[:, None]
