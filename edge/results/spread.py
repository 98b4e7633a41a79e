"""What the error of an output is measured in, wherever a file is compared."""

from __future__ import annotations

import numpy as np

from edge.aliases import Array

# Of the size of an output: what another order of summation may change of it, so no variation of its own.
ROUNDING = 1e-6


def spread_of(wanted: Array) -> float:
    """The standard deviation of an output; its size, where it is the same for all input but for rounding."""
    spread, size = float(np.std(wanted, dtype=np.float64)), float(np.abs(wanted).max(initial=0.0))
    return spread if spread > ROUNDING * size else size or 1.0
