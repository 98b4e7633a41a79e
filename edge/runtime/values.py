"""Real numbers to what a file takes, and back: types, shapes, scales. Pure functions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from edge.aliases import Array
from edge.errors import ModelFileError
from edge.tflite import TensorInfo


def as_array(value: Any, label: str) -> Array:
    """`value` as an array of which nothing was lost.

    Args:
        value: an array, a list, a tensor or a table of another library, or a number.
        label: what messages call it.

    Raises:
        ValueError: rows of different lengths; a masked array with values masked out.
        TypeError: what NumPy makes no array of.
    """
    hidden = _masked(value)
    if hidden:
        raise ValueError(
            f"{label}: received a masked array with {hidden} values masked out, of which the model would "
            "know nothing; put values in their place, as x.filled(0) does."
        )
    try:
        return np.asarray(value)
    except ValueError as error:
        if (
            "inhomogeneous" in str(error)
            or "different lengths" in str(error)
            or "setting an array" in str(error)
        ):
            raise ValueError(f"{label}: received rows of different lengths.") from None
        raise ValueError(f"{label}: {_first_line(error)}") from None
    except Exception as error:  # another library's way to an array, which raises what it likes
        raise TypeError(f"{label}: {type(value).__name__} gives no array: {_first_line(error)}") from None


def _masked(value: Any) -> int:
    """How many values are masked out, in an array or in a list of them."""
    if isinstance(value, np.ma.MaskedArray):
        return int(np.ma.count_masked(value))
    if isinstance(value, (list, tuple)):
        return sum(_masked(each) for each in value if isinstance(each, (list, tuple, np.ma.MaskedArray)))
    return 0


def _first_line(error: Exception) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0].rstrip(".") + "."


def check_type(value: Any, info: TensorInfo) -> Array:
    """`value` as an array of the kind of numbers that `info` takes.

    Raises:
        TypeError: numbers of another kind: strings, complex numbers, real numbers for tokens.
        ValueError: no rectangular array, masked values, NaN or infinity, integers too large.
    """
    array = as_array(value, f"Input {info}")
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


def no_such_step(results: Sequence[Array], file: str) -> ModelFileError:
    """The error for outputs of which no step, or no row, can be taken."""
    shapes = ", ".join(str(list(result.shape)) for result in results)
    return ModelFileError(
        f"{file} gave outputs of shape {shapes}, in which there is no step to take: the file is damaged, or "
        "was changed after it was converted. Convert the model again."
    )


def encode(array: Array, info: TensorInfo) -> Array:
    """Values as the file holds them: rounded to the nearest step of the scale, clipped to their type."""
    if info.scale is None or info.zero_point is None:
        return array.astype(info.dtype, copy=False)
    limits = np.iinfo(info.dtype)
    return np.clip(steps(array, info.scale, info.zero_point), limits.min, limits.max).astype(info.dtype)


def steps(array: Array, scale: float, zero_point: int) -> Array:
    """Values in steps of a scale, rounded to the nearest and not clipped."""
    return np.asarray(np.rint(array / np.float64(scale)) + zero_point)


def decode(array: Array, info: TensorInfo) -> Array:
    """What the file holds as values: float32 for real numbers, integers as they are."""
    if info.scale is None or info.zero_point is None:
        return array.astype(np.float32, copy=False) if info.is_real else array
    return ((array.astype(np.float64) - info.zero_point) * info.scale).astype(np.float32)
