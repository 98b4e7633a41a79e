"""What a fused operator remembers: written by the graph at each call, shown by it, or left to the runtime.

The runtimes keep the state of an LSTM from call to call, and some have no way to reset it. Which operator
writes it matters: of a constant, RESHAPE, CONCATENATION and GATHER are evaluated once, when the file is
loaded, and would reset nothing; SLICE runs at every call and knows 8- and 16-bit integers.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from edge.convert.edits.fusion import Fused, fused_operators, state_tensors
from edge.convert.graph import flatbuffer, operators
from edge.convert.keras_model.call_sites import own_sizes

Operator = operators.Operator
_SLICE_VERSIONS = {"float32": 1, "int8": 2, "int16": 4}


def join(model: flatbuffer.Model, fused: Sequence[Fused]) -> list[Operator]:
    """Connect the states with the tensors of the model that they start from and show up in. Edits `model`.

    Returns:
        The operators that do it.
    """
    added = []
    for operator, link in zip(fused_operators(model), fused, strict=True):
        states = state_tensors(model, operator)
        for source, state in zip(link.given, states, strict=False):
            added += [new := _copy(model, source, state)]
            operators.insert_before(model, operator, new)
        added += _read(model, operator, list(zip(states, link.shown, strict=False)))
    return added


def join_quantized(model: flatbuffer.Model, fused: Sequence[Fused]) -> None:
    """The same in integers, through real numbers: both sides have scales of their own. Edits `model`."""
    for operator, link in zip(fused_operators(model), fused, strict=True):
        states = state_tensors(model, operator)
        for source, state in zip(link.given, states, strict=False):
            for new in _through_real_numbers(model, source, state):
                operators.insert_before(model, operator, new)
        copies = [_like(model, state, "copy") for state, _ in zip(states, link.shown, strict=False)]
        for copy, target in zip(copies, link.shown, strict=False):
            for new in reversed(_through_real_numbers(model, copy, target)):
                operators.insert_after(model, operator, new)
        _read(model, operator, list(zip(states, copies, strict=False)))


def reset_states(model: flatbuffer.Model, fused: Sequence[Fused]) -> None:
    """Let every call start from zeros where the model gives no state. Edits `model`."""
    for operator, link in zip(fused_operators(model), fused, strict=True):
        if link.given:
            continue
        for state in state_tensors(model, operator):
            shape, dtype = flatbuffer.tensor_shape(model, state), flatbuffer.tensor_dtype(model, state)
            quantization = flatbuffer.scale_and_zero_point(model, state)
            zero = 0 if quantization is None else quantization[1]
            name = f"{flatbuffer.tensor_name(model, state)}/zeros"
            zeros = flatbuffer.add_constant(model, name, np.full(shape, zero, dtype))
            flatbuffer.copy_type(model, state, zeros)
            operators.insert_before(model, operator, _copy(model, zeros, state))


def show_states(model: flatbuffer.Model, fused: Sequence[Fused]) -> dict[int, list[tuple[int, int]]]:
    """Make every state that the model does not give an input and an output of the file. Edits `model`.

    Returns:
        By the index of the site, for each of its states the tensors that are its input and its output.
    """
    pairs: dict[int, list[tuple[int, int]]] = {}
    for operator, link in zip(fused_operators(model), fused, strict=True):
        if link.given:
            continue
        states = state_tensors(model, operator)
        shown = [_like(model, state, "shown") for state in states]
        given, after = list(shown), list(shown)
        for n, (state, size) in enumerate(zip(states, own_sizes(link.site), strict=True)):
            given[n] = _like(model, state, "given", size)
            operators.insert_before(model, operator, _copy_or_fill(model, given[n], state))
            if size < flatbuffer.tensor_shape(model, state)[1]:  # filled up with zeros for the kernel
                after[n] = _like(model, state, "own", size)
                operators.insert_after(model, operator, _copy(model, shown[n], after[n]))
        _read(model, operator, list(zip(states, shown, strict=True)))
        pairs[link.site.index] = list(zip(given, after, strict=True))
    return pairs


def _read(model: flatbuffer.Model, operator: Operator, pairs: Sequence[tuple[int, int]]) -> list[Operator]:
    """Copy states after `operator` has run: `(state, target)` each.

    For a runtime the state is no output of the operator, so it may run a plain copy before it (XNNPACK does).
    A SELECT between the state and itself, on a condition taken from the operator's output, has to wait.
    """
    if not pairs:
        return []
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
    return chain


def _copy(model: flatbuffer.Model, source: int, target: int) -> Operator:
    shape, dtype = flatbuffer.tensor_shape(model, target), flatbuffer.tensor_dtype(model, target)
    name = flatbuffer.tensor_name(model, target)
    begin = flatbuffer.add_constant(model, f"{name}/begin", np.zeros(len(shape), np.int32))
    size = flatbuffer.add_constant(model, f"{name}/size", np.array(shape, np.int32))
    return operators.slice_of(model, source, begin, size, target, _SLICE_VERSIONS[dtype.name])


def _through_real_numbers(model: flatbuffer.Model, source: int, target: int) -> list[Operator]:
    is_integer = [flatbuffer.scale_and_zero_point(model, index) is not None for index in (source, target)]
    if is_integer == [False, False]:
        return [_copy(model, source, target)]
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


def _copy_or_fill(model: flatbuffer.Model, source: int, target: int) -> Operator:
    """target = source, zeros behind it where it is narrower."""
    missing = flatbuffer.tensor_shape(model, target)[1] - flatbuffer.tensor_shape(model, source)[1]
    if not missing:
        return _copy(model, source, target)
    pads = np.array([[0, 0], [0, missing]], np.int32)
    name = f"{flatbuffer.tensor_name(model, target)}/pads"
    return operators.plain(model, "PAD", [source, flatbuffer.add_constant(model, name, pads)], target)


def _like(model: flatbuffer.Model, state: int, name: str, size: int | None = None) -> int:
    shape, dtype = flatbuffer.tensor_shape(model, state), flatbuffer.tensor_dtype(model, state)
    shape = shape if size is None else (shape[0], size)
    new = flatbuffer.add_tensor(model, f"{flatbuffer.tensor_name(model, state)}/{name}", shape, dtype)
    flatbuffer.copy_type(model, state, new)
    return new
