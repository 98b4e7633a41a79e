"""Real numbers to what a file takes, and back: types, shapes, scales. Pure functions."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from edge.errors import ModelFileError
from edge.flatfile import Tensor

Array = np.ndarray


class TensorInfo(NamedTuple):
    """An input or output of a file.

    Attributes:
        name: as the file has it.
        shape: with -1 for an axis of any length.
        dtype: of the numbers in the file.
        scale: real value = scale * (number - zero_point); None where the numbers are the values.
        zero_point: the number that stands for 0.0; None like `scale`.
    """

    name: str
    shape: tuple[int, ...]
    dtype: np.dtype
    scale: float | None
    zero_point: int | None

    @property
    def is_real(self) -> bool:
        """Whether values are real numbers; otherwise they are integers (tokens) or booleans."""
        return self.scale is not None or self.dtype.kind == "f"

    def __str__(self) -> str:
        kind = "real numbers" if self.is_real else str(self.dtype)
        return f"{self.name!r} [{', '.join('any' if n < 0 else str(n) for n in self.shape)}] of {kind}"


def info_of(tensor: Tensor, file: str) -> TensorInfo:
    """What the caller of a file must know of one of its inputs or outputs.

    Raises:
        ModelFileError: values of that type cannot be passed from Python.
    """
    try:
        dtype = np.dtype(tensor.dtype)
    except TypeError:
        dtype = np.dtype(object)
    if dtype.kind not in "fiub":
        raise ModelFileError(
            f"{file}: {tensor.name!r} holds {tensor.dtype} values; only real numbers, integers and booleans "
            "can be passed in and out. Convert the model with float inputs and outputs."
        )
    if dtype.kind == "f" or not tensor.scales:
        return TensorInfo(tensor.name, tensor.shape, dtype, None, None)
    scale, zero_point = tensor.scales[0], (tensor.zero_points or (0,))[0]
    limits = np.iinfo(dtype)
    if len(tensor.scales) > 1 or not (np.isfinite(scale) and scale > 0):
        raise ModelFileError(f"{file}: {tensor.name!r} needs one positive scale, it has {tensor.scales}.")
    if not limits.min <= zero_point <= limits.max:
        raise ModelFileError(f"{file}: the zero point {zero_point} of {tensor.name!r} is no {dtype}.")
    return TensorInfo(tensor.name, tensor.shape, dtype, scale, zero_point)


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
