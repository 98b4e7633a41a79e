"""The weights of fused layers in fewer bits; biases, layer norms and activations stay real numbers."""

from __future__ import annotations

import numpy as np

from edge.convert.edits.fusion import LSTM_WEIGHTS, RNN_WEIGHTS
from edge.convert.graph import flatbuffer, operators
from edge.convert.tracing.draft import Draft


def weights_to_int8(draft: Draft) -> None:
    """Put the weights of each fused layer into 8-bit integers, one scale a tensor, zero point 0.

    The kernel takes no other form: it reads no scale a row, and peepholes must be integers too.
    """
    model = draft.model
    for layer in draft.fused:
        for slot in _weights(model, layer.operator):
            index = layer.operator.inputs[slot]
            value = flatbuffer.constant(model, index)
            scale = float(np.abs(value).max()) / 127 or 1.0
            flatbuffer.set_constant(model, index, np.round(value / scale).astype(np.int8), scale)
        operators.require_version(model, layer.operator, 2)


def weights_to_float16(draft: Draft) -> None:
    """Store the weights of each fused layer in 16 bits; an operator before it widens them."""
    model = draft.model
    for operator in (layer.operator for layer in draft.fused):
        for slot in _weights(model, operator):
            index = operator.inputs[slot]
            value = flatbuffer.constant(model, index)
            flatbuffer.set_constant(model, index, value.astype(np.float16))
            name = f"{flatbuffer.tensor_name(model, index)}/wide"
            operator.inputs[slot] = wide = flatbuffer.add_tensor(model, name, value.shape, np.float32)
            operators.insert_before(model, operator, operators.converted(model, "DEQUANTIZE", index, wide))


def _weights(model: flatbuffer.Model, operator: operators.Operator) -> list[int]:
    slots = LSTM_WEIGHTS if operators.name_of(model, operator) == operators.LSTM else RNN_WEIGHTS
    return [slot for slot in slots if operator.inputs[slot] != operators.ABSENT]
