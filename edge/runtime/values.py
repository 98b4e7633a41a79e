"""Real numbers to what a file takes, and back: types, shapes, scales. Pure functions."""

from __future__ import annotations

from typing import Any

import numpy as np

from edge.aliases import Array
from edge.tflite import TensorInfo


def check_type(value: Any, info: TensorInfo) -> Array:
    """`value` as an array of the kind of numbers that `info` takes.

    Raises:
        TypeError: numbers of another kind: strings, complex numbers, real numbers for tokens.
        ValueError: no rectangular array, NaN or infinity, integers too large.
    """
    try:
        array = np.asarray(value)
    except ValueError:
        raise ValueError(f"Input {info}: received rows of different lengths.") from None
    kinds = "fiub" if info.is_real else ("b" if info.dtype.kind == "b" else "iu")
    if array.dtype.kind not in kinds:
        found = "Python objects" if array.dtype.kind == "O" else f"{array.dtype} values"
        raise TypeError(f"Input {info}: received {found}.")
    if info.is_real:
        with np.errstate(over="ignore"):
            array = array.astype(np.float32, copy=False)
        if not np.isfinite(array).all():
            where = tuple(int(i) for i in np.argwhere(~np.isfinite(array))[0])
            raise ValueError(
                f"Input {info}: received NaN or infinity, or a number beyond float32, at index {where}."
            )
    elif array.size and kinds == "iu":
        limits = np.iinfo(info.dtype)
        if array.min() < limits.min or array.max() > limits.max:
            raise ValueError(
                f"Input {info}: received integers from {array.min()} to {array.max()}, too large for it."
            )
    return array


def encode(array: Array, info: TensorInfo) -> Array:
    """Values as the file holds them: rounded to the nearest step of the scale, clipped to their type."""
    if info.scale is None or info.zero_point is None:
        return array.astype(info.dtype, copy=False)
    limits = np.iinfo(info.dtype)
    steps = np.rint(array / np.float64(info.scale)) + info.zero_point
    return np.clip(steps, limits.min, limits.max).astype(info.dtype)


def decode(array: Array, info: TensorInfo) -> Array:
    """What the file holds as values: float32 for real numbers, integers as they are."""
    if info.scale is None or info.zero_point is None:
        return array.astype(np.float32, copy=False) if info.is_real else array
    return ((array.astype(np.float64) - info.zero_point) * info.scale).astype(np.float32)
