"""An answer of a search, on its way or complete."""

from __future__ import annotations

from typing import NamedTuple

from edge.aliases import Array


class Hypothesis(NamedTuple):
    """What a search found.

    Attributes:
        tokens: what was said, without the start and without the end token.
        score: what the search ranks by: `log_probability`, divided by `length ** length_normalization` where
            that was asked for.
        log_probability: of all tokens, the end token included.
        is_complete: whether the end token came; False: the maximum length did.
        alignments: `[steps, positions]`, where each step looked, that of the end token included; None where
            the model does not say it.

    Example:
        >>> found = Hypothesis((4, 2), -0.7, -0.7, is_complete=True, alignments=None)
        >>> len(found.tokens), found.is_complete
        (2, True)
    """

    tokens: tuple[int, ...]
    score: float
    log_probability: float
    is_complete: bool
    alignments: Array | None


def normalised(log_probability: float, steps: int, length_normalization: float) -> float:
    """The score by which answers of different lengths are compared (Wu et al. 2016, without the 5)."""
    return log_probability / steps**length_normalization if steps else log_probability
