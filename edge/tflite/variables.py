"""What a graph remembers from one call to the next, read off the graph itself."""

from __future__ import annotations

from typing import NamedTuple

from edge.tflite.model_file import Graph, Tensor

RESOURCE = "ASSIGN_VARIABLE"
DESCRIPTIONS = {
    "none": "no state between calls",
    "reset": "starts anew each call",
    "carry": "carries state from call to call",
    "explicit": "takes its states and gives them back",
}


class Variable(NamedTuple):
    """A tensor that keeps its value between calls.

    `written_by` is the operator that gives it a value at the head of each call, before any other reads it;
    None: it goes on from the last call.
    """

    tensor: Tensor
    written_by: str | None


def variables(graph: Graph) -> tuple[Variable, ...]:
    """The variable tensors that the operators of `graph` use, in the order of their index."""
    found = []
    for index, tensor in enumerate(graph.tensors):
        users = (op for op in graph.operators if index in op.inputs or index in op.outputs)
        first = next(users, None)
        if tensor.is_variable and first is not None:
            written = index in first.outputs and index not in first.inputs
            found.append(Variable(tensor, first.name if written else None))
    return tuple(found)


def variable_indices(graph: Graph) -> list[int]:
    """The same as numbers of tensors."""
    used = {index for op in graph.operators for index in (*op.inputs, *op.outputs)}
    return [index for index, tensor in enumerate(graph.tensors) if tensor.is_variable and index in used]


def has_resources(graph: Graph) -> bool:
    """Whether the graph assigns resource variables, as a stock conversion of `stateful=True` does."""
    return any(operator.name == RESOURCE for operator in graph.operators)


def state_of(graph: Graph) -> str:
    """`"carry"`: a call goes on where the last one ended; `"reset"`: each starts anew; `"none"`: no state."""
    found = variables(graph)
    if has_resources(graph) or any(variable.written_by is None for variable in found):
        return "carry"
    return "reset" if found else "none"
