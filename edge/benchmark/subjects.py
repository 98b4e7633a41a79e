"""What a benchmark measures: each file at which lengths, with how many threads, on noise for all."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from edge.aliases import Array
from edge.errors import as_count
from edge.tflite import Interface, TensorInfo, describe

LENGTH = 100  # of a sequence where the file leaves it open
SEQUENCES = 4  # on which outputs are compared


class Subject(NamedTuple):
    """A file, as far as its lengths are concerned.

    Attributes:
        path: as given.
        interface: of the file.
        inputs: for data, without those for states.
    """

    path: str
    interface: Interface
    inputs: tuple[TensorInfo, ...]

    @property
    def name(self) -> str:
        """Of the file."""
        return self.interface.name

    @property
    def by_step(self) -> bool:
        """Whether it takes one time step a call, and `predict` any number of them."""
        return self.interface.lowering == "step"

    @property
    def is_free(self) -> bool:
        """Whether its sequences may have any length."""
        return any(-1 in info.shape[1:] for info in self.inputs)

    @property
    def steps(self) -> int | None:
        """In the sequences that it takes; None if it leaves that open or takes none."""
        lengths = [info.shape[1] for info in self.inputs if self._is_sequence(info)]
        return None if self.is_free else max(lengths, default=None)

    def _is_sequence(self, info: TensorInfo) -> bool:
        """`[batch, time, features]`, or `[batch, time]` of tokens: others' may be something else."""
        return len(info.shape) == 3 or (
            self.interface.note is not None and len(info.shape) == 2 and not info.is_real
        )


class Job(NamedTuple):
    """One entry of the result: a file, its threads, its length.

    Attributes:
        subject: number of the file.
        threads: that its kernels may use.
        length: steps in a sequence; None for a file that takes none.
        is_first: whether no length of that file comes before.
        accelerate: as in `edge.load`: `"auto"` or False.
    """

    subject: int
    threads: int
    length: int | None
    is_first: bool
    accelerate: bool | str = "auto"


def look(path: str | Path) -> Subject:
    """Read what a file takes; no runtime is needed.

    Raises:
        ModelFileError: it is missing, damaged, or of a newer version.
    """
    interface = describe(path)
    return Subject(str(path), interface, interface.inputs)


def default_length(subjects: Sequence[Subject], asked: Sequence[int | None]) -> int:
    """Of a sequence, where a file does not fix it: the first asked for, or as another file fixes it."""
    first = next((length for length in asked if length is not None), None)
    fixed = (subject.steps for subject in subjects if (subject.steps or 1) > 1)
    return first or next((steps for steps in fixed if steps), LENGTH)


def lengths_of(subject: Subject, asked: Sequence[int | None], default: int) -> list[int | None]:
    """The lengths at which to measure a file: those asked for, or its own; `[None]` without sequences.

    Raises:
        ValueError: it takes none of those asked for.
    """
    if subject.is_free:
        return list(dict.fromkeys(length or default for length in asked))
    if subject.steps in (None, 1) or None in asked or subject.steps in asked:
        return [subject.steps]
    raise ValueError(
        f"{subject.name} takes sequences of {subject.steps} steps and cannot run on "
        f"{' or '.join(map(str, asked))} (--length)."
    )


def jobs(
    subjects: Sequence[Subject],
    threads: Sequence[int],
    asked: Sequence[int | None],
    default: int,
    accelerate: bool | str = "auto",
) -> list[Job]:
    """Each file at each of its lengths with each number of threads.

    Args:
        accelerate: `"auto"` or False; True: without the native engine and with it, where a file has an LSTM.

    Raises:
        ValueError: a file takes none of the lengths asked for.
    """
    return [
        Job(n, count, length, position == 0, wish)
        for n, subject in enumerate(subjects)
        for position, length in enumerate(lengths_of(subject, asked, default))
        for count in threads
        for wish in _wishes(subject, accelerate)
    ]


def _wishes(subject: Subject, accelerate: bool | str) -> Sequence[bool | str]:
    if accelerate is not True:
        return (accelerate,)
    return (False, "auto") if subject.interface.lstms else (False,)


def several(name: str, value: Any, may_be_none: bool = False) -> list[Any]:
    """One or several positive integers as a list without doubles.

    Raises:
        ValueError: it is something else; `name` is what the argument is called.
    """
    values = list(value) if isinstance(value, (list, tuple)) else [value]
    for each in values or [value]:
        if as_count(each) is None and not (each is None and may_be_none):
            raise ValueError(f"{name} must be a positive integer, received {each!r}.")
    return list(dict.fromkeys(None if each is None else int(each) for each in values))


def noise(subjects: Sequence[Subject], at: int, rows: int | None, length: int, seed: int) -> list[Array]:
    """Random inputs for file number `at`: the same numbers for all files that take the same shape.

    Args:
        subjects: all files; numbers that one of them would clip say nothing about its error.
        at: which of them.
        rows: how many it takes at a time where `predict` takes any number; None: as its shape says.
        length: of a sequence, for all free axes.
        seed: of the random numbers.
    """
    mine = subjects[at].inputs
    alike = [subject.inputs for subject in subjects if len(subject.inputs) == len(mine)]
    arrays = []
    for n, info in enumerate(mine):
        low, high = _shared_range([inputs[n] for inputs in alike], info)
        firsts = tuple(SEQUENCES if rows is not None or size < 0 else size for size in info.shape[:1])
        rest = tuple(length if size < 0 else size for size in info.shape[1:])
        if subjects[at].by_step and len(rest) >= 1 and rest[0] == 1:
            rest = (length, *rest[1:])
        arrays.append(_random(info, firsts + rest, low, high, np.random.default_rng(seed + n)))
    return arrays


def _shared_range(infos: Sequence[TensorInfo], mine: TensorInfo) -> tuple[float, float]:
    """What all of them can take; where there is no such thing, what mine can."""
    ranges = [_range(info) for info in infos if info.scale is not None]
    low, high = max((low for low, _ in ranges), default=-3.0), min((high for _, high in ranges), default=3.0)
    if low >= high:
        return _range(mine) if mine.scale is not None else (-3.0, 3.0)
    return low, high


def _range(info: TensorInfo) -> tuple[float, float]:
    assert info.scale is not None
    assert info.zero_point is not None
    limits = np.iinfo(info.dtype)
    return (limits.min - info.zero_point) * info.scale, (limits.max - info.zero_point) * info.scale


def _random(
    info: TensorInfo, shape: tuple[int, ...], low: float, high: float, rng: np.random.Generator
) -> Array:
    if not info.is_real:
        return rng.integers(0, 2, shape).astype(info.dtype)  # any vocabulary has two words
    middle, spread = (low + high) / 2, (high - low) / 6
    return np.clip(rng.normal(middle, spread, shape), low, high).astype(np.float32)
