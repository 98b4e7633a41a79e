"""What `predict` is given, against what a file takes: how many inputs, which shapes, how many rows a call."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from edge.aliases import Array
from edge.runtime.values import check_type
from edge.tflite import TensorInfo
from edge.tflite.lookups import Table


def checked_inputs(
    x: Any, infos: Sequence[TensorInfo], file: str, any_batch: bool, by_step: bool
) -> list[Array]:
    """The inputs as arrays, in the order of the file.

    Args:
        x: as given: an array, or a list of them for several inputs, or a dictionary by name.
        infos: what the file takes.
        file: how messages call it.
        any_batch: whether the first axis may have any length whatever the file says.
        by_step: whether the time axis may have any length though the file says 1.

    Raises:
        ValueError: the wrong number of inputs, features, axes or steps; NaN or infinity; an empty batch.
        TypeError: the wrong kind of numbers, or no list for several inputs.
    """
    arrays = [check_type(value, info) for value, info in zip(by_input(x, infos, file), infos, strict=True)]
    pairs = list(zip(arrays, infos, strict=True))
    for array, info in pairs:
        _check_shape(array, info, file, any_batch, by_step)
    batches = [len(array) for array, info in pairs if info.shape and (any_batch or info.shape[0] < 0)]
    _check_equal(batches, "batch size", file)
    if by_step:
        _check_equal([array.shape[1] for array, info in pairs if is_timed(info)], "number of steps", file)
    return arrays


def is_timed(info: TensorInfo) -> bool:
    """Whether an input of a file that takes one step has a time axis: `[batch, 1, ...]`."""
    return len(info.shape) >= 2 and info.shape[1] == 1


def chunks(values: Sequence[Array], rows: int) -> Iterator[list[Array]]:
    """The values, `rows` rows at a time; the last chunk is filled up with its last row again."""
    total = len(values[0])
    for begin in range(0, total, rows):
        chunk = [value[begin : begin + rows] for value in values]
        missing = rows - len(chunk[0])
        if missing:  # real numbers of the caller's, not zeros: those may be no valid input
            chunk = [np.concatenate([part, np.repeat(part[-1:], missing, axis=0)]) for part in chunk]
        yield chunk


def joined(parts: Sequence[Array], rows: int, total: int) -> Array:
    """The results of all chunks as one batch of `total` rows.

    A result without a batch axis (a single number for one row) gets one; where a chunk of several rows has no
    batch axis in its result, the rows cannot be told apart.
    """
    if parts[0].ndim and len(parts[0]) == rows:
        return np.concatenate(parts)[:total]
    if rows == 1:
        return np.stack(parts)
    if total == rows:  # all that the caller gave, as the file gives it
        return parts[0]
    raise ValueError(
        f"an output of shape {list(parts[0].shape)} has no row for each of the {rows} that the file takes"
    )


def by_input(x: Any, infos: Sequence[TensorInfo], file: str) -> Sequence[Any]:
    """What is given for each input, in the order of the file.

    Args:
        x: for one input its values, for several a list of them; or a dictionary by name.

    Raises:
        ValueError: names that are not those of the file, or another number of inputs.
        TypeError: neither a list nor a dictionary for several inputs.
    """
    names = ", ".join(map(str, infos))
    if isinstance(x, Mapping):
        known = [info.name for info in infos]
        if len(set(known)) < len(known):
            raise ValueError(f"{file} has inputs of the same name ({names}); give a list in that order.")
        if set(x) != set(known):
            raise ValueError(
                f"{file} takes {names}; received a dictionary with {', '.join(map(repr, x)) or 'nothing'}."
            )
        return [x[name] for name in known]
    if len(infos) == 1:
        return [x]
    if not isinstance(x, (list, tuple)):
        raise TypeError(
            f"{file} takes a list of {len(infos)} inputs ({names}), or a dictionary by name, received "
            f"{type(x).__name__}."
        )
    if len(x) != len(infos):
        raise ValueError(f"{file} takes {len(infos)} inputs ({names}), received {len(x)}.")
    return x


def check_tables(
    arrays: Sequence[Array], infos: Sequence[TensorInfo], tables: Sequence[Table | None], file: str
) -> None:
    """Refuse tokens beyond the table that they are looked up in, with a ValueError."""
    for array, info, table in zip(arrays, infos, tables, strict=True):
        if table is None or not array.size:
            continue
        least = -table.rows if table.wraps else 0
        tokens = np.trunc(array) if info.is_real else array
        beyond = (tokens < least) | (tokens > table.rows - 1)
        if beyond.any():
            where = tuple(int(i) for i in np.argwhere(beyond)[0])
            raise ValueError(
                f"{file}: input {info} received {tokens[where]} at index {where}; its table has {table.rows} "
                f"rows, so that it takes {least} to {table.rows - 1}."
            )


def _check_shape(array: Array, info: TensorInfo, file: str, any_batch: bool, by_step: bool) -> None:
    shape = list(info.shape)
    if shape and any_batch:
        shape[0] = -1
    if by_step and is_timed(info):
        shape[1] = -1
    received = f"{file} takes {info}, received shape {list(array.shape)}"
    if array.ndim != len(shape):
        axes = "[batch, time, features], " if len(shape) == 3 else ""
        raise ValueError(f"{received}: {axes}{len(shape)} axes are needed, not {array.ndim}.")
    for axis, (wanted, found) in enumerate(zip(shape, array.shape, strict=True)):
        if found == 0:
            raise ValueError(f"{received}: axis {axis} is empty.")
        if wanted not in (-1, found):
            raise ValueError(f"{received}: axis {axis} must be {wanted}, not {found}.")


def _check_equal(numbers: Sequence[int], what: str, file: str) -> None:
    if len(set(numbers)) > 1:
        raise ValueError(
            f"{file}: all inputs need the same {what}, received {' and '.join(map(str, numbers))}."
        )
