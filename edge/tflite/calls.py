"""Which graph calls which: loops, conditions and what runs once."""

from __future__ import annotations

from collections.abc import Sequence

from edge.tflite.model_file import Graph, Operator
from edge.tflite.reader import DamageError


def check_calls(operator: Operator, caller: Graph, graphs: Sequence[Graph]) -> None:
    """The graphs that `operator` of the graph `caller` calls exist, and take and give what it does."""
    for index in operator.calls:
        if not 0 <= index < len(graphs):
            raise DamageError(f"an operator {operator.name} calls graph {index} of {len(graphs)}")
        graph = graphs[index]
        count = len(operator.inputs) - (operator.name == "IF")
        if operator.name in ("IF", "WHILE") and len(graph.inputs) != count:
            raise DamageError(
                f"an operator {operator.name} gives {count} values to a graph that takes {len(graph.inputs)}"
            )
    if operator.name == "WHILE":
        condition, body = (graphs[index] for index in operator.calls)
        if len(condition.outputs) != 1 or not len(operator.outputs) == len(body.outputs) == len(body.inputs):
            raise DamageError("a WHILE and its graphs have different numbers of values")
    elif operator.name == "IF" and any(
        len(graphs[i].outputs) != len(operator.outputs) for i in operator.calls
    ):
        raise DamageError("an IF and its graphs have different numbers of values")
    given = _types(caller, operator.inputs[operator.name == "IF" :])
    wanted = _types(caller, operator.outputs)
    for index in operator.calls if operator.name in ("IF", "WHILE") else ():
        graph = graphs[index]
        is_condition = operator.name == "WHILE" and index == operator.calls[0]
        if _types(graph, graph.inputs) != given or (
            not is_condition and _types(graph, graph.outputs) != wanted
        ):
            raise DamageError(
                f"an operator {operator.name} and graph {index}, which it calls, have different types"
            )


def _types(graph: Graph, indices: Sequence[int]) -> list[str]:
    return [graph.tensors[index].dtype if index >= 0 else "nothing" for index in indices]


def check_recursion(graphs: Sequence[Graph]) -> None:
    """No graph may call itself, by whatever way: the runtime would do so until its stack is full."""
    waiting = {
        index: {callee for operator in graph.operators for callee in operator.calls}
        for index, graph in enumerate(graphs)
    }
    while waiting:
        free = [index for index, callees in waiting.items() if not callees & waiting.keys()]
        if not free:
            raise DamageError(f"graph {min(waiting)} calls itself")
        for index in free:
            del waiting[index]
