"""How large the cell of each LSTM grows on real data.

Calibration sees the cell after the last step alone: a recording that ends at rest teaches it a range in which
the cells of its middle do not fit (an error of 120 % of the output's standard deviation in place of 2 %). So
each LSTM runs here by itself, step by step.
"""

from __future__ import annotations

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
    seen = recorded(model, sorted({index for each in wanted for index in each}), draft.calls)
    return {
        layer.site.index: _largest_cell(model, layer.operator, *(seen[index] for index in each))
        for layer, each in zip(lstms, wanted, strict=True)
    }


def recorded(model: flatbuffer.Model, indices: list[int], batches: Calls) -> dict[int, np.ndarray]:
    """What flows through these tensors, over all batches, joined along the batch axis."""
    interpreter = Interpreter(
        model_content=flatbuffer.pack(model),
        experimental_preserve_all_tensors=True,
        experimental_op_resolver_type=OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES,
    )
    inputs = flatbuffer.graph(model).inputs
    for index, value in zip(inputs, batches[0], strict=True):
        interpreter.resize_tensor_input(index, value.shape)
    interpreter.allocate_tensors()
    seen: dict[int, list[np.ndarray]] = {index: [] for index in indices}
    for batch in batches:
        for index, value in zip(inputs, batch, strict=True):
            interpreter.set_tensor(index, value)
        interpreter.reset_all_variables()
        interpreter.invoke()
        for index, values in seen.items():
            values.append(interpreter.get_tensor(index))
    return {index: np.concatenate(values) for index, values in seen.items()}


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
