"""What goes into a file and what comes out."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from edge.errors import ModelFileError
from edge.tflite.model_file import Tensor


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
