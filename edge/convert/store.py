"""A file is written whole or not at all."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def written(path: Path, content: bytes) -> Iterator[Path]:
    """Write `content` beside `path` and give the name of that draft, which becomes `path` at the end.

    If anything goes wrong on the way (a full disk, an interrupt, an error inside the `with`), the draft is
    removed and a file that was at `path` before is still there.
    """
    draft = path.with_name(f".{path.name}.{secrets.token_hex(4)}.tmp")
    try:
        with draft.open("xb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        yield draft
        os.replace(draft, path)
    finally:
        draft.unlink(missing_ok=True)
