"""Arrays that people keep in files: `.npy`, `.npz` and `.csv`. NumPy and the standard library only."""

from __future__ import annotations

import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from edge.aliases import Array

CSV = ".csv"


class End(NamedTuple):
    """What an input takes: its shape, -1 or None for a free axis, and whether integers."""

    name: str
    shape: tuple[int | None, ...]
    is_integer: bool = False


def read_arrays(paths: Sequence[Path], ends: Sequence[End] = ()) -> Array | list[Array] | dict[str, Array]:
    """Inputs, or right answers, of a model: an array, a list of them for several files, or a dictionary.

    Args:
        paths: `.npy` or `.csv` files, or one `.npz`; one of a single array is that array.
        ends: the inputs, in their order: a table becomes what they take (`as_input`). Without them it stays
            `[rows, columns]`, and one of a single column `[rows]`.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: no such file format, cut, or arrays of Python objects; a table that does not fit.
    """
    read = [_read(Path(path), ends[n] if n < len(ends) else None) for n, path in enumerate(paths)]
    if len(read) == 1:
        return read[0]
    named = [str(path) for path, each in zip(paths, read, strict=True) if isinstance(each, dict)]
    if named:
        raise ValueError(f"{named[0]} holds arrays by name; give it alone, or one .npy file for each input.")
    return [each for each in read if not isinstance(each, dict)]


def read_table(path: Path) -> Array:
    """A table of numbers, `[rows, columns]`, float64: a row a line, commas between; names in the first line
    or not.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: it is empty, or no such table.
    """
    if not path.is_file():
        raise FileNotFoundError(f"There is no file {path}.")
    try:
        rows = [line.split(",") for line in path.read_text(encoding="utf-8-sig").splitlines() if line.strip()]
        if rows and not any(map(_is_number, rows[0])):
            rows = rows[1:]
        table = np.array([[float(cell) for cell in row] for row in rows], np.float64)
    except ValueError:
        raise ValueError(
            f"{path} is no table of numbers: a row for each sample, as many numbers in each, with commas."
        ) from None
    if not table.size:
        raise ValueError(f"{path} has no row of numbers.")
    return table


def as_input(table: Array, end: End, name: str) -> Array:
    """A table as an input takes it.

    Args:
        table: `[rows, columns]`.
        end: the input. One of sequences, `[batch, time, features]`, takes a row a time step: all of them as
            one sequence, or cut where it fixes the length. One of vectors takes a row a sample.
        name: of the file, for messages.

    Raises:
        ValueError: the input takes another number of axes or of columns, or more steps than there are rows.

    Example:
        >>> as_input(np.zeros((7, 6)), End("x", (-1, 3, 6)), "x.csv").shape
        (2, 3, 6)
        >>> as_input(np.zeros((7, 6)), End("x", (-1, -1, 6)), "x.csv").shape
        (1, 7, 6)
    """
    table = table.astype(np.int32 if end.is_integer else np.float32)
    rank = len(end.shape)
    columns = end.shape[-1] if rank > 1 else 1
    if rank not in (2, 3):
        raise ValueError(
            f"{name} is a table, and input {end.name!r} takes {_shape(end.shape)}: give a .npy file of that "
            "shape."
        )
    if columns not in (None, -1, table.shape[1]):
        raise ValueError(
            f"{name} has {table.shape[1]} columns, and input {end.name!r} takes {columns}: "
            f"{_shape(end.shape)}."
        )
    if rank == 2:
        return table
    steps = end.shape[1]
    if steps in (None, -1, 1):  # a file of single steps takes any number of them, one after another
        return table[None]
    if len(table) < steps:
        raise ValueError(f"{name} has {len(table)} rows, and input {end.name!r} takes {steps} steps at once.")
    whole = len(table) // steps
    return table[: whole * steps].reshape(whole, steps, -1)


def _shape(shape: Sequence[int | None]) -> str:
    return f"[{', '.join('any' if size in (None, -1) else str(size) for size in shape)}]"


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _read(path: Path, end: End | None) -> Array | dict[str, Array]:
    if path.suffix.lower() == CSV:
        table = read_table(path)
        if end is not None:
            return as_input(table, end, str(path))
        return table[:, 0] if table.shape[1] == 1 else table
    if not path.is_file():
        raise FileNotFoundError(f"There is no file {path}.")
    try:
        content = np.load(path, allow_pickle=False)
        if isinstance(content, np.ndarray):
            return content
        with content:
            arrays = {name: content[name] for name in content.files}
    except (ValueError, EOFError, KeyError, zipfile.BadZipFile) as error:
        if "allow_pickle" in str(error) and path.suffix in (".npy", ".npz") and _is_numpy(path):
            what = "holds Python objects, not numbers; save a rectangular array of one type"
        else:
            what = "is cut, or no .npy or .npz file, as numpy.save and numpy.savez write them"
        raise ValueError(f"{path} {what}.") from None
    if not arrays:
        raise ValueError(f"{path} holds no array.")
    return next(iter(arrays.values())) if len(arrays) == 1 else arrays


def _is_numpy(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(6) in (b"\x93NUMPY", b"PK\x03\x04\x14\x00", b"PK\x03\x04-\x00")
