"""Placeholder -> fused operator, with the weights of the layer in the operator's order."""

from __future__ import annotations

import numpy as np

from edge.convert.graph import flatbuffer, operators
from edge.convert.keras_model.call_sites import RNN, Site
from edge.convert.tracing.draft import Draft, Fused
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
KERNELS = range(1, 5)
BIASES = range(12, 16)
LSTM_WEIGHTS = (*range(1, 12), 16)  # matrices, peepholes and projection: what there is to make smaller
RNN_WEIGHTS = (1, 2)
BY_ROW = ("peephole_kernel", "layer_norm_scale")  # the gates stand below one another, not side by side
INPUT = 0
PROJECTION = 16  # [n_output, n_cell]
OUTPUT_STATE, CELL_STATE = 18, 19
OPERANDS = 24
RNN_STATE = 4  # of UNIDIRECTIONAL_SEQUENCE_RNN: input, kernel, recurrent kernel, bias, state

# sigmoid(20) is exactly 1 in float32: a gate that is always open.
OPEN = 20.0


def fuse(draft: Draft) -> None:
    """Replace the placeholder of every site by the operator."""
    model = draft.model
    by_name = {site.placeholder: site for site in draft.sites}
    for placeholder in list(flatbuffer.graph(model).operators):
        site = by_name.get(operators.name_of(model, placeholder))
        if site is not None:
            operator = (_rnn if site.kind == RNN else _lstm)(model, placeholder, site)
            operators.replace(model, placeholder, operator)
            given, shown = tuple(placeholder.inputs[1:]), tuple(placeholder.outputs[1:])
            draft.fused.append(Fused(site, operator, given, shown))
    operators.drop_unused_codes(model)


def fused_operators(model: flatbuffer.Model) -> dict[str, operators.Operator]:
    """The fused operators of a model by the name of what they give, which a quantizer leaves as it is."""
    names = (operators.LSTM, operators.RNN)
    return {
        flatbuffer.tensor_name(model, op.outputs[0]): op
        for op in flatbuffer.graph(model).operators
        if operators.name_of(model, op) in names
    }


def state_tensors(model: flatbuffer.Model, operator: operators.Operator) -> tuple[int, ...]:
    """The states of a fused operator: h and c, or h alone."""
    if operators.name_of(model, operator) == operators.RNN:
        return (operator.inputs[RNN_STATE],)
    return operator.inputs[OUTPUT_STATE], operator.inputs[CELL_STATE]


def _lstm(model: flatbuffer.Model, placeholder: operators.Operator, site: Site) -> operators.Operator:
    spec = site.spec
    assert spec is not None
    # A layer that is called twice has weights once; the names say which call a tensor belongs to.
    label = f"{site.layer.name}/{site.placeholder}"
    inputs = [operators.ABSENT] * OPERANDS
    inputs[INPUT] = placeholder.inputs[0]
    for slot, value in operands(spec, site.weights()).items():
        inputs[slot] = flatbuffer.add_constant(model, f"{label}/operand_{slot}", value)
    for slot, width in ((OUTPUT_STATE, site.output_units), (CELL_STATE, site.units)):
        name = f"{label}/{'output_state' if slot == OUTPUT_STATE else 'cell_state'}"
        inputs[slot] = flatbuffer.add_tensor(model, name, (site.batch or 1, width), np.float32, variable=True)
    return operators.lstm(
        model,
        inputs,
        placeholder.outputs[0],
        activation=spec.candidate_activation,
        cell_clip=spec.cell_clip or 0.0,
        projection_clip=spec.projection_clip or 0.0,
        diagonal=spec.recurrence == "diagonal",
    )


def _rnn(model: flatbuffer.Model, placeholder: operators.Operator, site: Site) -> operators.Operator:
    label = f"{site.layer.name}/{site.placeholder}"
    weights = site.weights()
    bias = weights.get("bias", np.zeros(site.units, np.float32))
    values = (weights["kernel"].T, weights["recurrent_kernel"].T, bias)
    inputs = [placeholder.inputs[0]]
    inputs += [
        flatbuffer.add_constant(model, f"{label}/operand_{slot}", np.ascontiguousarray(value))
        for slot, value in enumerate(values, 1)
    ]
    state = flatbuffer.add_tensor(
        model, f"{label}/output_state", (site.batch or 1, site.units), np.float32, variable=True
    )
    return operators.rnn(model, [*inputs, state], placeholder.outputs[0], site.activation)


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
