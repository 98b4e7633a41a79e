"""What people keep in files beside models is read: names, numbers. And a file is written whole or not at all.
Standard library only."""

from __future__ import annotations

import errno
import json
import os
import secrets
import stat
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any


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


def check_target(path: Path) -> None:
    """See whether a file can be written there: better known before the work than after it.

    Raises:
        OSError: it is a folder or a socket, its folder is not there, or nothing can be written.
    """
    found = _status(path)
    if found is not None and stat.S_ISDIR(found.st_mode):
        raise IsADirectoryError(f"{path} is a folder; give the name of a file in it.")
    if found is not None and _is_special(found):
        _check_special(path, found)
        return
    real = Path(os.path.realpath(path))
    if not real.parent.exists():
        raise FileNotFoundError(f"The folder {real.parent} does not exist; create it first.")
    if not real.parent.is_dir():
        raise NotADirectoryError(f"{real.parent} is a file, so {path} cannot lie in it.")
    if found is not None and not os.access(real, os.W_OK):
        raise PermissionError(f"{path} is read-only; choose another name, or make it writable.")
    if not os.access(real.parent, os.W_OK | os.X_OK):
        raise PermissionError(f"The folder {real.parent} cannot be written to; choose another.")


@contextmanager
def written(path: Path, content: bytes | memoryview) -> Iterator[Path]:
    """Write `content` beside `path` and give the name of that draft, which becomes `path` at the end.

    If anything goes wrong on the way (a full disk, an interrupt, an error inside the `with`), the draft is
    removed and a file that was at `path` before is still there. Only a signal that ends the process at once
    leaves the draft behind, hidden and with the ending `.tmp`. Several processes may write to one path: each
    has a draft of its own, and the last one wins.

    A link stays a link, and what it points to is replaced; a file that is replaced keeps its mode, and its
    owner where the system allows that. A pipe or a device is written into.

    Raises:
        OSError: the disk is full, or the folder takes no file; of the kind that the system gave.
    """
    check_target(path)
    found = _status(path)
    is_special = found is not None and _is_special(found)
    real = Path(os.path.realpath(path))
    folder = Path(tempfile.gettempdir()) if is_special else real.parent
    # A name has 255 bytes at most, and a character up to four.
    draft = folder / f".{path.name[:40]}.{secrets.token_hex(4)}.tmp"
    try:
        with _refusing(path, len(content)):
            _write_draft(draft, content, None if is_special else found)
        yield draft
        with _refusing(path, len(content)):
            if is_special:
                _pour(path, content)
            else:
                os.replace(draft, real)
    finally:
        draft.unlink(missing_ok=True)


def write_whole(path: Path, content: bytes | memoryview) -> None:
    """Write a file whole or not at all; raises as `written` does."""
    with written(path, content):
        pass


def write_all(contents: Mapping[Path, bytes]) -> None:
    """Write several files, all of them or none; raises as `written` does, and IsADirectoryError."""
    for path in contents:
        check_target(path)
    files = [path for path in contents if path.is_file() or not path.exists()]
    before = {Path(os.path.realpath(path)): _content(path) for path in files}
    try:
        with ExitStack() as drafts:
            for path, content in contents.items():
                drafts.enter_context(written(path, content))
    except BaseException:
        for path, old in before.items():
            _restore(path, old)
        raise


def _status(path: Path) -> os.stat_result | None:
    """Of the file that a path leads to; None where there is none yet."""
    try:
        return path.stat()
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise _refusal(path, error, None) from None


def _is_special(found: os.stat_result) -> bool:
    return not (stat.S_ISREG(found.st_mode) or stat.S_ISDIR(found.st_mode))


def _check_special(path: Path, found: os.stat_result) -> None:
    """Only pipes and devices that take characters are written into."""
    if not (stat.S_ISFIFO(found.st_mode) or stat.S_ISCHR(found.st_mode)):
        what = "a socket" if stat.S_ISSOCK(found.st_mode) else "a disk"
        raise OSError(f"{path} is {what}, not a file; choose another name.")
    if not os.access(path, os.W_OK):
        raise PermissionError(f"{path} is read-only; choose another name.")


def _pour(path: Path, content: bytes | memoryview) -> None:
    """Write into a pipe or a device; a pipe that nobody reads would wait for ever."""
    try:
        handle = os.open(path, os.O_WRONLY | os.O_NONBLOCK | os.O_NOCTTY)
    except OSError as error:
        if error.errno == errno.ENXIO:
            raise OSError(error.errno, "it is a pipe that nobody reads") from None
        raise
    os.set_blocking(handle, True)
    with os.fdopen(handle, "wb") as file:
        file.write(content)


def _write_draft(draft: Path, content: bytes | memoryview, replaced: os.stat_result | None) -> None:
    """A file that nobody else may read before it has the mode of the one that it replaces."""
    mode = 0o666 if replaced is None else 0o600
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "wb") as file:
        file.write(content)
        file.flush()
        if replaced is not None:
            _take_after(file.fileno(), replaced)
        os.fsync(file.fileno())


def _take_after(handle: int, replaced: os.stat_result) -> None:
    """Owner, group and mode of the file that is replaced, as far as the system has them and allows it."""
    if hasattr(os, "fchown"):
        for owner, group in ((replaced.st_uid, -1), (-1, replaced.st_gid)):
            with suppress(OSError):
                os.fchown(handle, owner, group)
    if hasattr(os, "fchmod"):
        with suppress(OSError):
            os.fchmod(handle, stat.S_IMODE(replaced.st_mode))


def _content(path: Path) -> bytes | None:
    return path.read_bytes() if path.exists() else None


def _restore(path: Path, old: bytes | None) -> None:
    if old is None:
        path.unlink(missing_ok=True)
    elif path.read_bytes() != old:
        path.write_bytes(old)


@contextmanager
def _refusing(path: Path, size: int) -> Iterator[None]:
    """An error of the system as a sentence that names the file."""
    try:
        yield
    except OSError as error:
        raise _refusal(path, error, size) from None


def _refusal(path: Path, error: OSError, size: int | None) -> OSError:
    needs = "" if size is None else f" It needs {size:,} bytes; what was there is unchanged."
    sentence = type(error)(f"{path} cannot be written: {error.strerror or error}.{needs}")
    sentence.errno = error.errno
    return sentence
