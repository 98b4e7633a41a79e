"""A file is written whole or not at all."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


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


def _refusal(path: Path, error: OSError, size: int) -> OSError:
    """The same error as a sentence that names the file."""
    sentence = type(error)(
        f"{path} cannot be written: {error.strerror or error}. It needs {size:,} bytes; what was there is "
        "unchanged."
    )
    sentence.errno = error.errno
    return sentence
