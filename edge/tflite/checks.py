"""Whether a model makes sense, where a runtime would not ask: it would read memory that nobody wrote.

`edge.tflite.parser` has checked that everything lies inside the file; here is checked what it says. What a
valid file may hold and a kernel refuses with a message of its own is none of our business.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

from edge.tflite.calls import check_calls, check_recursion
from edge.tflite.indexing import check_indices
from edge.tflite.lstm_types import check_lstm
from edge.tflite.model_file import Graph, Operator, Tensor
from edge.tflite.operands import (
    ALL_ONE_TYPE,
    LSTM_INPUT_GATE,
    LSTM_OPERANDS,
    NEEDS,
    NO_NUMBERS,
    OF_NUMBERS,
    ONE_TYPE,
    PAIRS,
    STATES,
    WITH_OPTIONAL,
)
from edge.tflite.quantities import check_scales_of
from edge.tflite.reader import DamageError
from edge.tflite.resources import check_resources

# Bits of one value; strings and handles of resources have no fixed size.
BITS = {
    "float32": 32, "float16": 16, "int32": 32, "uint8": 8, "int64": 64, "bool": 8, "int16": 16, "int8": 8,
    "complex64": 64, "float64": 64, "complex128": 128, "uint64": 64, "uint32": 32, "uint16": 16, "int4": 4,
    "bfloat16": 16, "int2": 2, "uint4": 4, "float8_e4m3fn": 8, "float8_e5m2": 8,
}  # fmt: skip
LARGEST_TENSOR = 2**36  # bytes; no machine that runs such files has more
LARGEST_RANK = 16


def check_shape(name: str, shape: Sequence[int], signature: Sequence[int], dtype: str) -> None:
    """The sizes of a tensor: `signature` is the shape with -1 for a free axis, or empty."""
    if signature and len(signature) != len(shape):
        raise DamageError(f"tensor {name!r} has shapes of {len(shape)} and of {len(signature)} axes")
    if len(shape) > LARGEST_RANK or any(n < -1 for n in (*shape, *signature)):
        raise DamageError(f"tensor {name!r} has the shape {_short(shape)}")
    for fixed, free in zip(shape, signature, strict=False):
        if free != -1 and free != fixed:
            raise DamageError(f"tensor {name!r} has the shapes {_short(shape)} and {_short(signature)}")
    if bytes_of(shape, dtype) > LARGEST_TENSOR:
        raise DamageError(f"tensor {name!r} of shape {_short(shape)} is larger than any memory")


def check_constant(name: str, shape: Sequence[int], dtype: str, size: int) -> None:
    """The data of a constant: as many bytes as its shape and type need."""
    needed = bytes_of(shape, dtype)
    if dtype in BITS and (size < needed or (size > needed and BITS[dtype] >= 8)):
        raise DamageError(f"tensor {name!r} of shape {_short(shape)} has {size} bytes, it needs {needed}")


def bytes_of(shape: Sequence[int], dtype: str) -> int:
    """Bytes that a tensor takes, at least 0; a free axis counts as 1."""
    return (math.prod(abs(n) for n in shape) * BITS.get(dtype, 0) + 7) // 8


def check_graphs(graphs: Sequence[Graph], data: Callable[[Tensor], bytes]) -> None:
    """Every graph, and which graph calls which. `data` gives the bytes of a constant."""
    for graph in graphs:
        for operator in graph.operators:
            if operator.name in NEEDS and not operator.custom:
                _check_operator(operator)
                _check_types(operator, graph)
            check_scales_of(operator, graph)
            check_indices(operator, graph, data)
            check_calls(operator, graph, graphs)
        _check_flow(graph)
    check_recursion(graphs)
    check_resources(graphs)


def _check_operator(operator: Operator) -> None:
    needs = NEEDS[operator.name]
    required = [*range(needs.operands)]
    if operator.name not in WITH_OPTIONAL:
        required = [*range(max(len(operator.inputs), needs.operands))]
    if operator.name == "UNIDIRECTIONAL_SEQUENCE_LSTM":
        required += LSTM_OPERANDS
        if any(operator.inputs[place] >= 0 for place in LSTM_INPUT_GATE if place < len(operator.inputs)):
            required += LSTM_INPUT_GATE
    for place in required:
        if place >= len(operator.inputs) or operator.inputs[place] < 0:
            raise DamageError(f"an operator {operator.name} has no operand {place}")
    if not needs.least <= len(operator.outputs) <= needs.most or -1 in operator.outputs:
        raise DamageError(f"an operator {operator.name} has {len(operator.outputs)} outputs")
    if needs.options not in (0, operator.options):
        raise DamageError(f"an operator {operator.name} has not its options")
    if operator.splits not in (None, len(operator.outputs)):
        raise DamageError(
            f"an operator {operator.name} into {operator.splits} parts has {len(operator.outputs)} outputs"
        )


def _check_types(operator: Operator, graph: Graph) -> None:
    types = [graph.tensors[index].dtype for index in (*operator.inputs, *operator.outputs) if index >= 0]
    if operator.name in OF_NUMBERS and not NO_NUMBERS.isdisjoint(types):
        raise DamageError(f"an operator {operator.name} is to compute with what is no number")
    places: Sequence[int] = ONE_TYPE.get(operator.name, (0, 1) if operator.name in PAIRS else ())
    if operator.name in ALL_ONE_TYPE:
        places = range(len(operator.inputs))
    results = () if operator.name in PAIRS else operator.outputs
    alike = [graph.tensors[index].dtype for index in (*(operator.inputs[n] for n in places), *results)]
    if places and len(set(alike)) > 1:
        raise DamageError(
            f"an operator {operator.name} is to make one of {' and '.join(dict.fromkeys(alike))}"
        )
    if operator.name == "BROADCAST_ARGS" and not {"int32", "int64"}.issuperset(types):
        raise DamageError("an operator BROADCAST_ARGS is to compute with what is no shape")
    if operator.name == "UNIDIRECTIONAL_SEQUENCE_LSTM":
        check_lstm(operator, graph)


def _check_flow(graph: Graph) -> None:
    """Nothing is read that was not written before, and nothing is written that is constant."""
    ready = set(graph.inputs)
    kept = {
        op.inputs[place]
        for op in graph.operators
        for place in STATES.get(op.name, ())
        if place < len(op.inputs) and not op.custom
    }
    for index, tensor in enumerate(graph.tensors):
        if tensor.is_variable and tensor.size:
            raise DamageError(f"tensor {index} is a variable and has a value that is constant")
        # A vector without elements (the shape of a number) has nothing to read; a row of none is computed.
        if tensor.size or (tensor.is_variable and index in kept) or tensor.shape == (0,):
            ready.add(index)
    written: set[int] = set()
    for operator in graph.operators:
        for index in operator.inputs:
            if index >= 0 and index not in ready:
                raise DamageError(
                    f"an operator {operator.name} reads tensor {index}, which nobody has written"
                )
        for index in operator.outputs:
            target = graph.tensors[index] if index >= 0 else None
            if target is not None and (target.size or (index in written and not target.is_variable)):
                raise DamageError(f"an operator {operator.name} overwrites tensor {index}")
        ready.update(operator.outputs)
        written.update(operator.outputs)
    for index in graph.outputs:
        if index not in ready:
            raise DamageError(f"tensor {index} is an output, and nobody has written it")


def _short(shape: Sequence[int]) -> str:
    return str(list(shape[:LARGEST_RANK])) + ("..." if len(shape) > LARGEST_RANK else "")
