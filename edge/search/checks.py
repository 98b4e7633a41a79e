"""What a search is asked for, looked at before it begins."""

from __future__ import annotations

from typing import Any

import numpy as np

from edge.aliases import Array
from edge.errors import as_count


def count(name: str, value: Any, meaning: str) -> int:
    """A positive integer.

    Raises:
        ValueError: of what is none.
    """
    number = as_count(value)
    if number is None:
        raise ValueError(f"{name} is {meaning}, a positive integer; received {value!r}.")
    return number


def token(name: str, value: Any, size: int | None = None) -> int:
    """A number of the vocabulary, 0 to size - 1.

    Raises:
        ValueError: of what is none.
    """
    whole = not isinstance(value, bool) and isinstance(value, (int, np.integer))
    if not whole or value < 0 or (size is not None and value >= size):
        known = f"one of the vocabulary, 0 to {size - 1}" if size else "an integer from 0 on"
        raise ValueError(f"{name} is the number of a token, {known}; received {value!r}.")
    return int(value)


def real_scores(scores: Any, what: str) -> Array:
    """The scores as real numbers.

    Raises:
        ValueError: of NaN, and where every score is minus infinity: nothing is left to choose.
    """
    values = np.asarray(scores, np.float64)
    if np.isnan(values).any():
        raise ValueError(
            f"{what} has scores that are not a number (NaN): there is no best one. Look at what went into "
            "the model, and at its weights."
        )
    if not np.isfinite(values.max(axis=-1)).all():
        raise ValueError(f"{what} has no finite score: every token is impossible, or one infinitely likely.")
    return values


def log_softmax(scores: Array) -> Array:
    """Logarithms of probabilities, along the last axis."""
    top = scores.max(axis=-1, keepdims=True)
    return scores - top - np.log(np.exp(scores - top).sum(axis=-1, keepdims=True))
