"""Resource variables, as stock conversions of stateful models have them: what is read was assigned."""

from __future__ import annotations

from collections.abc import Sequence

from edge.tflite.model_file import Graph
from edge.tflite.reader import DamageError

Kind = tuple[str, tuple[int, ...]]  # type and shape of a value


def check_resources(graphs: Sequence[Graph]) -> None:
    """Handles are handles, and each variable is assigned, in the same type and shape, before it is read.

    A graph that is called by another takes its variables as they are there; which way it is called is not
    followed further than CALL_ONCE, where a converter puts what they start from.
    """
    for graph in graphs:
        for operator in graph.operators:
            ends = operator.outputs if operator.name == "VAR_HANDLE" else operator.inputs
            if operator.name in ("VAR_HANDLE", "READ_VARIABLE", "ASSIGN_VARIABLE"):
                if graph.tensors[ends[0]].dtype != "resource":
                    raise DamageError(f"an operator {operator.name} has no resource")
                if operator.name != "VAR_HANDLE" and graph.tensors[ends[0]].size:
                    raise DamageError(f"an operator {operator.name} has a constant for a resource")
    assigned: dict[str, Kind] = {}
    _follow(graphs, 0, assigned, set())


def _follow(graphs: Sequence[Graph], number: int, assigned: dict[str, Kind], seen: set[int]) -> None:
    """The operators of a graph in their order, and of those that it calls."""
    if number in seen:
        return
    seen.add(number)
    graph = graphs[number]
    names = {op.outputs[0]: op.variable for op in graph.operators if op.name == "VAR_HANDLE"}
    for operator in graph.operators:
        for callee in operator.calls:
            _follow(graphs, callee, assigned, seen)
        if operator.name == "ASSIGN_VARIABLE" and operator.inputs[0] in names:
            tensor = graph.tensors[operator.inputs[1]]
            name, kind = names[operator.inputs[0]], (tensor.dtype, tensor.shape)
            if not _alike(assigned.setdefault(name, kind), kind):
                raise DamageError(
                    f"the variable {name!r} is assigned {_words(kind)} and {_words(assigned[name])}"
                )
        if operator.name == "READ_VARIABLE" and operator.inputs[0] in names:
            tensor = graph.tensors[operator.outputs[0]]
            name, kind = names[operator.inputs[0]], (tensor.dtype, tensor.shape)
            if name not in assigned:
                raise DamageError(f"the variable {name!r} is read, and nobody has assigned it")
            if not _alike(assigned[name], kind):
                raise DamageError(f"a variable of {_words(assigned[name])} is read as {_words(kind)}")


def _alike(one: Kind, other: Kind) -> bool:
    return one[0] == other[0] and (one[1] == other[1] or -1 in (*one[1], *other[1]))


def _words(kind: Kind) -> str:
    return f"{kind[0]} {list(kind[1])}"
