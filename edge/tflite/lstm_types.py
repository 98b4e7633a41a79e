"""The operands of the fused LSTM by their types: which go together. A kernel reads all as if they did."""

from __future__ import annotations

from edge.tflite.model_file import Graph, Operator
from edge.tflite.reader import DamageError

INPUTS, PEEPHOLES, BIASES = range(1, 9), range(9, 12), range(12, 16)
PROJECTION, PROJECTION_BIAS, OUTPUT_STATE, CELL_STATE, LAYER_NORM = 16, 17, 18, 19, range(20, 24)

# By the type of the input: what weights, peepholes, biases, projection, its bias, the two states and layer
# normalization may be. Weights of 8 bits with real numbers around them are the hybrid form.
_FLOAT = ("float32",)
_HYBRID = {
    weights: ((weights,), (weights,), _FLOAT, (weights,), _FLOAT, _FLOAT, _FLOAT, _FLOAT)
    for weights in ("float32", "int8", "uint8")
}
_INTEGER = (("int8",), ("int16",), ("int32",), ("int8",), ("int32",), ("int8",), ("int16",), ("int16",))
# On microcontrollers alone.
_SIXTEEN = (
    ("int8",),
    ("int16",),
    ("int32", "int64"),
    ("int8",),
    ("int32",),
    ("int16",),
    ("int16",),
    ("int16",),
)


def check_lstm(operator: Operator, graph: Graph) -> None:
    """An operator UNIDIRECTIONAL_SEQUENCE_LSTM, the operands of which are there."""
    types = [graph.tensors[index].dtype if index >= 0 else None for index in operator.inputs]
    given, made = types[0], graph.tensors[operator.outputs[0]].dtype
    if given != made:
        raise DamageError(f"an LSTM makes {made} of {given}")
    allowed = {
        "float32": _HYBRID.get(str(types[6])),
        "int8": _INTEGER,
        "int16": _SIXTEEN,
    }.get(str(given))
    if allowed is None:
        raise DamageError(f"an LSTM of {given} has weights of {types[6]}")
    weights, peepholes, biases, projection, projection_bias, output, cell, norm = allowed
    groups = (
        (INPUTS, weights, "weights"),
        (PEEPHOLES, peepholes, "peepholes"),
        (BIASES, biases, "biases"),
        ((PROJECTION,), projection, "a projection"),
        ((PROJECTION_BIAS,), projection_bias, "a bias of its projection"),
        ((OUTPUT_STATE,), output, "an output state"),
        ((CELL_STATE,), cell, "a cell state"),
        (LAYER_NORM, norm, "a layer normalization"),
    )
    for places, kinds, words in groups:
        for place in places:
            if place < len(types) and types[place] not in (None, *kinds):
                raise DamageError(f"an LSTM of {given} has {words} of {types[place]}, not {kinds[0]}")
