"""Placeholder -> `UNIDIRECTIONAL_SEQUENCE_LSTM`, with the weights of the layer in the operator's order."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from edge.convert import flatbuffer, operators
from edge.convert.layers import LSTMCall
from keras_lstm_plus.spec import LSTMSpec

Weights = dict[str, np.ndarray]

# Where the operands of each kind start, and the gates in their order.
SLOTS = {
    "kernel": (1, "ifgo"),  # [n_cell, n_input]
    "recurrent_kernel": (5, "ifgo"),  # [n_cell, n_output], diagonal: [n_cell]
    "peephole_kernel": (9, "ifo"),  # [n_cell]
    "bias": (12, "ifgo"),  # [n_cell]
    "layer_norm_scale": (20, "ifgo"),  # [n_cell]
}
BY_ROW = ("peephole_kernel", "layer_norm_scale")  # the gates stand below one another, not side by side
INPUT = 0
PROJECTION = 16  # [n_output, n_cell]
OUTPUT_STATE, CELL_STATE = 18, 19
OPERANDS = 24

# sigmoid(20) is exactly 1 in float32: a gate that is always open.
OPEN = 20.0


def fuse(model: flatbuffer.Model, calls: Sequence[LSTMCall]) -> None:
    """Replace the placeholder of every call by the operator. Edits `model`."""
    for call in calls:
        for placeholder in operators.named(model, call.placeholder):
            _fuse_call(model, placeholder, call)
    operators.drop_unused_codes(model)


def _fuse_call(model: flatbuffer.Model, placeholder: operators.Operator, call: LSTMCall) -> None:
    spec = call.spec
    # A layer that is called twice has weights once; the names say which call a tensor belongs to.
    label = f"{call.layer}/{call.placeholder}"
    inputs = [operators.ABSENT] * OPERANDS
    inputs[INPUT] = placeholder.inputs[0]
    for slot, value in operands(spec, call.weights).items():
        inputs[slot] = flatbuffer.add_constant(model, f"{label}/operand_{slot}", value)
    for slot, width in ((OUTPUT_STATE, spec.output_units(call.units)), (CELL_STATE, call.units)):
        name = f"{label}/{'output_state' if slot == OUTPUT_STATE else 'cell_state'}"
        inputs[slot] = flatbuffer.add_tensor(model, name, (1, width), np.float32, variable=True)
    operator = operators.lstm(
        model,
        inputs,
        placeholder.outputs[0],
        activation=spec.candidate_activation,
        cell_clip=spec.cell_clip or 0.0,
        projection_clip=spec.projection_clip or 0.0,
        diagonal=spec.recurrence == "diagonal",
    )
    operators.replace(model, placeholder, operator)


def operands(spec: LSTMSpec, weights: Weights) -> dict[int, np.ndarray]:
    """The weights of a layer by the operator's slots; a slot that is left out is absent.

    Example:
        >>> spec = LSTMSpec(input_gate="coupled", use_bias=False)
        >>> weights = {"kernel": np.ones((2, 9), "float32"), "recurrent_kernel": np.ones((3, 9), "float32")}
        >>> sorted(operands(spec, weights))  # nothing in 1, 5 and 12: the operator takes i = 1 - f
        [2, 3, 4, 6, 7, 8, 13, 14, 15]
    """
    slots = {}
    for kind, (first, gates) in SLOTS.items():
        if kind not in weights and kind != "bias":  # the operator insists on a bias
            continue
        for offset, gate in enumerate(gates):
            if gate in spec.gates or not (gate == "i" and spec.input_gate == "coupled"):
                slots[first + offset] = _operand(spec, weights, kind, gate)
    if spec.projection_units is not None:
        slots[PROJECTION] = weights["projection_kernel"].T
    return slots


def _operand(spec: LSTMSpec, weights: Weights, kind: str, gate: str) -> np.ndarray:
    """What one gate has of one kind of weight: `[n_cell, n]` or `[n_cell]`."""
    units = weights["kernel"].shape[1] // len(spec.gates)
    owners = spec.learned_gates if kind == "peephole_kernel" else spec.gates
    if kind not in weights:
        blocks = np.zeros((len(owners), units), np.float32)
    elif kind in BY_ROW or (kind == "recurrent_kernel" and spec.recurrence == "diagonal"):
        blocks = weights[kind]  # [gates, units]
    else:
        value = weights[kind]  # [n, gates*units] or [gates*units]
        blocks = value.T.reshape(len(owners), units, *value.shape[:-1])
    if gate in owners:
        return np.ascontiguousarray(blocks[owners.index(gate)])
    return np.full_like(blocks[0], OPEN if kind == "bias" else 0.0)
