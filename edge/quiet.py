"""What libraries written in C++ mutter on stderr is kept to themselves."""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TextIO


@contextmanager
def quiet(*explained: type[BaseException]) -> Iterator[TextIO]:
    """Send what is written to file descriptor 2 nowhere, but for the stream that this gives.

    After an error of another kind than `explained`, all of it comes out: it may say why.
    """
    sys.stderr.flush()
    saved = os.dup(2)
    with tempfile.TemporaryFile() as log, os.fdopen(os.dup(saved), "w") as stderr:
        os.dup2(log.fileno(), 2)
        try:
            yield stderr
        except explained:
            raise
        except BaseException:
            log.seek(0)
            os.write(saved, log.read())
            raise
        finally:
            os.dup2(saved, 2)
            os.close(saved)
