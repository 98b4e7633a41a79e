"""What is lost where an input is rounded as it comes, before the model brings its features to one scale."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from edge.aliases import Array
from edge.convert.edits.joined_states import join_states
from edge.convert.graph import flatbuffer
from edge.convert.quantization.cell_ranges import recorded
from edge.convert.tracing.draft import Draft

_LOOK_AT = 64  # calls


def lost_by_rounding(draft: Draft, ends: Sequence[int], inputs: Sequence[int], bits: int) -> dict[int, float]:
    """How much of a feature is lost behind the head of the model, by the input.

    Args:
        draft: calibrated.
        ends: the tensors in which the head ends.
        inputs: which to look at.
        bits: that they are rounded to.

    Returns:
        The largest error of a feature, in its standard deviations.
    """
    if not ends or not inputs:
        return {}
    whole = draft.copied()
    join_states(whole)
    calls = draft.calls[:: max(1, len(draft.calls) // _LOOK_AT)]
    wanted = recorded(whole.model, list(ends), calls)
    order = list(map(int, flatbuffer.graph(draft.model).inputs))
    lost = {}
    for index in inputs:
        place, step = order.index(index), _step(draft.model, index, bits)
        rounded = [
            [_rounded(value, step) if n == place else value for n, value in enumerate(call)] for call in calls
        ]
        found = recorded(whole.model, list(ends), rounded)
        lost[index] = max(_worst_feature(wanted[end], found[end]) for end in ends)
    return lost


def _rounded(value: Array, step: float) -> Array:
    return (np.round(value / step) * step).astype(value.dtype)


def _step(model: flatbuffer.Model, index: int, bits: int) -> float:
    low, high = flatbuffer.get_range(model, index) or (-1.0, 1.0)
    return max(max(high, 0.0) - min(low, 0.0), 1e-9) / (2**bits - 1)


def _worst_feature(wanted: np.ndarray, found: np.ndarray) -> float:
    """The largest error of an entry of the last axis, in its standard deviations."""
    axes = tuple(range(wanted.ndim - 1))
    spread = np.maximum(wanted.std(axis=axes), 0.1 * wanted.std())
    error = np.sqrt(np.mean((found - wanted) ** 2, axis=axes))
    return float(np.max(error / np.maximum(spread, 1e-12)))
