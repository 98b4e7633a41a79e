"""What people keep in files beside models is read: arrays, names, numbers. And a file is written whole or not
at all. NumPy and the standard library only."""

from __future__ import annotations

import json
import os
import secrets
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
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


@contextmanager
def written(path: Path, content: bytes | memoryview) -> Iterator[Path]:
    """Write `content` beside `path` and give the name of that draft, which becomes `path` at the end.

    If anything goes wrong on the way (a full disk, an interrupt, an error inside the `with`), the draft is
    removed and a file that was at `path` before is still there. Only a signal that ends the process at once
    leaves the draft behind, hidden and with the ending `.tmp`. Several processes may write to one path: each
    has a draft of its own, and the last one wins.

    Raises:
        OSError: the disk is full, or the folder takes no file; of the kind that the system gave.
    """
    draft = path.with_name(f".{path.name}.{secrets.token_hex(4)}.tmp")
    try:
        try:
            with draft.open("xb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
        except OSError as error:
            raise _refusal(path, error, len(content)) from None
        yield draft
        try:
            os.replace(draft, path)
        except OSError as error:
            raise _refusal(path, error, len(content)) from None
    finally:
        draft.unlink(missing_ok=True)


def write_whole(path: Path, content: bytes | memoryview) -> None:
    """Write a file whole or not at all; raises as `written` does."""
    with written(path, content):
        pass


def write_all(contents: Mapping[Path, bytes]) -> None:
    """Write several files, all of them or none; raises as `written` does, and IsADirectoryError."""
    for path in contents:
        if path.is_dir():
            raise IsADirectoryError(f"{path} is a folder.")
    before = {path: path.read_bytes() if path.exists() else None for path in contents}
    try:
        with ExitStack() as drafts:
            for path, content in contents.items():
                drafts.enter_context(written(path, content))
    except BaseException:
        for path, old in before.items():
            _restore(path, old)
        raise


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


def _restore(path: Path, old: bytes | None) -> None:
    if old is None:
        path.unlink(missing_ok=True)
    elif path.read_bytes() != old:
        path.write_bytes(old)


def _refusal(path: Path, error: OSError, size: int) -> OSError:
    """The same error as a sentence that names the file."""
    sentence = type(error)(
        f"{path} cannot be written: {error.strerror or error}. It needs {size:,} bytes; what was there is "
        "unchanged."
    )
    sentence.errno = error.errno
    return sentence
