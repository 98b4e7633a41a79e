"""Whether two groups of results differ: Welch's t-test, written out.

Of the groups a and b, with means m, variances v (of a sample) and sizes n:

    t = (m_a - m_b) / sqrt(v_a/n_a + v_b/n_b)
    d = (v_a/n_a + v_b/n_b)^2 / ((v_a/n_a)^2/(n_a - 1) + (v_b/n_b)^2/(n_b - 1))
        degrees of freedom (Satterthwaite)
    p = I(d / (d + t^2); d/2, 1/2)        of both tails

with the regularised incomplete beta function I.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from edge.aliases import Array

TINY = 1e-300


def welch(a: Sequence[float] | Array, b: Sequence[float] | Array) -> float:
    """The p-value, 0 to 1: how likely means so far apart are, were the true means equal.

    Raises:
        ValueError: a group has fewer than two values.
    """
    if min(len(a), len(b)) < 2:
        raise ValueError(
            f"Welch's test needs two values or more in each group, received {len(a)} and {len(b)}."
        )
    first, second = (float(np.var(group, ddof=1)) / len(group) for group in (a, b))
    apart = float(np.mean(a) - np.mean(b))
    if first + second == 0:
        return 1.0 if apart == 0 else 0.0
    squared = apart**2 / (first + second)
    freedom = (first + second) ** 2 / (first**2 / (len(a) - 1) + second**2 / (len(b) - 1))
    return incomplete_beta(freedom / (freedom + squared), freedom / 2, 0.5)


def incomplete_beta(x: float, a: float, b: float) -> float:
    """I(x; a, b), 0 <= x <= 1, by its continued fraction (DLMF 8.17.22)."""
    if x <= 0 or x >= 1:
        return float(x >= 1)
    if x > (a + 1) / (a + b + 2):  # there the fraction converges slowly; its mirror does not
        return 1 - incomplete_beta(1 - x, b, a)
    front = math.lgamma(a + b) - math.lgamma(a) - math.lgamma(b) + a * math.log(x) + b * math.log1p(-x)
    return math.exp(front) / (a * _fraction(x, a, b))


def _fraction(x: float, a: float, b: float) -> float:
    """1 + d_1/(1 + d_2/(1 + ...)), from the front, by Lentz's method."""
    value, above, below = 1.0, 1.0, 0.0
    for n in range(1, 500):
        m = n // 2
        if n % 2:
            d = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))
        else:
            d = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m))
        below = 1 / (1 + d * below or TINY)
        above = 1 + d / above or TINY
        value *= above * below
        if abs(above * below - 1) < 1e-15:
            break
    return value
