"""Operators that copy a state from and to a tensor of the model.

The runtimes keep the state of an LSTM from call to call, and some have no way to reset it. Which operator
writes it matters: of a constant, RESHAPE, CONCATENATION and GATHER are evaluated once, when the file is
loaded, and would reset nothing; SLICE runs at every call and knows 8- and 16-bit integers.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from edge.convert.graph import flatbuffer, operators

Operator = operators.Operator
_SLICE_VERSIONS = {"float32": 1, "int8": 2, "int16": 4}


def read_after(model: flatbuffer.Model, operator: Operator, pairs: Sequence[tuple[int, int]]) -> None:
    """Copy states after `operator` has run: `(state, target)` each.

    For a runtime the state is no output of the operator, so it may run a plain copy before it (XNNPACK does).
    A SELECT between the state and itself, on a condition taken from the operator's output, has to wait.
    """
    if not pairs:
        return
    y = operator.outputs[0]
    name = flatbuffer.tensor_name(model, y)
    begin = flatbuffer.add_constant(model, f"{name}/first", np.zeros(3, np.int32))
    size = flatbuffer.add_constant(model, f"{name}/one", np.ones(3, np.int32))
    shape = flatbuffer.add_constant(model, f"{name}/flat", np.ones(1, np.int32))
    one, flat = (flatbuffer.add_tensor(model, name, shape, np.float32) for shape in ((1, 1, 1), (1,)))
    for index in (one, flat):
        flatbuffer.copy_type(model, y, index)
    ready = flatbuffer.add_tensor(model, f"{name}/ready", (1,), bool)
    version = _SLICE_VERSIONS[flatbuffer.tensor_dtype(model, y).name]
    chain = [
        operators.slice_of(model, y, begin, size, one, version),
        operators.plain(model, "RESHAPE", [one, shape], flat),
        operators.plain(model, "EQUAL", [flat, flat], ready),
        *(operators.plain(model, "SELECT_V2", [ready, state, state], target) for state, target in pairs),
    ]
    for new in reversed(chain):
        operators.insert_after(model, operator, new)


def copied(model: flatbuffer.Model, source: int, target: int) -> Operator:
    """target = source, whatever the types, at every call."""
    shape, dtype = flatbuffer.tensor_shape(model, target), flatbuffer.tensor_dtype(model, target)
    name = flatbuffer.tensor_name(model, target)
    begin = flatbuffer.add_constant(model, f"{name}/begin", np.zeros(len(shape), np.int32))
    size = flatbuffer.add_constant(model, f"{name}/size", np.array(shape, np.int32))
    return operators.slice_of(model, source, begin, size, target, _SLICE_VERSIONS[dtype.name])


def copied_through_real_numbers(model: flatbuffer.Model, source: int, target: int) -> list[Operator]:
    """target = source where either or both are integers, each with a scale of its own."""
    is_integer = [flatbuffer.scale_and_zero_point(model, index) is not None for index in (source, target)]
    if is_integer == [False, False]:
        return [copied(model, source, target)]
    if is_integer == [False, True]:
        return [operators.converted(model, "QUANTIZE", source, target)]
    if is_integer == [True, False]:
        return [operators.converted(model, "DEQUANTIZE", source, target)]
    shape = flatbuffer.tensor_shape(model, target)
    real = flatbuffer.add_tensor(model, f"{flatbuffer.tensor_name(model, target)}/real", shape, np.float32)
    return [
        operators.converted(model, "DEQUANTIZE", source, real),
        operators.converted(model, "QUANTIZE", real, target),
    ]


def copied_and_filled(model: flatbuffer.Model, source: int, target: int) -> Operator:
    """target = source, zeros behind it where it is narrower."""
    missing = flatbuffer.tensor_shape(model, target)[1] - flatbuffer.tensor_shape(model, source)[1]
    if not missing:
        return copied(model, source, target)
    pads = np.array([[0, 0], [0, missing]], np.int32)
    name = f"{flatbuffer.tensor_name(model, target)}/pads"
    return operators.plain(model, "PAD", [source, flatbuffer.add_constant(model, name, pads)], target)


def tensor_like(model: flatbuffer.Model, state: int, name: str, size: int | None = None) -> int:
    """A tensor of the type of `state`, of its width or another."""
    shape, dtype = flatbuffer.tensor_shape(model, state), flatbuffer.tensor_dtype(model, state)
    shape = shape if size is None else (shape[0], size)
    new = flatbuffer.add_tensor(model, f"{flatbuffer.tensor_name(model, state)}/{name}", shape, dtype)
    flatbuffer.copy_type(model, state, new)
    return new
