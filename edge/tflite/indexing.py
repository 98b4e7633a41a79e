"""Constant operands that say where to read: a kernel follows them without a question."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from edge.tflite.model_file import Graph, Operator, Slicing, Tensor
from edge.tflite.reader import DamageError

FURTHEST = 2**30  # of a begin; ends may be the largest number there is


def check_indices(operator: Operator, graph: Graph, data: Callable[[Tensor], bytes]) -> None:
    """A SLICE or STRIDED_SLICE by constants lies inside its operand. `data` gives the bytes of a constant."""
    if operator.custom:
        return
    if operator.name == "SLICE":
        _check_slice([graph.tensors[index] for index in operator.inputs[:3]], data)
    elif operator.name == "STRIDED_SLICE":
        _check_strided_slice(operator, graph, data)


def _check_slice(operands: Sequence[Tensor], data: Callable[[Tensor], bytes]) -> None:
    """A constant SLICE lies inside its operand; tflite-runtime does not ask."""
    whole, *ends = operands
    if any(not tensor.size or tensor.dtype not in ("int32", "int64") for tensor in ends):
        return  # computed
    if not whole.shape:
        return  # its rank is not known
    begin, size = (np.frombuffer(data(tensor), tensor.dtype).tolist() for tensor in ends)
    if not len(begin) == len(size) == len(whole.shape):
        raise DamageError(f"a SLICE of {len(begin)} axes is taken of {len(whole.shape)}")
    for start, length, n in zip(begin, size, whole.shape, strict=True):
        if start < 0 or length < -1 or (n >= 0 and start + max(length, 0) > n):
            raise DamageError(f"a SLICE from {start} of {length} is taken of {n}")


def _check_strided_slice(operator: Operator, graph: Graph, data: Callable[[Tensor], bytes]) -> None:
    operands = [graph.tensors[index] for index in operator.inputs[:4]]
    whole = operands[0]
    if any(tensor.dtype not in ("int32", "int64") for tensor in operands[1:]):
        raise DamageError("a STRIDED_SLICE has bounds that are no integers")
    begin, end, strides = (
        np.frombuffer(data(tensor), tensor.dtype).tolist() if tensor.size else None for tensor in operands[1:]
    )
    if strides is not None and 0 in strides:
        raise DamageError("a STRIDED_SLICE has a stride of 0")
    known = [values for values in (begin, end, strides) if values is not None]
    if len({len(values) for values in known}) > 1:
        raise DamageError("a STRIDED_SLICE has bounds of different lengths")
    if begin is not None and any(abs(n) > FURTHEST for n in begin):
        raise DamageError(f"a STRIDED_SLICE begins at {max(begin, key=abs)}")
    how = operator.slicing
    if how is None:
        raise DamageError("an operator STRIDED_SLICE has not its options")
    if begin is None or not whole.shape:
        return  # computed
    for axis, (start, n) in enumerate(zip(begin, whole.shape, strict=False)):
        if how.adds_axes:
            break  # the axes are others
        length = end[axis] if end is not None and how.is_offset else 0  # the end counts from the beginning
        least = 0 if how.is_offset else -n
        if n >= 0 and not how.begin_mask >> axis & 1 and (start < least or start > n):
            raise DamageError(f"a STRIDED_SLICE from {start} is taken of {n}")
        if how.is_offset and (start < 0 or length < 0 or (n >= 0 and start + length > n)):
            raise DamageError(f"a STRIDED_SLICE from {start} of {length} is taken of {n}")
    result = graph.tensors[operator.outputs[0]].shape
    if end is not None and strides is not None and -1 not in (*whole.shape, *result):
        taken = _shape_of_slice(how, whole.shape, begin, end, strides)
        if taken != result:
            raise DamageError(
                f"a STRIDED_SLICE of shape {list(result)} has the shape {taken and list(taken)}"
            )


def _shape_of_slice(
    how: Slicing, shape: tuple[int, ...], begin: list[int], end: list[int], strides: list[int]
) -> tuple[int, ...] | None:
    """What NumPy takes by the same bounds; None: it cannot be taken."""
    index: list[Any] = []
    for axis, (start, stop, stride) in enumerate(zip(begin, end, strides, strict=True)):
        bit = 1 << axis
        if how.ellipsis_mask & bit:
            index.append(Ellipsis)
        elif how.new_axis_mask & bit:
            index.append(None)
        elif how.shrink_mask & bit:
            index.append(start)
        else:
            stop += start if how.is_offset else 0
            first, last = None if how.begin_mask & bit else start, None if how.end_mask & bit else stop
            index.append(slice(first, last, stride))
    try:
        taken: tuple[int, ...] = np.broadcast_to(np.int8(0), shape)[tuple(index)].shape
    except IndexError:
        return None
    return taken
