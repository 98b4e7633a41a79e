"""Finds the recurrent layers of a graph by its operators: fused, as a loop, or written out step by step."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

from edge.tflite import Graph, ModelFile, Operator

# Operators that are a whole layer: its kind, and the operand whose rows are the cells.
FUSED = {
    "UNIDIRECTIONAL_SEQUENCE_LSTM": ("LSTM", 2),
    "BIDIRECTIONAL_SEQUENCE_LSTM": ("LSTM", 2),
    "UNIDIRECTIONAL_SEQUENCE_RNN": ("RNN", 1),
    "BIDIRECTIONAL_SEQUENCE_RNN": ("RNN", 1),
    "LSTM": ("LSTM", 2),
    "RNN": ("RNN", 1),
}
# The operands of the one-directional LSTM operator that the standard LSTM leaves out.
_EXTRAS = {"peephole": range(9, 12), "projection": range(16, 17), "layer norm": range(20, 24)}
_RECURRENT, _HIDDEN_STATE = 6, 18


class Recurrent(NamedTuple):
    """A recurrent layer.

    Attributes:
        kind: `"LSTM"`, `"GRU"`, `"RNN"`; `"loop"` for a loop with another body.
        form: `"fused"`, `"loop"` or `"unrolled"`.
        units: cells of the layer; None where they cannot be seen.
        steps: how many steps are written out, of all layers of that size together; 1 but for `"unrolled"`.
        extras: of a fused LSTM, what the standard one has not: a peephole, a coupled gate, ...
        numbers: of a fused operator: None (float32), `"dynamic"`, `"int8"` or `"int16x8"`.
        state_zero_point: of the hidden state of an integer LSTM, else None.
    """

    kind: str
    form: str
    units: int | None
    steps: int = 1
    extras: tuple[str, ...] = ()
    numbers: str | None = None
    state_zero_point: int | None = None

    def __str__(self) -> str:
        size = f" of {self.units} units" if self.units is not None else ""
        if self.kind == "loop":
            return "a loop of another kind"
        return f"{'a GRU' if self.kind == 'GRU' else 'an ' + self.kind}{size}"

    @property
    def way_out(self) -> str:
        """What `edge.convert` makes of such a layer instead."""
        if self.kind == "loop":
            return "layers without a loop take its place"
        if self.kind == "GRU":
            return "edge.convert.convert writes a GRU out: lowering='unrolled' or 'step'"
        return f"edge.convert.convert makes one fused operator of an {self.kind}"


def recurrent_operators(file: ModelFile) -> tuple[Recurrent, ...]:
    """The recurrent layers of the main graph, in the order in which they run."""
    main, bodies = file.graphs[0], list(file.graphs[1:])
    found = []
    for operator in main.operators:
        if operator.name in FUSED:
            found.append(_fused(main, operator))
        elif operator.name == "WHILE":
            found.append(_loop(operator, bodies))
    return (*found, *_written_out(main))


def operator_numbers(graph: Graph, operator: Operator, data: int = 0) -> str | None:
    """The numbers of an operator with weights: None (float32), `"dynamic"`, `"int8"` or `"int16x8"`.

    Args:
        data: which operand is no weight.
    """
    x = graph.tensors[operator.inputs[data]].dtype
    others = (index for place, index in enumerate(operator.inputs) if place != data)
    weights = {graph.tensors[index].dtype for index in others if index >= 0}
    if x == "float32":
        return "dynamic" if weights & {"int8", "uint8"} else None
    return {"int8": "int8", "uint8": "int8", "int16": "int16x8"}.get(x)


def _fused(graph: Graph, operator: Operator) -> Recurrent:
    kind, weights = FUSED[operator.name]
    numbers = operator_numbers(graph, operator) if operator.inputs and operator.inputs[0] >= 0 else None
    extras: tuple[str, ...] = ()
    zero_point = None
    if kind == "LSTM" and not operator.name.startswith("BI") and len(operator.inputs) >= 20:
        extras = tuple(
            name
            for name, places in _EXTRAS.items()
            if any(_operand(operator, place) is not None for place in places)
        )
        if _operand(operator, 1) is None:
            extras += ("coupled gate",)
        recurrent = _operand(operator, _RECURRENT)
        if recurrent is not None and len(graph.tensors[recurrent].shape) == 1:
            extras += ("diagonal recurrence",)
        state = _operand(operator, _HIDDEN_STATE)
        if state is not None and numbers in ("int8", "int16x8"):
            zero_point = next(iter(graph.tensors[state].zero_points), None)
    return Recurrent(
        kind, "fused", _size(graph, _operand(operator, weights), 0), 1, extras, numbers, zero_point
    )


def _loop(operator: Operator, bodies: list[Graph]) -> Recurrent:
    """A loop: its body is the next graph with as many ends, and takes as much as it gives."""
    ends = len(operator.inputs)
    body = next((body for body in bodies if len(body.inputs) == len(body.outputs) == ends), None)
    if body is None:
        return Recurrent("loop", "loop", None)
    bodies.remove(body)
    for (kind, units), _ in _cells(body):
        return Recurrent(kind, "loop", units)
    return Recurrent("loop", "loop", None)


def _written_out(graph: Graph) -> Sequence[Recurrent]:
    """Cells in the main graph: the same weights are used again and again, a step each."""
    uses = Counter(
        operator.inputs[1]
        for operator in graph.operators
        if operator.name in ("FULLY_CONNECTED", "BATCH_MATMUL") and len(operator.inputs) > 1
    )
    if max(uses.values(), default=0) < 2:
        return []
    return [Recurrent(kind, "unrolled", units, steps) for (kind, units), steps in _cells(graph) if steps >= 2]


def _cells(graph: Graph) -> list[tuple[tuple[str, int], int]]:
    """Kind and size of the cells in a graph, and how many steps of them.

    An LSTM has three sigmoids and two tanh for a step, a GRU two and one, a simple RNN one tanh. (The first
    step from a zero state has a gate less: there is nothing to forget.)
    """
    counts: dict[int, Counter[str]] = {}
    for operator in graph.operators:
        units = _size(graph, operator.outputs[0] if operator.outputs else None, -1)
        rank_two = units is not None and len(graph.tensors[operator.outputs[0]].shape) == 2
        if operator.name in ("LOGISTIC", "TANH") and rank_two:
            assert units is not None
            counts.setdefault(units, Counter())[operator.name] += 1
    found = []
    for units, count in counts.items():
        sigmoids, tanhs = count["LOGISTIC"], count["TANH"]
        if not tanhs:
            continue
        gates = sigmoids / tanhs
        if not sigmoids:
            found.append((("RNN", units), tanhs))
        elif 1.2 < gates <= 1.5:
            found.append((("LSTM", units), tanhs // 2))
        elif 1.5 < gates <= 2:
            found.append((("GRU", units), tanhs))
    return found


def _operand(operator: Operator, place: int) -> int | None:
    """The tensor of an operand; None if it is left out."""
    index = operator.inputs[place] if place < len(operator.inputs) else -1
    return index if index >= 0 else None


def _size(graph: Graph, index: int | None, axis: int) -> int | None:
    shape = graph.tensors[index].shape if index is not None and index >= 0 else ()
    return shape[axis] if shape else None
