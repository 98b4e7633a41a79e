"""Which LSTM layers of a file the native engine runs, by what is in the file; neither is needed for it.

The engine says the same of a file that is loaded: `EdgeModel.acceleration`. It leaves more to the runtime
that no conversion writes, as scales that are no numbers.
"""

from __future__ import annotations

from math import frexp
from typing import NamedTuple

from edge.tflite import Graph, Interface, Operator, Tensor

TANH = 4
CELL_SCALES = range(-15, -8)  # powers of two
OUTPUT_WEIGHTS, RECURRENT, PEEPHOLES, CELL_STATE = 4, 8, range(9, 12), 19


class Taken(NamedTuple):
    """One LSTM: what to call it, whether the engine takes it, in which numbers, and why not."""

    name: str
    taken: bool
    kind: str
    why_not: str


def taken_by_engine(interface: Interface) -> list[Taken]:
    """Each fused LSTM of the main graph, in the order in which they run."""
    found = []
    for number, name in interface.lstms.items():
        operator = interface.graph.operators[number]
        kind = _kind(interface.graph, operator)
        why_not = _why_not(interface.graph, operator, kind)
        found.append(Taken(name, not why_not, "" if why_not else kind, why_not))
    return found


def _kind(graph: Graph, operator: Operator) -> str:
    x, weights = (graph.tensors[operator.inputs[place]] for place in (0, OUTPUT_WEIGHTS))
    if x.dtype != "float32":
        return x.dtype
    if weights.dtype in ("int8", "uint8"):
        return "8-bit weights"
    return "float" if weights.size else "float16 weights"


def _why_not(graph: Graph, operator: Operator, kind: str) -> str:
    tensors = [graph.tensors[index] if index >= 0 else None for index in operator.inputs]
    recurrent, cell = tensors[RECURRENT], tensors[CELL_STATE]
    if kind not in ("float", "float16 weights", "8-bit weights", "int8"):
        return "its input is neither float nor int8"
    if kind != "int8" and operator.activation != TANH:
        return "its activation is not tanh"
    if recurrent is not None and len(recurrent.shape) == 1 and kind in ("8-bit weights", "int8"):
        return (
            "a diagonal recurrence in int8 is not covered"
            if kind == "int8"
            else "a diagonal recurrence with 8-bit weights is not covered"
        )
    if kind != "int8" or cell is None:
        return ""
    if any(tensors[place] is not None for place in PEEPHOLES) and not _is_square(recurrent):
        return "in int8 the runtime's own kernel is wrong for a peephole with a projection"
    mantissa, exponent = frexp(cell.scales[0]) if cell.scales else (0.0, 0)
    if mantissa != 0.5:
        return "the scale of its cell is no power of two"
    return "" if exponent - 1 in CELL_SCALES else "the scale of its cell is not between 2^-15 and 2^-9"


def _is_square(tensor: Tensor | None) -> bool:
    """Whether the recurrent weights are [cells, cells]: nothing is projected to another size."""
    return tensor is None or len(set(tensor.shape)) == 1
