"""What becomes of an input first: tokens, in which table they are looked up; real numbers, which integers.

Both are read off the graph, for files of anybody. Only operators that hand on values unchanged are followed.
"""

from __future__ import annotations

from typing import NamedTuple

from edge.tflite.model_file import Graph

# By name: the operand that is handed on.
HANDED_ON = dict.fromkeys(("CAST", "RESHAPE", "EXPAND_DIMS", "SQUEEZE", "TRANSPOSE"), 0)
INTEGERS = ("int8", "uint8", "int16")


class Table(NamedTuple):
    """A table that an input is looked up in; `wraps`: tokens below 0 count from its end."""

    rows: int
    wraps: bool


class Steps(NamedTuple):
    """The integers that an input becomes: real value = scale * (number - zero_point)."""

    dtype: str
    scale: float
    zero_point: int


def table_of(graph: Graph, number: int) -> Table | None:
    """The smallest table that data input `number` is looked up in as it is; None: none that can be seen."""
    same = _same_values(graph, number)
    wrapped = _wrapped(graph, same)
    found = []
    for operator in graph.operators:
        place, table = {"GATHER": (1, 0), "EMBEDDING_LOOKUP": (0, 1)}.get(operator.name, (0, 0))
        if place == table or len(operator.inputs) < 2 or operator.custom:
            continue
        asked, shape = operator.inputs[place], graph.tensors[operator.inputs[table]].shape
        if asked not in same | wrapped or operator.axis not in (0, -len(shape)) or not shape or shape[0] < 1:
            continue
        found.append(Table(shape[0], asked in wrapped))
    return min(found, default=None)


def quantized_as(graph: Graph, number: int) -> Steps | None:
    """The integers that data input `number` is, or becomes before anything is computed; None: none."""
    ends = [graph.inputs[number]]
    if graph.tensors[ends[0]].dtype not in INTEGERS:
        same = _same_values(graph, number)
        ends = [op.outputs[0] for op in graph.operators if op.name == "QUANTIZE" and op.inputs[0] in same]
    found = [
        Steps(tensor.dtype, tensor.scales[0], (tensor.zero_points or (0,))[0])
        for tensor in (graph.tensors[index] for index in ends)
        if tensor.dtype in INTEGERS and len(tensor.scales) == 1
    ]
    return min(found, key=lambda each: each.scale, default=None)  # the narrowest range


def _same_values(graph: Graph, number: int) -> set[int]:
    """The tensors that hold the values of an input, in whatever shape."""
    same = {graph.inputs[number]}
    for operator in graph.operators:
        place = HANDED_ON.get(operator.name)
        if place is not None and not operator.custom and operator.inputs[place] in same:
            same.update(operator.outputs)
    return same


def _wrapped(graph: Graph, same: set[int]) -> set[int]:
    """Those with the length of the table added where they are below 0, as Keras has it."""
    sums = {op.outputs[0] for op in graph.operators if op.name == "ADD" and not same.isdisjoint(op.inputs)}
    wrapped = {
        op.outputs[0]
        for op in graph.operators
        if op.name in ("SELECT_V2", "SELECT") and op.inputs[1] in sums and op.inputs[2] in same
    }
    for operator in graph.operators:
        place = HANDED_ON.get(operator.name)
        if place is not None and not operator.custom and operator.inputs[place] in wrapped:
            wrapped.update(operator.outputs)
    return wrapped
