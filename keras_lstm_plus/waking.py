"""Keras and TensorFlow are imported without what their C++ code says to itself on the terminal."""

from __future__ import annotations

import os
import sys
import tempfile
from importlib import import_module


def wake() -> None:
    """Import Keras; if that fails, all that was said comes out.

    Raises:
        ImportError: it is not installed.
    """
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    if "keras" in sys.modules:
        return
    try:
        saved = os.dup(2)
    except OSError:  # nobody listens
        import_module("keras")
        return
    with tempfile.TemporaryFile() as log:
        os.dup2(log.fileno(), 2)
        try:
            import_module("keras")
        except BaseException:
            log.seek(0)
            os.write(saved, log.read())
            raise
        finally:
            os.dup2(saved, 2)
            os.close(saved)
