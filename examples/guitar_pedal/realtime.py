"""A file as an audio driver would run it: block after block, each before the next one is due."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

import edge
from edge.aliases import Array
from examples.guitar_pedal.data import SAMPLE_RATE

BLOCKS = (64, 128, 256)  # samples in a call, as sound cards have them
PASSES = 3


class Callback:
    """What the driver calls with each block of the guitar, `[block]`; it gives the pedal's, as long, float32.

    The file, converted with `state="carry"`, takes any number of samples at a call, and keeps its state from
    call to call while that stays the same.

    Args:
        path: of the file.
        block: samples in a call.
    """

    def __init__(self, path: Path, block: int) -> None:
        self.stream = edge.load(path, num_threads=1).stream(steps=block)

    def __call__(self, block: Array) -> Array:
        return np.asarray(self.stream.feed(block[:, None])[:, 0])

    def reset(self) -> None:
        """Silence: the state is zero again."""
        self.stream.reset()


class Clock(NamedTuple):
    """How long the blocks took, in ms, against the time there is for one.

    Attributes:
        block: samples.
        deadline: time that a block of sound lasts.
        median, worst: by the clock on the wall.
        late: blocks that took longer than the deadline by that clock, of `blocks` in all passes.
        own_median, own_worst: of the thread's own work, without what other programs took in between.
        factor: seconds of sound for each second of own work.
    """

    block: int
    deadline: float
    median: float
    worst: float
    late: int
    blocks: int
    own_median: float
    own_worst: float
    factor: float


def play(callback: Callback, sound: Array, block: int) -> tuple[Array, Array]:
    """The whole of `sound [samples]` from silence on.

    Returns:
        What comes out, as long, and the seconds of each block: `[blocks, 2]`, by the clock on the wall and
        of this thread's own work, which no other program lengthens.
    """
    blocks = np.pad(np.asarray(sound, np.float32), (0, -len(sound) % block)).reshape(-1, block)
    callback.reset()
    heard, seconds = np.empty_like(blocks), np.empty((len(blocks), 2))
    for number, samples in enumerate(blocks):
        started = time.perf_counter(), time.thread_time()
        heard[number] = callback(samples)
        seconds[number] = time.perf_counter() - started[0], time.thread_time() - started[1]
    return heard.ravel()[: len(sound)], seconds


def against_the_clock(path: Path, sound: Array, block: int, passes: int = PASSES) -> tuple[Array, Clock]:
    """What the file makes of `sound [samples]` in blocks, and how long it took over several passes."""
    callback = Callback(path, block)
    callback(np.zeros(block, np.float32))  # the first call of a file is slower than any other
    played = [play(callback, sound, block) for _ in range(passes)]
    return played[0][0], clock_of([seconds for _, seconds in played], block)


def clock_of(passes: Sequence[Array], block: int) -> Clock:
    """The seconds of the blocks of every pass, `[blocks, 2]` each as `play` gives them, as figures."""
    wall, own = 1000 * np.concatenate(passes).T
    deadline = 1000 * block / SAMPLE_RATE
    return Clock(
        block=block,
        deadline=deadline,
        median=float(np.median(wall)),
        worst=float(wall.max()),
        late=int((wall > deadline).sum()),
        blocks=len(wall),
        own_median=float(np.median(own)),
        own_worst=float(own.max()),
        factor=float(deadline * len(own) / own.sum()),
    )
