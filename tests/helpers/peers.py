"""What the tests against other LSTMs share."""

from __future__ import annotations

from typing import Any

import numpy as np

from edge.aliases import Array

BATCH, TIME, FEATURES, UNITS = 3, 7, 4, 5
RNG = np.random.default_rng(3)
X = RNG.normal(size=(BATCH, TIME, FEATURES))
H0, C0 = RNG.normal(size=(2, 2, BATCH, UNITS))  # [directions, batch, units]
LENGTHS = np.array([7, 4, 1], "int32")
MASK = np.arange(TIME) < LENGTHS[:, None]
WHOLE: dict[str, Any] = {"return_sequences": True, "return_state": True}


def same_weights(one: Any, other: Any) -> bool:
    pairs = list(zip(one.get_weights(), other.get_weights(), strict=True))
    return all(a.dtype == b.dtype and np.array_equal(a, b) for a, b in pairs)


def state_dict_of(**changes: Array | None) -> dict[str, Array]:
    """One layer in torch's layout, with some arrays changed or left out."""
    shapes = {"weight_ih_l0": (20, 4), "weight_hh_l0": (20, 5), "bias_ih_l0": (20,), "bias_hh_l0": (20,)}
    arrays: dict[str, Any] = {name: np.ones(shape) for name, shape in shapes.items()} | changes
    return {name: value for name, value in arrays.items() if value is not None}
