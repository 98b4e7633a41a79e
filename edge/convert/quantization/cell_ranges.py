"""How large the cell of each LSTM grows on real data.

Calibration sees the cell after the last step alone: a recording that ends at rest teaches it a range in which
the cells of its middle do not fit (an error of 120 % of the output's standard deviation in place of 2 %). So
each LSTM runs here by itself, step by step.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import repeat

import numpy as np
from ai_edge_litert.interpreter import Interpreter, OpResolverType

from edge.convert.edits.fusion import CELL_STATE, INPUT, OUTPUT_STATE
from edge.convert.graph import flatbuffer, operators
from edge.convert.tracing.draft import Calls, Draft


def largest_cells(draft: Draft) -> dict[int, float]:
    """The largest |c| of each fused LSTM of a float draft, at any step of any sample, by its site's index."""
    model = draft.model
    lstms = [layer for layer in draft.fused if operators.name_of(model, layer.operator) == operators.LSTM]
    wanted = [(layer.operator.inputs[INPUT], *layer.given) for layer in lstms]
    indices = sorted({index for each in wanted for index in each})
    seen = recorded_calls(model, indices, draft.calls, draft.starts)
    found = {}
    for layer, (sequences, *given) in zip(lstms, wanted, strict=True):
        # A layer goes on from call to call, unless it starts from states of the model's, or anew.
        starts = None if given or layer.site.index in draft.anew else draft.starts
        each = [_joined(seen[sequences], starts), *(_joined(seen[index]) for index in given)]
        found[layer.site.index] = _largest_cell(model, layer.operator, *each)
    return found


def _joined(calls: list[np.ndarray], starts: Sequence[bool] | None = None) -> np.ndarray:
    """Calls along the axis of the batch; those of one stream, where there are, along that of time before."""
    streams: list[list[np.ndarray]] = []
    for call, is_start in zip(calls, starts or repeat(True), strict=False):
        if is_start:
            streams.append([])
        streams[-1].append(call)
    return np.concatenate([np.concatenate(s, axis=1) if len(s) > 1 else s[0] for s in streams])


def recorded(model: flatbuffer.Model, indices: list[int], calls: Calls) -> dict[int, np.ndarray]:
    """What flows through these tensors, joined along the batch axis; each call starts from zeros."""
    seen = recorded_calls(model, indices, calls, [True] * len(calls))
    return {index: _joined(values) for index, values in seen.items()}


def recorded_calls(
    model: flatbuffer.Model, indices: list[int], calls: Calls, starts: Sequence[bool]
) -> dict[int, list[np.ndarray]]:
    """What flows through these tensors at every call; the states start from zeros where `starts` says so."""
    interpreter = Interpreter(
        model_content=flatbuffer.pack(model),
        experimental_preserve_all_tensors=True,
        experimental_op_resolver_type=OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES,
    )
    inputs = flatbuffer.graph(model).inputs
    for index, value in zip(inputs, calls[0], strict=True):
        interpreter.resize_tensor_input(index, value.shape)
    interpreter.allocate_tensors()
    seen: dict[int, list[np.ndarray]] = {index: [] for index in indices}
    for call, is_start in zip(calls, starts, strict=True):
        for index, value in zip(inputs, call, strict=True):
            interpreter.set_tensor(index, value)
        if is_start:
            interpreter.reset_all_variables()
        interpreter.invoke()
        for index, values in seen.items():
            values.append(interpreter.get_tensor(index))
    return seen


def _largest_cell(
    model: flatbuffer.Model, operator: operators.Operator, sequences: np.ndarray, *given: np.ndarray
) -> float:
    states = (operator.inputs[OUTPUT_STATE], operator.inputs[CELL_STATE])
    batch, steps, features = sequences.shape
    alone = operators.isolate(model, operator, (batch, 1, features), states)
    interpreter = Interpreter(model_content=flatbuffer.pack(alone))
    interpreter.allocate_tensors()
    for index, value in zip(states, given, strict=False):
        interpreter.set_tensor(index, value)
    largest = max((float(np.abs(value).max()) for value in given[1:]), default=0.0)
    for step in range(steps):
        interpreter.set_tensor(operator.inputs[INPUT], sequences[:, step : step + 1])
        interpreter.invoke()
        largest = max(largest, float(np.abs(interpreter.get_tensor(operator.inputs[CELL_STATE])).max()))
    return largest
