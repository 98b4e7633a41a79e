"""How much memory a file needs beside its weights, estimated from which tensors live at the same time."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate
from math import prod
from typing import NamedTuple

from edge.tflite import Graph, ModelFile, Tensor

LENGTHS = (1, 100)
LARGEST = 5
_WIDTHS = {"float16": 2, "bfloat16": 2, "bool": 1, "resource": 0, "variant": 0, "string": 0}


class Memory(NamedTuple):
    """What a file needs.

    Attributes:
        weights_bytes: of its constants.
        arena_bytes: beside them, for sequences of 1 and of 100 steps, by the number of steps; where the
            length is fixed, for that length instead.
        largest: the tensors that take most at the last of those lengths, each with its bytes.
    """

    weights_bytes: int
    arena_bytes: dict[int, int]
    largest: list[tuple[Tensor, int]]


def memory(file: ModelFile) -> Memory:
    """What a file needs beside its weights, and for them."""
    return Memory(
        file.weights_size, {length: arena(file, length) for length in LENGTHS}, _largest(file, LENGTHS[-1])
    )


def arena(file: ModelFile, length: int) -> int:
    """The most bytes that live at once while the file runs on a sequence of that many steps.

    A runtime needs at least so much: it may leave gaps, and some operators need room of their own. The body
    of a loop counts as if it ran at the worst moment.
    """
    main, *bodies = (peak(graph, sizes(graph, *_unknowns(file, length))) for graph in file.graphs)
    return main + max(bodies, default=0)


def peak(graph: Graph, tensor_sizes: Sequence[int]) -> int:
    """The same for one graph: a tensor lives from the operator that makes it to the last that reads it.

    Inputs, outputs and variables live all the time.

    Args:
        graph: of which the operators run in their order.
        tensor_sizes: the bytes of each of its tensors; 0 for a constant, which is one of the weights.
    """
    end = len(graph.operators)
    born: dict[int, int] = {}
    dies: dict[int, int] = {}
    for moment, operator in enumerate(graph.operators):
        for index in (*operator.inputs, *operator.outputs):
            if index >= 0:
                born.setdefault(index, moment)
                dies[index] = moment
    always = {*graph.inputs, *graph.outputs}
    always |= {index for index, tensor in enumerate(graph.tensors) if tensor.is_variable}
    change = [0] * (end + 2)
    for index in {*born, *always}:
        change[0 if index in always else born[index]] += tensor_sizes[index]
        change[end + 1 if index in always else dies[index] + 1] -= tensor_sizes[index]
    return max(accumulate(change))


def sizes(graph: Graph, length: int, batch: int) -> list[int]:
    """The bytes of each tensor that is computed; 0 for constants."""
    found = shapes(graph, length, batch)
    return [
        0 if tensor.size else prod(shape) * _width(tensor.dtype)
        for tensor, shape in zip(graph.tensors, found, strict=True)
    ]


def shapes(graph: Graph, length: int, batch: int) -> list[tuple[int, ...]]:
    """The shape of each tensor, with a guess for every axis that the file leaves open.

    A first axis is the batch, or what it was in the input of the operator; another one is the length. A
    RESHAPE keeps the number of elements.
    """
    found = [_guess(tensor.shape, length, batch) for tensor in graph.tensors]
    for operator in graph.operators:
        if not operator.inputs or operator.inputs[0] < 0:
            continue
        source, was = found[operator.inputs[0]], graph.tensors[operator.inputs[0]].shape
        for index in operator.outputs:
            shape: tuple[int, ...] = graph.tensors[index].shape if index >= 0 else ()
            known: int = prod(n for n in shape if n >= 0)
            if operator.name == "RESHAPE" and shape.count(-1) == 1 and known:
                rest = prod(source) // known
                found[index] = tuple(rest if n < 0 else n for n in shape)
            elif operator.name == "RESHAPE" and shape[-1:] == (-1,) and source and source[-1]:
                middle = found[index][1:-1]  # as before a product: the last axis stays, others become one
                rest = prod(source) // source[-1] // max(prod(middle), 1)
                found[index] = (rest, *middle, source[-1])
            elif shape[:1] == was[:1] == (-1,) and len(shape) == len(was):
                found[index] = (source[0], *found[index][1:])
    return found


def _guess(shape: tuple[int, ...], length: int, batch: int) -> tuple[int, ...]:
    if len(shape) > 2 and max(shape) < 0:  # in a loop nothing is known of some: as if of one axis
        return (length, *(1 for _ in shape[1:]))
    return tuple(n if n >= 0 else (length if axis else batch) for axis, n in enumerate(shape))


def _unknowns(file: ModelFile, length: int) -> tuple[int, int]:
    """Length and batch: of a file that fixes them, its own; a free batch is one row."""
    graph = file.graphs[0]
    inputs = [graph.tensors[index].shape for index in graph.inputs]
    batch = max((shape[0] for shape in inputs if shape), default=1)
    if not any(-1 in shape[1:] for shape in inputs):
        length = max((shape[1] for shape in inputs if len(shape) >= 3), default=1)
    return length, max(batch, 1)


def _width(dtype: str) -> int:
    """Bytes of a number; 1 for those of fewer than 8 bits."""
    if dtype in _WIDTHS:
        return _WIDTHS[dtype]
    bits = "".join(c for c in dtype.split("_")[0] if c.isdigit())
    return max(int(bits) // 8, 1) if bits else 0


def _largest(file: ModelFile, length: int) -> list[tuple[Tensor, int]]:
    unknowns = _unknowns(file, length)
    rows = [
        (tensor, tensor.size or computed)
        for graph in file.graphs
        for tensor, computed in zip(graph.tensors, sizes(graph, *unknowns), strict=True)
    ]
    return sorted(rows, key=lambda row: -row[1])[:LARGEST]
