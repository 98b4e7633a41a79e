"""How large the cell of each LSTM grows on real data.

Calibration sees the cell after the last step alone: a recording that ends at rest teaches it a range in which
the cells of its middle do not fit (an error of 120 % of the output's standard deviation in place of 2 %). So
each LSTM runs here by itself, step by step.
"""

from __future__ import annotations

import numpy as np
from ai_edge_litert.interpreter import Interpreter, OpResolverType

from edge.convert import flatbuffer, operators
from edge.convert.fuse import CELL_STATE, INPUT, OUTPUT_STATE
from edge.convert.samples import Samples, one_by_one


def largest_cells(model: flatbuffer.Model, samples: Samples) -> list[float]:
    """The largest |c| of each fused LSTM of a float model, at any step of any sample."""
    lstms = list(operators.named(model, operators.LSTM))
    sequences = _sequences(model, [lstm.inputs[INPUT] for lstm in lstms], samples)
    return [_largest_cell(model, *each) for each in zip(lstms, sequences, strict=True)]


def _sequences(model: flatbuffer.Model, indices: list[int], samples: Samples) -> list[np.ndarray]:
    """What flows through these tensors, over all samples: `[samples, time, features]` each."""
    interpreter = Interpreter(
        model_content=flatbuffer.pack(model),
        experimental_preserve_all_tensors=True,
        experimental_op_resolver_type=OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES,
    )
    inputs = [detail["index"] for detail in interpreter.get_input_details()]
    for index, value in zip(inputs, samples, strict=True):
        interpreter.resize_tensor_input(index, (1, *value.shape[1:]))
    interpreter.allocate_tensors()
    seen: list[list[np.ndarray]] = [[] for _ in indices]
    for sample in one_by_one(samples):
        for index, value in zip(inputs, sample, strict=True):
            interpreter.set_tensor(index, value)
        interpreter.reset_all_variables()
        interpreter.invoke()
        for values, index in zip(seen, indices, strict=True):
            values.append(interpreter.get_tensor(index))
    return [np.concatenate(values) for values in seen]


def _largest_cell(model: flatbuffer.Model, operator: operators.Operator, sequences: np.ndarray) -> float:
    states = (operator.inputs[OUTPUT_STATE], operator.inputs[CELL_STATE])
    batch, steps, features = sequences.shape
    alone = operators.isolate(model, operator, (batch, 1, features), states)
    interpreter = Interpreter(model_content=flatbuffer.pack(alone))
    interpreter.allocate_tensors()
    largest = 0.0
    for step in range(steps):
        interpreter.set_tensor(operator.inputs[INPUT], sequences[:, step : step + 1])
        interpreter.invoke()
        largest = max(largest, float(np.abs(interpreter.get_tensor(operator.inputs[CELL_STATE])).max()))
    return largest
