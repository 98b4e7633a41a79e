"""What a file is calibrated and checked on: which samples, in which order, and which are held out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from edge.convert.keras_model.signature import Signature, has_free_time
from edge.convert.samples import Samples, evenly, is_sequence

CHECKED = 100  # sequences that Keras and the file are compared on
CALIBRATED = 256  # sequences that ranges are taken from
CHECKED_CALLS = 5000  # of a file that takes few steps a call
CALIBRATED_CALLS = 2000
OTHERS = 64  # sequences at most: what goes wrong in one of fifty is to be seen
LONGEST_STREAM = 2000  # calls
ENOUGH = 20  # sequences, of which every fifth is held out
ENOUGH_CALLS = 20  # of one stream, the last fifth of which is held out


@dataclass(frozen=True)
class Material:
    """Input for one conversion, an array an input.

    Attributes:
        calls: to calibrate on, `[streams, calls, ...]`: each stream starts from zeros, and the state goes on
            from call to call.
        checked: that Keras and the file are compared on: `[samples, ...]`, or where the file takes a fixed
            number of steps of a stream `[streams, calls, ...]`.
        others: of the same shape, what data of other kinds is made of, the samples calibrated on included.
        by_call: whether it is the latter.
        skipped: so many calls at the head of each checked stream have been calibrated on, and do not count.
        used: how many samples or calls the ranges come from; held_out: how many of those that are checked
            had no part in it. Both are 0 where no ranges are taken.
        steps: that the state goes through from zeros on while ranges are taken.
    """

    calls: Samples
    checked: Samples
    others: Samples
    by_call: bool = False
    skipped: int = 0
    used: int = 0
    held_out: int = 0
    steps: int = 0


def whole_sequences(samples: Samples, rows: int, steps: int, goes_on: bool, is_ranged: bool) -> Material:
    """For a file that takes whole sequences.

    Args:
        samples: `[samples, time, ...]` an input.
        rows: how many sequences the file takes at a time.
        steps: of a sequence.
        goes_on: whether the file keeps its state from call to call: a sequence then follows upon another.
        is_ranged: whether ranges are taken, and samples held out for that.
    """
    total, held = len(samples[0]), np.zeros(len(samples[0]), bool)
    if is_ranged and total >= ENOUGH:
        held[4::5] = True
    learned = evenly([array[~held] for array in samples], CALIBRATED)
    checked = evenly([array[held] if held.any() else array for array in samples], max(CHECKED, rows))
    checked = [filled(array, rows) for array in checked]
    others = evenly(samples, OTHERS)
    used = len(learned[0])
    if goes_on:
        calls = [in_order(filled(array, rows), rows) for array in learned]
    else:
        calls = [array[:, None] for array in learned]
    if not is_ranged:
        return Material(calls, checked, others)
    held_out = min(int(held.sum()), len(checked[0]))
    return Material(calls, checked, others, used=used, held_out=held_out, steps=steps * calls[0].shape[1])


def by_calls(samples: Samples, timed: Sequence[bool], steps: int, rows: int, is_ranged: bool) -> Material:
    """For a file that takes a fixed number of steps of a stream at a time.

    Args:
        samples: of as many steps as a call: one stream (or `rows` of them side by side), in their order; or
            of more: each is a stream.
        timed: which inputs have an axis of time.
        steps: that a call takes.
        rows: how many streams the file takes side by side.
        is_ranged: as above.
    """
    streams = _streams(samples, timed, steps, rows)
    total, count = streams[0].shape[:2]
    count = min(count, LONGEST_STREAM)
    streams = [array[:, :count] for array in streams]
    held, learned, skipped = np.zeros(total, bool), count, 0
    if is_ranged and total >= ENOUGH:
        held[4::5] = True
    elif is_ranged and count >= ENOUGH_CALLS:
        learned = skipped = count - count // 5
    calls = evenly([array[~held, :learned] for array in streams], max(rows, CALIBRATED_CALLS // learned))
    checked = evenly(
        [array[held] if held.any() else array for array in streams], max(rows, CHECKED_CALLS // count)
    )
    checked = [filled(array, rows) for array in checked]
    if not is_ranged:
        return Material(calls, checked, checked, by_call=True)
    used, held_out = int(np.prod(calls[0].shape[:2])), 0
    if held.any() or skipped:
        held_out = len(checked[0]) * (count - skipped)
    return Material(calls, checked, checked, True, skipped, used, held_out, steps * learned)


def timed_inputs(model: Signature) -> list[bool]:
    """Which inputs have an axis of time: the free ones, or all sequences where the model fixes it."""
    return [has_free_time(spec) if model.is_free else is_sequence(spec) for spec in model.inputs]


def filled(array: np.ndarray, rows: int) -> np.ndarray:
    """At least `rows` of them, so that every row of a call is looked at: the first ones again."""
    return array if len(array) >= rows else np.take(array, range(rows), axis=0, mode="wrap")


def in_order(array: np.ndarray, rows: int) -> np.ndarray:
    """`[rows, calls, ...]`: calls of `rows` samples each, in their order; samples that fill no call go."""
    calls = len(array) // rows
    return np.swapaxes(array[: calls * rows].reshape(calls, rows, *array.shape[1:]), 0, 1)


def _streams(samples: Samples, timed: Sequence[bool], steps: int, rows: int) -> Samples:
    """`[streams, calls, ...]` an input."""
    length = next((array.shape[1] for array, has in zip(samples, timed, strict=True) if has), steps)
    if length == steps:
        return [in_order(filled(array, rows), rows) for array in samples]
    calls = length // steps
    return [
        array[:, : calls * steps].reshape(len(array), calls, steps, *array.shape[2:])
        if has
        else np.broadcast_to(array[:, None], (len(array), calls, *array.shape[1:]))
        for array, has in zip(samples, timed, strict=True)
    ]
