"""What an LSTM remembers from one call of the file to the next."""

from __future__ import annotations

import numpy as np

from edge.convert import flatbuffer, operators
from edge.convert.fuse import CELL_STATE, OUTPUT_STATE


def reset_states(model: flatbuffer.Model) -> None:
    """Let every call start from zeros: an operator before each LSTM writes them into its states.

    The runtimes keep the state of an LSTM from call to call, and some have no way to reset it. Which operator
    writes matters: of a constant, RESHAPE, CONCATENATION and GATHER are evaluated once, when the file is
    loaded, and would reset nothing; SLICE runs at every call and knows 8- and 16-bit integers.
    """
    for operator in operators.named(model, operators.LSTM):
        for slot in (OUTPUT_STATE, CELL_STATE):
            _reset(model, operator, operator.inputs[slot])


def _reset(model: flatbuffer.Model, operator: operators.Operator, state: int) -> None:
    shape, dtype = flatbuffer.tensor_shape(model, state), flatbuffer.tensor_dtype(model, state)
    name = flatbuffer.tensor_name(model, state)
    quantization = flatbuffer.scale_and_zero_point(model, state)
    zero = 0 if quantization is None else quantization[1]
    zeros = flatbuffer.add_constant(model, f"{name}/zeros", np.full(shape, zero, dtype))
    flatbuffer.copy_type(model, state, zeros)
    begin = flatbuffer.add_constant(model, f"{name}/begin", np.zeros(len(shape), np.int32))
    size = flatbuffer.add_constant(model, f"{name}/size", np.array(shape, np.int32))
    version = {"float32": 1, "int8": 2, "int16": 4}[dtype.name]
    writer = operators.slice_of(model, zeros, begin, size, state, version)
    operators.insert_before(model, operator, writer)
