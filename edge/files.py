"""What people keep in files beside models: arrays, names, numbers. NumPy and the standard library only."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from edge.aliases import Array


def read_arrays(paths: Sequence[Path]) -> Array | list[Array] | dict[str, Array]:
    """Inputs (or labels) of a model: an array, a list of them for several files, or a dictionary by name.

    Args:
        paths: `.npy` files, or one `.npz`; one of a single array is that array.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: no such file format, cut, or arrays of Python objects.
    """
    read = [_read_array(Path(path)) for path in paths]
    if len(read) == 1:
        return read[0]
    named = [str(path) for path, each in zip(paths, read, strict=True) if isinstance(each, dict)]
    if named:
        raise ValueError(f"{named[0]} holds arrays by name; give it alone, or one .npy file for each input.")
    return [each for each in read if not isinstance(each, dict)]


def read_names(text: str) -> list[str]:
    """Names from a text file, one a line, or from a list with commas.

    Raises:
        ValueError: neither, or a file that is no text.
    """
    path = Path(text)
    if path.is_file():
        try:
            lines = path.read_text(encoding="utf-8").splitlines()
        except UnicodeDecodeError:
            raise ValueError(f"{path} is no text in UTF-8; labels are read from it, one a line.") from None
        names = [line.strip() for line in lines if line.strip()]
        if not names:
            raise ValueError(f"{path} is empty; the labels are read from it, one a line.")
        return names
    if "," not in text:
        raise ValueError(
            f"Labels are a text file, one a line, or a list with commas: there is no file {text}."
        )
    return [name.strip() for name in text.split(",")]


def read_json(path: Path) -> Any:
    """The value in a JSON file.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: it is no JSON.
    """
    if not path.is_file():
        raise FileNotFoundError(f"There is no file {path}.")
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (ValueError, RecursionError) as error:
        raise ValueError(f"{path} is no JSON: {error}.") from None


def _read_array(path: Path) -> Array | dict[str, Array]:
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
