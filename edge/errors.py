"""What the device half raises beside Python's own ValueError, TypeError and ImportError; what a count is."""

from __future__ import annotations

import operator
from typing import Any


class ModelFileError(ValueError):
    """A model file is missing, unreadable, cut short, damaged or of another kind, or a runtime refuses it.

    Example:
        >>> import edge
        >>> try:
        ...     edge.load("nowhere.tflite")
        ... except edge.ModelFileError as error:
        ...     print("nowhere.tflite" in str(error))
        True
    """


def as_count(value: Any) -> int | None:
    """`value` as a positive integer, whoever's type it is (`int`, `numpy.int64`); None if it is none.

    Example:
        >>> import numpy as np
        >>> as_count(np.int64(2)), as_count(True), as_count(2.0), as_count("2"), as_count(0)
        (2, None, None, None, None)
    """
    if type(value).__name__ in ("bool", "bool_"):
        return None
    try:
        number = operator.index(value)
    except TypeError:
        return None
    return number if number > 0 else None


def check_progress(progress: Any) -> None:
    """Refuse with a TypeError what is to be told how far something has come, and cannot be called.

    Example:
        >>> check_progress(print)
        >>> check_progress(None)
    """
    if progress is not None and not callable(progress):
        raise TypeError(
            "progress is a function of three arguments, what is done, what there is to do and what it "
            f"is; received {progress!r}. Use progress=print, or None."
        )
